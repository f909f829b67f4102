// Keys that an operator takes away at the command line: after a leak, or when somebody leaves in a hurry.
import { instantText, microsOf } from '../clock.ts';
import { type Ctx, withTx } from '../ctx.ts';
import { ApiError } from '../errors.ts';
import { insertAuditLogs } from '../store/audit.ts';
import { countRevocable, deleteMatchingKeys, holdersOfKeys, type RevocationFilter } from '../store/revoked-keys.ts';
import { findUserByName } from '../store/users.ts';
import { auditRow } from './audit.ts';
import type { KeyKind } from './keys.ts';

/** Users whose keys go in one transaction. */
const BATCH = 200;

export interface Revocation {
  readonly username?: string | undefined;
  readonly keyId?: string | undefined;
  readonly kind?: KeyKind | undefined;
  /** Made longer ago than this. */
  readonly olderThanNs?: bigint | undefined;
}

/** @throws ApiError 404 for an unknown username */
async function filterOf(ctx: Ctx, { username, keyId, kind, olderThanNs }: Revocation): Promise<RevocationFilter> {
  const user = username === undefined ? undefined : await findUserByName(ctx.db, username);
  if (username !== undefined && !user) throw new ApiError(404, `There is no user ${username}.`);
  return {
    userId: user?.id,
    keyId,
    kind,
    createdBefore: olderThanNs === undefined ? undefined : instantText(ctx.clock() - microsOf(olderThanNs)),
  };
}

/** How many keys would go, and of how many users. @throws ApiError 404 for an unknown username */
export async function countKeysToRevoke(ctx: Ctx, which: Revocation): Promise<{ keys: number; users: number }> {
  return countRevocable(ctx.db, await filterOf(ctx, which));
}

/**
 * Deletes keys, with one audit entry for each user. They end with the transaction that deletes them, on every replica.
 * @param onProgress is told how many keys are gone
 * @returns how many that were
 * @throws ApiError 404 for an unknown username
 */
export async function revokeKeys(ctx: Ctx, which: Revocation, onProgress: (keys: number) => void): Promise<number> {
  const filter = await filterOf(ctx, which);
  let revoked = 0;
  let after: string | undefined;
  for (;;) {
    const holders = await holdersOfKeys(ctx.db, filter, after, BATCH);
    if (holders.length > 0) {
      revoked += await withTx(ctx, async (ctx) => {
        const gone = await deleteMatchingKeys(
          ctx.db,
          filter,
          holders.map(({ id }) => id),
        );
        const entries = holders.flatMap(({ id, username }) => {
          const keys = gone.get(id);
          if (keys === undefined) return [];
          return auditRow(ctx, {
            action: 'delete',
            resourceType: 'api_key',
            resourceId: id,
            resourceTarget: username,
            before: { revoked_keys: keys },
          });
        });
        if (entries.length > 0) await insertAuditLogs(ctx.db, entries);
        return [...gone.values()].reduce((sum, keys) => sum + keys.length, 0);
      });
      onProgress(revoked);
    }
    if (holders.length < BATCH) return revoked;
    after = holders.at(-1)?.id;
  }
}
