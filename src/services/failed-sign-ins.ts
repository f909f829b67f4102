// What is kept of a sign-in that failed: a line in the log for everybody, an audit entry for accounts that exist.
import type { Ctx } from '../ctx.ts';
import { NIL_UUID } from '../golang/uuids.ts';
import type { UserRow } from '../store/users.ts';
import { signedIn } from '../watch/events.ts';

type Reason =
  | 'unknown account'
  | 'wrong password'
  | 'unusable password hash'
  | 'wrong login type'
  | 'suspended'
  | 'pause'
  | 'passwords are off';

/**
 * Notes a failed sign-in by password (docs/differences.md 32): who, from where, why; never the password. The line is for
 * programs that block addresses (level info, `ip`). With a session of the same account it is no sign-in but a proof that
 * failed: the line alone. With somebody else's, that is whose attempt it was.
 */
export function noteFailedSignIn(
  ctx: Ctx,
  { email, account, reason }: { email: string; account: Pick<UserRow, 'id' | 'username'> | undefined; reason: Reason },
): void {
  const { ip, requestId } = ctx.origin;
  ctx.log.info({ ip, reason, account: account?.username, email, request: requestId }, 'sign-in failed');
  if (!ctx.actor) signedIn.tell({ loginType: 'password', outcome: reason });
  if (account) auditFailedSignIn(ctx, account);
}

/** The entry alone, for ways to sign in that leave lines of their own. */
export function auditFailedSignIn(ctx: Ctx, account: Pick<UserRow, 'id' | 'username'>): void {
  const userId = ctx.actor?.user.id;
  if (userId === account.id) return;
  ctx.refusals.note(ctx, {
    action: 'login',
    resourceType: 'api_key',
    resourceId: NIL_UUID,
    resourceTarget: userId === undefined ? '' : account.username,
    status: 401,
    operation: `sign-in as ${account.id}`,
    userId: userId ?? account.id,
  });
}
