// Active, dormant, suspended: changing a user's status.
import { type ActorCtx, type Ctx, nowText, withTx } from '../ctx.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { isOwner } from '../rbac/owners.ts';
import { userObject } from '../rbac/policy.ts';
import { lockUser, type UserRow, updateUser } from '../store/users.ts';
import { auditUserChange, reread } from './accounts.ts';
import { audit } from './audit.ts';
import { requireAnotherOwner } from './owners.ts';
import { requireKnownActor } from './users.ts';

/**
 * Wakes a dormant user, who was just seen; changes `user` to match what is stored then. Somebody suspended since `user`
 * was read stays so.
 */
export async function activateDormantUser(ctx: Ctx, user: UserRow): Promise<void> {
  const now = nowText(ctx);
  const status = await withTx(ctx, async (ctx) => {
    const locked = await lockUser(ctx.db, user.id);
    if (locked?.status !== 'dormant') return locked?.status;
    await updateUser(ctx.db, user.id, { status: 'active', lastSeenAt: now, updatedAt: now });
    await audit(ctx, {
      action: 'write',
      resourceType: 'user',
      resourceId: user.id,
      resourceTarget: user.username,
      userId: user.id,
      before: { status: 'dormant' },
      after: { status: 'active' },
    });
    return 'active';
  });
  if (status === undefined) return;
  user.status = status;
  user.lastSeenAt = now;
  user.updatedAt = now;
}

const SUSPEND_OWNER = 'You cannot suspend a user with the "owner" role. You must remove the role first.';

/**
 * Suspends or activates; `updated_at` moves even if nothing changes. Golden: users-status
 * @throws ApiError 400 for suspending oneself or an owner, 403 without the right
 */
export async function setStatus(ctx: ActorCtx, target: UserRow, status: 'active' | 'suspended'): Promise<UserRow> {
  if (status === 'suspended') {
    if (target.id === ctx.actor.user.id) throw badRequest('You cannot suspend yourself.');
    if (isOwner(target)) throw badRequest(SUSPEND_OWNER);
  }
  requireKnownActor(ctx);
  if (!can(ctx.actor.subject, 'update', userObject(target))) throw forbidden();
  return withTx(ctx, async (ctx) => {
    if (status === 'suspended') await requireAnotherOwner(ctx, target.id, 'suspended');
    const locked = await lockUser(ctx.db, target.id);
    if (!locked) throw notFound();
    if (status === 'suspended' && isOwner(locked)) throw badRequest(SUSPEND_OWNER);
    await updateUser(ctx.db, target.id, { status, updatedAt: nowText(ctx) });
    const updated = await reread(ctx, target.id);
    await auditUserChange(ctx, target, updated);
    return updated;
  });
}
