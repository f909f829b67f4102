// Links of accounts to identity providers as rows.
import { and, eq, getTableColumns, sql } from 'drizzle-orm';
import { readable } from './columns.ts';
import type { Db } from './db.ts';
import { users, ZERO_TIME } from './schema.ts';
import { userLinks } from './schema-credentials.ts';

/** What a provider said at the last login; a source that was not asked is absent. */
export interface LinkClaims {
  id_token_claims?: Record<string, unknown>;
  user_info_claims?: Record<string, unknown>;
  merged_claims?: Record<string, unknown>;
}

/** The claims of a user's link; undefined when there is no link of this login type. */
export async function findLinkClaims(db: Db, userId: string, loginType: string): Promise<LinkClaims | undefined> {
  const rows = await db
    .select({ claims: userLinks.claims })
    .from(userLinks)
    .where(and(eq(userLinks.userId, userId), eq(userLinks.loginType, loginType)));
  return rows[0]?.claims as LinkClaims | undefined;
}

/** The id of the living user who is linked to this account of a provider. */
export async function findLinkedUser(db: Db, loginType: string, linkedId: string): Promise<string | undefined> {
  const rows = await db
    .select({ id: users.id })
    .from(userLinks)
    .innerJoin(users, eq(users.id, userLinks.userId))
    .where(
      and(
        eq(userLinks.loginType, loginType),
        eq(userLinks.linkedId, linkedId),
        sql`${userLinks.linkedId} <> '' and ${users.deleted} = false`,
      ),
    );
  return rows[0]?.id;
}

export type LinkRow = typeof userLinks.$inferSelect;

const ofUser = (userId: string, loginType: string) =>
  and(eq(userLinks.userId, userId), eq(userLinks.loginType, loginType));

/** A user's link of this login type, its tokens encrypted. */
export async function findLink(db: Db, userId: string, loginType: string): Promise<LinkRow | undefined> {
  const rows = await db
    .select(readable(getTableColumns(userLinks)))
    .from(userLinks)
    .where(ofUser(userId, loginType));
  return rows[0];
}

/** Writes a link over whatever was there. @throws a unique violation on `uniques.linkedId` */
export async function saveLink(db: Db, link: Omit<LinkRow, 'refreshUntil'>): Promise<void> {
  const { userId: _user, loginType: _type, ...changes } = link;
  await db
    .insert(userLinks)
    .values(link)
    .onConflictDoUpdate({ target: [userLinks.userId, userLinks.loginType], set: { ...changes, refreshUntil: null } });
}

/** What names a link. */
export type LinkKey = Pick<LinkRow, 'userId' | 'loginType'>;

/** The right to refresh a link until a time: nobody else has it meanwhile, on any replica. */
export interface RefreshLease extends LinkKey {
  refreshToken: string;
  refreshUntil: string;
}

/**
 * Takes the right to ask the provider for fresh tokens, for so many seconds by the database's clock.
 * @param expiredBy only a link whose token had run out by then is leased
 * @returns undefined when somebody else has it, or when there is nothing to refresh (any more)
 */
export async function leaseRefresh(
  db: Db,
  { userId, loginType }: LinkKey,
  expiredBy: string,
  seconds: number,
): Promise<RefreshLease | undefined> {
  const rows = await db
    .update(userLinks)
    .set({ refreshUntil: sql`clock_timestamp() + make_interval(secs => ${seconds})` })
    .where(
      and(
        ofUser(userId, loginType),
        sql`${userLinks.refreshToken} <> '' and ${userLinks.expiresAt} <> ${ZERO_TIME}
          and ${userLinks.expiresAt} < ${expiredBy}::timestamptz
          and (${userLinks.refreshUntil} is null or ${userLinks.refreshUntil} < clock_timestamp())`,
      ),
    )
    .returning(readable({ refreshToken: userLinks.refreshToken, refreshUntil: userLinks.refreshUntil }));
  const [row] = rows;
  return row?.refreshUntil
    ? { userId, loginType, refreshToken: row.refreshToken, refreshUntil: row.refreshUntil }
    : undefined;
}

/**
 * Gives the right to refresh back, with fresh tokens if there are any. Changes nothing when a login has replaced the link
 * meanwhile, or when the right had passed to somebody else.
 */
export async function endRefresh(
  db: Db,
  { userId, loginType, refreshToken, refreshUntil }: RefreshLease,
  tokens: Partial<Pick<LinkRow, 'accessToken' | 'refreshToken' | 'expiresAt'>> = {},
): Promise<void> {
  await db
    .update(userLinks)
    .set({ ...tokens, refreshUntil: null })
    .where(
      and(
        ofUser(userId, loginType),
        eq(userLinks.refreshToken, refreshToken),
        sql`${userLinks.refreshUntil} = ${refreshUntil}::timestamptz`,
      ),
    );
}

/** Unties OpenID Connect links whose account belongs to another issuer; how many there were. */
export async function untieOtherIssuers(db: Db, issuer: string): Promise<number> {
  const rows = await db
    .update(userLinks)
    .set({ linkedId: '' })
    .where(
      and(
        eq(userLinks.loginType, 'oidc'),
        sql`${userLinks.linkedId} <> '' and not starts_with(${userLinks.linkedId}, ${`${issuer}||`})`,
      ),
    )
    .returning({ userId: userLinks.userId });
  return rows.length;
}
