// Owners are safe: only owners act on owners, and the last one stays (docs/differences.md 2).
import type { Actor, Ctx } from '../ctx.ts';
import { badRequest, forbidden } from '../errors.ts';
import { isOwner } from '../rbac/owners.ts';
import { lockOwners, type UserRow } from '../store/users.ts';

/** @throws ApiError 403 when somebody who is no owner acts on one */
export function requireOwnerFor(actor: Actor, target: UserRow): void {
  if (isOwner(target) && !isOwner(actor.user)) throw forbidden();
}

/**
 * Locks the owners until the transaction ends and checks that one of them remains without `userId`.
 * Call it inside the transaction that takes the owner away.
 * @throws ApiError 400 when this is the last owner who can act
 */
export async function requireAnotherOwner(
  ctx: Ctx,
  userId: string,
  what: 'deleted' | 'demoted' | 'suspended',
): Promise<void> {
  const owners = await lockOwners(ctx.db);
  if (!owners.some((owner) => owner.id === userId)) return;
  if (!owners.some((owner) => owner.id !== userId && owner.status !== 'suspended')) {
    throw badRequest(`The last owner cannot be ${what}.`);
  }
}
