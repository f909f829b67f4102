// Links of accounts to identity providers as rows.
import { and, eq } from 'drizzle-orm';
import type { Db } from './db.ts';
import { userLinks } from './schema.ts';

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
