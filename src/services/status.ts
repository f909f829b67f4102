// Active, dormant, suspended: changing a user's status.
import { type ActorCtx, type Ctx, nowText, withTx } from '../ctx.ts';
import { badRequest } from '../errors.ts';
import { accountObject, bareUserObject } from '../rbac/objects.ts';
import { isOwner } from '../rbac/owners.ts';
import type { RoleRef } from '../rbac/roles.ts';
import { lockUser, type UserRow, updateUser } from '../store/users.ts';
import { auditUserChange, reread } from './accounts.ts';
import { requirePermission, rolesHeldBy, withAccount } from './actors.ts';
import { audit } from './audit.ts';
import { notifyOfAccount } from './notify.ts';
import { requireKnownActor } from './users.ts';

/** What entries say that the server makes by itself about people who were away. Golden: audit-login/login-dora */
export const BY_DORMANCY = { automatic_actor: 'coder', automatic_subsystem: 'dormancy' };

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
      additionalFields: BY_DORMANCY,
      isAutomatic: true,
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
 * @throws ApiError 400 for suspending oneself or an owner; 403 without the right, for owners unless the caller is one, and
 * for people with roles by a limited key
 */
export async function setStatus(ctx: ActorCtx, target: UserRow, status: 'active' | 'suspended'): Promise<UserRow> {
  const authorize = (ctx: ActorCtx, user: UserRow, held: readonly RoleRef[]) => {
    if (status === 'suspended') {
      if (user.id === ctx.actor.user.id) throw badRequest('You cannot suspend yourself.');
      if (isOwner(user)) throw badRequest(SUSPEND_OWNER);
    }
    requireKnownActor(ctx);
    // What changes nothing is no power over anybody. Golden: rbac-matrix-user-admin
    const object = user.status === status ? bareUserObject(user) : accountObject(user, held);
    requirePermission(ctx, 'update', object);
  };
  authorize(ctx, target, await rolesHeldBy(ctx, target));
  return withAccount(ctx, target, async (ctx, before) => {
    authorize(ctx, before, before.held);
    await updateUser(ctx.db, target.id, { status, updatedAt: nowText(ctx) });
    const updated = await reread(ctx, target.id);
    await auditUserChange(ctx, before, updated);
    await notifyOfAccount(ctx, status === 'active' ? 'activated' : status, updated, ctx.actor.user);
    return updated;
  });
}
