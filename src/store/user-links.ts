// Links of accounts to identity providers as rows.
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { userLinks, users } from './schema.ts';

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
  const rows = await db.select().from(userLinks).where(ofUser(userId, loginType));
  return rows[0];
}

/** Writes a link over whatever was there. @throws a unique violation on `uniques.linkedId` */
export async function saveLink(db: Db, link: LinkRow): Promise<void> {
  const { userId: _user, loginType: _type, ...changes } = link;
  await db
    .insert(userLinks)
    .values(link)
    .onConflictDoUpdate({ target: [userLinks.userId, userLinks.loginType], set: changes });
}

/** Replaces the tokens of a link if they are still the ones in `read`; false when somebody else was faster. */
export async function replaceLinkTokens(
  db: Db,
  read: Pick<LinkRow, 'userId' | 'loginType' | 'accessToken' | 'refreshToken'>,
  tokens: Pick<LinkRow, 'accessToken' | 'refreshToken' | 'expiresAt'>,
): Promise<boolean> {
  const rows = await db
    .update(userLinks)
    .set(tokens)
    .where(
      and(
        ofUser(read.userId, read.loginType),
        eq(userLinks.accessToken, read.accessToken),
        eq(userLinks.refreshToken, read.refreshToken),
      ),
    )
    .returning({ userId: userLinks.userId });
  return rows.length > 0;
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
