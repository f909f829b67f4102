// The last owner stays: a person who can sign in (docs/differences.md 2 and 36).
import type { Ctx } from '../ctx.ts';
import { badRequest } from '../errors.ts';
import { canSignIn, isOwner } from '../rbac/owners.ts';
import { listOwners, type UserRow } from '../store/users.ts';

/** Whether an owner who can sign in is left besides `userId`. Needs a transaction that has locked all owners (store/locks.ts). */
export async function hasAnotherOwner(ctx: Ctx, userId: string): Promise<boolean> {
  return (await listOwners(ctx.db)).some((owner) => owner.id !== userId && canSignIn(owner));
}

/**
 * Checks that an owner remains who can sign in when `user` is one no more.
 * @throws ApiError 400 when nobody would
 */
export async function requireAnotherOwner(
  ctx: Ctx,
  user: Pick<UserRow, 'id' | 'roles'>,
  what: 'deleted' | 'demoted' | 'suspended',
): Promise<void> {
  if (isOwner(user) && !(await hasAnotherOwner(ctx, user.id))) throw badRequest(`The last owner cannot be ${what}.`);
}
