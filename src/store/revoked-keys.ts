// Keys that an operator takes away, of one user or of many at a time.
import { and, count, eq, gt, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { users } from './schema.ts';
import { apiKeys } from './schema-credentials.ts';

/** Which keys; what is undefined does not narrow. */
export interface RevocationFilter {
  readonly userId?: string | undefined;
  readonly keyId?: string | undefined;
  /** `session`, `key` or `token`. */
  readonly kind?: string | undefined;
  readonly createdBefore?: string | undefined;
}

const matching = ({ userId, keyId, kind, createdBefore }: RevocationFilter): SQL | undefined =>
  and(
    userId === undefined ? undefined : eq(apiKeys.userId, userId),
    keyId === undefined ? undefined : eq(apiKeys.id, keyId),
    kind === undefined ? undefined : eq(apiKeys.kind, kind),
    createdBefore === undefined ? undefined : lt(apiKeys.createdAt, createdBefore),
  );

/** How many keys there are, and of how many users. */
export async function countRevocable(db: Db, filter: RevocationFilter): Promise<{ keys: number; users: number }> {
  const rows = await db
    .select({ keys: count(), users: sql<string>`count(distinct ${apiKeys.userId})` })
    .from(apiKeys)
    .where(matching(filter));
  return { keys: rows[0]?.keys ?? 0, users: Number(rows[0]?.users ?? 0) };
}

/** The next users with such keys, by id. */
export async function holdersOfKeys(
  db: Db,
  filter: RevocationFilter,
  after: string | undefined,
  limit: number,
): Promise<{ id: string; username: string }[]> {
  const rows = await db
    .selectDistinct({ id: users.id, username: users.username })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .where(and(matching(filter), after === undefined ? undefined : gt(users.id, after)))
    .orderBy(users.id)
    .limit(limit);
  return rows;
}

/** Deletes such keys of these users, whose rows are locked first (locks.ts); the ids of the keys by user. */
export async function deleteMatchingKeys(
  db: Db,
  filter: RevocationFilter,
  userIds: string[],
): Promise<Map<string, string[]>> {
  await db.execute(sql`select id from users where id = any(${sql.param(userIds)}::uuid[]) order by id for update`);
  const rows = await db
    .delete(apiKeys)
    .where(and(matching(filter), inArray(apiKeys.userId, userIds)))
    .returning({ id: apiKeys.id, userId: apiKeys.userId });
  const byUser = new Map<string, string[]>();
  for (const { id, userId } of rows) byUser.set(userId, [...(byUser.get(userId) ?? []), id]);
  return byUser;
}
