// API keys as rows: sessions, plain keys and named tokens.
import { and, eq, sql } from "drizzle-orm";
import type { Db } from './db.ts';
import { apiKeys } from "./schema.ts";

export type NewKey = Omit<typeof apiKeys.$inferInsert, 'updatedAt'>;

/**
 * Stores a key of a living user, whose row is locked against deletion meanwhile.
 * @returns false when the user is deleted or unknown (nothing is stored)
 * @throws a unique violation on `uniques.tokenName`
 */
export async function insertKey(db: Db, key: NewKey): Promise<boolean> {
  const rows = await db.execute(sql`
    insert into api_keys (id, hashed_secret, user_id, expires_at, created_at, updated_at, login_type, lifetime_seconds, token_name, scopes, allow_list)
    select ${key.id}, ${key.hashedSecret}, u.id, ${key.expiresAt}::timestamptz, ${key.createdAt}::timestamptz, ${key.createdAt}::timestamptz,
      ${key.loginType}, ${key.lifetimeSeconds}::bigint, ${key.tokenName ?? ''}, ${sql.param(key.scopes, apiKeys.scopes)}::text[], ${sql.param(key.allowList, apiKeys.allowList)}::text[]
    from users u where u.id = ${key.userId} and u.deleted = false for share
    returning id`);
  return rows.rows.length > 0;
}

/** Notes a use: last use and address of the key when `ip` is given, its new expiry, and that its user was seen. */
export async function touchKey(
  db: Db,
  use: { keyId: string; userId: string; seenAt: string; ip: string | undefined; expiresAt: string | undefined },
): Promise<void> {
  await db.execute(sql`
    with key as (
      update api_keys set
        last_used = case when ${use.ip ?? null}::text is null then last_used else ${use.seenAt}::timestamptz end,
        ip_address = coalesce(${use.ip ?? null}::text, ip_address),
        expires_at = coalesce(${use.expiresAt ?? null}::timestamptz, expires_at)
      where id = ${use.keyId} returning user_id
    )
    update users set last_seen_at = ${use.seenAt}::timestamptz, updated_at = ${use.seenAt}::timestamptz
    from key where users.id = key.user_id and users.deleted = false`);
}

/** Ends every key of a user; the ids of the ended ones. */
export async function deleteKeysOfUser(db: Db, userId: string): Promise<string[]> {
  const rows = await db.delete(apiKeys).where(eq(apiKeys.userId, userId)).returning({ id: apiKeys.id });
  return rows.map((row) => row.id);
}

/** Signs a key out: deletes it and every key of its user that only opens workspace applications. */
export async function deleteKeyAndAppKeys(db: Db, keyId: string, userId: string): Promise<void> {
  await db
    .delete(apiKeys)
    .where(
      and(eq(apiKeys.userId, userId), sql`(${apiKeys.id} = ${keyId} or ${apiKeys.scopes} @> array['coder:application_connect'])`),
    );
}
