// Site roles: who has them and who may hand them out.
import { type ActorCtx, withTx } from '../ctx.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { isOwner } from '../rbac/owners.ts';
import { assignRoleObject, memberObject, userObject } from '../rbac/policy.ts';
import { canAssign, isSiteRole, type ListedRole, listedSiteRoles } from '../rbac/roles.ts';
import { retrySerializable } from '../store/db.ts';
import { listMemberships } from '../store/organizations.ts';
import { lockOwners, lockUser, type UserRow, updateUser } from '../store/users.ts';
import { reread } from './accounts.ts';
import { audit } from './audit.ts';
import { requireAnotherOwner } from './owners.ts';

/** A role that exists, with the caller's right to hand it out. */
export interface AssignableRow {
  role: ListedRole;
  assignable: boolean;
  organizationId?: string;
}

/** The site roles that exist, each with whether the caller may hand it out. @throws ApiError 403 without assign_role.read */
export function assignableSiteRoles(ctx: ActorCtx): AssignableRow[] {
  const { subject } = ctx.actor;
  if (!can(subject, 'read', assignRoleObject())) throw forbidden();
  const mayAssign = can(subject, 'assign', assignRoleObject());
  return listedSiteRoles(ctx.config.rbac).map((role) => ({
    role,
    assignable: mayAssign && canAssign(subject.roles, { name: role.name }),
  }));
}

/**
 * Roles of a user; memberships that the caller may not read are left out, and those of the system account, which is no
 * listed member (golden: rbac-system-user). @throws ApiError 404 without read_personal
 */
export async function userRoles(
  ctx: ActorCtx,
  target: UserRow,
): Promise<{ roles: string[]; memberships: { organizationId: string; roles: string[] }[] }> {
  const { subject } = ctx.actor;
  if (!can(subject, 'read_personal', userObject(target))) throw notFound();
  const memberships = target.isSystem ? [] : await listMemberships(ctx.db, target.id);
  const visible = memberships.filter(({ organizationId }) =>
    can(subject, 'read', memberObject(target.id, organizationId)),
  );
  return { roles: target.roles, memberships: visible };
}

/** What a change of roles adds and takes away, each role once, in the order given. */
export function roleChange(
  stored: readonly string[],
  wanted: readonly string[],
): { added: string[]; removed: string[] } {
  return {
    added: [...new Set(wanted)].filter((name) => !stored.includes(name)),
    removed: [...new Set(stored)].filter((name) => !wanted.includes(name)),
  };
}

/**
 * Replaces the site roles of a user. `member` is everybody's: it counts as wanted but is stored only when sent.
 * @throws ApiError 400 for unknown roles, roles the caller may not assign and the last owner; 403 without the right to
 * assign (golden: rbac-site-roles)
 */
export async function updateSiteRoles(ctx: ActorCtx, target: UserRow, roles: string[]): Promise<UserRow> {
  const { subject } = ctx.actor;
  if (target.loginType === 'oidc' && ctx.config.oidc?.userRoleField) {
    throw badRequest('Cannot modify roles for OIDC users when role sync is enabled.');
  }
  const wanted = [...new Set(roles)].sort();
  const change = () =>
    withTx(ctx, async (ctx) => {
      // All owners before the target: two demotions that lock their targets first would wait for each other.
      if (isOwner(target)) await lockOwners(ctx.db);
      const locked = await lockUser(ctx.db, target.id);
      if (!locked) throw notFound();
      const { added, removed } = roleChange(locked.roles, [...roles, 'member']);
      for (const name of [...added, ...removed]) {
        if (!isSiteRole(name)) throw badRequest(`"${name}" is not a supported role`);
      }
      if (added.length > 0 && !can(subject, 'assign', assignRoleObject())) throw forbidden();
      if (removed.length > 0 && !can(subject, 'unassign', assignRoleObject())) throw forbidden();
      for (const name of [...added, ...removed]) {
        if (!canAssign(subject.roles, { name })) throw badRequest(`not authorized to assign role "${name}"`);
      }
      if (removed.includes('owner')) await requireAnotherOwner(ctx, target.id, 'demoted');
      await updateUser(ctx.db, target.id, { roles: wanted });
      await audit(ctx, {
        action: 'write',
        resourceType: 'user',
        resourceId: target.id,
        resourceTarget: target.username,
        before: { roles: locked.roles },
        after: { roles: wanted },
      });
      return reread(ctx, target.id);
    });
  // Somebody made an owner a moment ago is locked out of order; who then waits in a circle starts again.
  return retrySerializable(change);
}
