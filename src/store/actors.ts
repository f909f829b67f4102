// Who acts, read again inside a transaction that must not rely on what was true when the request began.
import { and, eq, gte } from 'drizzle-orm';
import type { Db } from './db.ts';
import { listMemberships, type Membership } from './organizations.ts';
import { apiKeys } from './schema-credentials.ts';
import { findUserById, type UserRow } from './users.ts';

export interface ActorRow {
  user: UserRow;
  keyId: string;
  expiresAt: string;
  scopes: string[];
  allowList: string[];
  memberships: Membership[];
}

/**
 * The user of a key, with what both may do; undefined when the key has ended or the user may not act any more. The key is
 * held until the transaction ends; the user's row must be locked by then (locks.ts).
 * @param expiresAt when the key was to end when last read: the clocks of replicas do not matter
 */
export async function findActor(db: Db, keyId: string, expiresAt: string): Promise<ActorRow | undefined> {
  const [key] = await db
    .select({ userId: apiKeys.userId, scopes: apiKeys.scopes, allowList: apiKeys.allowList })
    .from(apiKeys)
    .where(and(eq(apiKeys.id, keyId), gte(apiKeys.expiresAt, expiresAt)))
    .for('share');
  if (!key) return undefined;
  const user = await findUserById(db, key.userId);
  if (!user || user.deleted || user.status !== 'active') return undefined;
  const { scopes, allowList } = key;
  return { user, keyId, expiresAt, scopes, allowList, memberships: await listMemberships(db, user.id) };
}
