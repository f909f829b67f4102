// Site roles: who has them and who may hand them out.
import type { ActorCtx } from '../ctx.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { can } from '../rbac/authorize.ts';
import { assignRoleObject, bareUserObject, grantRoleObject, memberObject } from '../rbac/objects.ts';
import { canAssign, isSiteRole, type ListedRole, listedSiteRoles } from '../rbac/roles.ts';
import { listMemberships } from '../store/organizations.ts';
import { type UserRow, updateUser } from '../store/users.ts';
import { reread } from './accounts.ts';
import { requirePermission, withAccount } from './actors.ts';
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
  if (!can(subject, 'read_personal', bareUserObject(target))) throw notFound();
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

/** In the recorded order of the checks (golden: rbac-site-roles). */
function authorizeChange(ctx: ActorCtx, { added, removed }: ReturnType<typeof roleChange>): void {
  const all = [...added, ...removed];
  for (const name of all) {
    if (!isSiteRole(name)) throw badRequest(`${quoted(name)} is not a supported role`);
  }
  if (added.length > 0) requirePermission(ctx, 'assign', grantRoleObject());
  if (removed.length > 0) requirePermission(ctx, 'unassign', grantRoleObject());
  for (const name of all) {
    if (!canAssign(ctx.actor.subject.roles, { name }))
      throw badRequest(`not authorized to assign role ${quoted(name)}`);
  }
}

/**
 * Replaces the site roles of a user. `member` is everybody's: it counts as wanted but is stored only when sent.
 * @throws ApiError 400 for unknown roles, roles the caller may not assign and the last owner; 403 without the right to
 * assign (golden: rbac-site-roles)
 */
export async function updateSiteRoles(ctx: ActorCtx, target: UserRow, roles: string[]): Promise<UserRow> {
  if (target.loginType === 'oidc' && ctx.config.oidc?.userRoleField) {
    throw badRequest('Cannot modify roles for OIDC users when role sync is enabled.');
  }
  const wanted = [...new Set(roles)].sort();
  return withAccount(
    ctx,
    target,
    async (ctx, account) => {
      authorizeChange(ctx, roleChange(account.roles, [...roles, 'member']));
      if (!wanted.includes('owner')) await requireAnotherOwner(ctx, account, 'demoted');
      await updateUser(ctx.db, account.id, { roles: wanted });
      await audit(ctx, {
        action: 'write',
        resourceType: 'user',
        resourceId: account.id,
        resourceTarget: account.username,
        before: { rbac_roles: [...account.roles].sort() },
        after: { rbac_roles: wanted },
      });
      return reread(ctx, account.id);
    },
    { mayLoseOwner: true },
  );
}
