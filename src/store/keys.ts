// API keys as rows: reading, listing, using and ending sessions, plain keys and named tokens.
import { and, eq, gt, inArray, ne, type SQL, sql } from 'drizzle-orm';
import type { OwnedRows } from '../rbac/visible.ts';
import { readable } from './columns.ts';
import type { Db } from './db.ts';
import { users } from './schema.ts';
import { apiKeys } from './schema-credentials.ts';

/** What answers show of a key; never its secret. */
const keyColumns = readable({
  id: apiKeys.id,
  userId: apiKeys.userId,
  lastUsed: apiKeys.lastUsed,
  expiresAt: apiKeys.expiresAt,
  createdAt: apiKeys.createdAt,
  updatedAt: apiKeys.updatedAt,
  loginType: apiKeys.loginType,
  kind: apiKeys.kind,
  lifetimeSeconds: apiKeys.lifetimeSeconds,
  ipAddress: apiKeys.ipAddress,
  tokenName: apiKeys.tokenName,
  scopes: apiKeys.scopes,
  allowList: apiKeys.allowList,
});

export type KeyRow = Omit<typeof apiKeys.$inferSelect, 'hashedSecret'>;

/** The key of this id, expired ones too. */
export async function findKey(db: Db, id: string): Promise<KeyRow | undefined> {
  const rows = await db.select(keyColumns).from(apiKeys).where(eq(apiKeys.id, id));
  return rows[0];
}

/** The user's token of this name, compared byte for byte; expired ones too. */
export async function findToken(db: Db, userId: string, name: string): Promise<KeyRow | undefined> {
  const rows = await db
    .select(keyColumns)
    .from(apiKeys)
    .where(and(eq(apiKeys.userId, userId), eq(apiKeys.tokenName, name), sql`login_type = 'token'`));
  return rows[0];
}

/** The rows that a caller may see, as a condition. A key's id is no UUID, so a list of ids lets none through. */
function mayBeSeen(rows: OwnedRows): SQL | undefined {
  if (rows.owner === 'none' || rows.ids !== 'all') return sql`false`;
  return rows.owner === 'self' ? eq(apiKeys.userId, rows.userId) : undefined;
}

/** What a list of keys is narrowed to. */
export interface KeyFilter {
  /** Undefined: everybody's. */
  userId: string | undefined;
  /** Leaves out what has expired by then; undefined keeps it. */
  liveAt: string | undefined;
}

const matching = ({ userId, liveAt }: KeyFilter, rows: OwnedRows) =>
  and(
    userId === undefined ? undefined : eq(apiKeys.userId, userId),
    liveAt === undefined ? undefined : gt(apiKeys.expiresAt, liveAt),
    mayBeSeen(rows),
  );

/** Named tokens that the caller may see, the oldest first, each with its owner's name. */
export async function listTokens(
  db: Db,
  filter: KeyFilter,
  rows: OwnedRows,
): Promise<(KeyRow & { username: string })[]> {
  return db
    .select({ ...keyColumns, username: users.username })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .where(and(sql`${apiKeys.loginType} = 'token'`, matching(filter, rows)))
    .orderBy(apiKeys.createdAt, apiKeys.id);
}

/** Sessions, keys and tokens that the caller may see, the newest first. */
export async function listKeys(db: Db, filter: KeyFilter, rows: OwnedRows): Promise<KeyRow[]> {
  return db
    .select(keyColumns)
    .from(apiKeys)
    .where(matching(filter, rows))
    .orderBy(sql`${apiKeys.createdAt} desc`, apiKeys.id);
}

/** Deletes a key; what it was, undefined when somebody else was faster. */
export async function deleteKey(db: Db, id: string): Promise<KeyRow | undefined> {
  const rows = await db.delete(apiKeys).where(eq(apiKeys.id, id)).returning(keyColumns);
  return rows[0];
}

/** Ends a key that still lives; when it would have expired, undefined when it had before. Needs a transaction. */
export async function expireKey(db: Db, id: string, now: string): Promise<string | undefined> {
  const living = and(eq(apiKeys.id, id), gt(apiKeys.expiresAt, now));
  const [key] = await db
    .select(readable({ expiresAt: apiKeys.expiresAt }))
    .from(apiKeys)
    .where(living)
    .for('update');
  if (key) await db.update(apiKeys).set({ expiresAt: now }).where(eq(apiKeys.id, id));
  return key?.expiresAt;
}

/** Ends every living key of a user but one; the ids of the ended ones. Needs the user's row locked (locks.ts). */
export async function expireOtherKeys(db: Db, userId: string, keptId: string, now: string): Promise<string[]> {
  const rows = await db
    .update(apiKeys)
    .set({ expiresAt: now })
    .where(and(eq(apiKeys.userId, userId), ne(apiKeys.id, keptId), gt(apiKeys.expiresAt, now)))
    .returning({ id: apiKeys.id });
  return rows.map((row) => row.id);
}

/** One use of a key, as bookkeeping writes it. */
export interface KeyUse {
  keyId: string;
  seenAt: string;
  /** The client's address when last use and address are due. */
  ip: string | undefined;
  /** The new expiry when the session slides, and the one that was read before. */
  expiry: { from: string; to: string } | undefined;
}

/**
 * Notes a use: last use and address, the new expiry, and that the user was seen. A session that was ended meanwhile stays
 * ended: its expiry moves only if it is still the one that was read.
 */
export async function touchKey(db: Db, { keyId, seenAt, ip, expiry }: KeyUse): Promise<void> {
  // The user's row before the key's, as whoever deletes a user or sets a password: otherwise each could wait for the other.
  await db.execute(sql`
    with seen as (
      update users set last_seen_at = ${seenAt}::timestamptz, updated_at = ${seenAt}::timestamptz
      where id = (select user_id from api_keys where id = ${keyId}) and deleted = false returning id
    )
    update api_keys set
      last_used = case when ${ip ?? null}::text is null then last_used else ${seenAt}::timestamptz end,
      ip_address = coalesce(${ip ?? null}::text, ip_address),
      expires_at = case when expires_at = ${expiry?.from ?? null}::timestamptz then ${expiry?.to ?? null}::timestamptz else expires_at end
    from seen where api_keys.id = ${keyId} and api_keys.user_id = seen.id`);
}

/** Deletes every key of a user, or all but the named tokens; the ids of the deleted ones. Needs the user's row locked (locks.ts). */
export async function deleteKeysOfUser(db: Db, userId: string, { keepTokens = false } = {}): Promise<string[]> {
  const rows = await db
    .delete(apiKeys)
    .where(and(eq(apiKeys.userId, userId), keepTokens ? ne(apiKeys.kind, 'token') : undefined))
    .returning({ id: apiKeys.id });
  return rows.map((row) => row.id);
}

/** Signs a key out: deletes it and every key of its user that only opens workspace applications. */
export async function deleteKeyAndAppKeys(db: Db, keyId: string, userId: string): Promise<void> {
  await db
    .delete(apiKeys)
    .where(
      and(
        eq(apiKeys.userId, userId),
        sql`(${apiKeys.id} = ${keyId} or ${apiKeys.scopes} @> array['coder:application_connect'])`,
      ),
    );
}

/** Those of some keys that live at a moment and whose users may act. */
export async function listLivingKeys(db: Db, ids: readonly string[], now: string): Promise<Set<string>> {
  const rows = await db
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .where(
      and(
        inArray(apiKeys.id, [...ids]),
        gt(apiKeys.expiresAt, now),
        eq(users.deleted, false),
        eq(users.status, 'active'),
      ),
    );
  return new Set(rows.map(({ id }) => id));
}
