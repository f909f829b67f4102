// Roles of organizations: which exist, who may hand them out, and who has them.
import type { ActorCtx } from '../ctx.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { can } from '../rbac/authorize.ts';
import { assignOrgRoleObject, grantOrgRoleObject } from '../rbac/objects.ts';
import { canAssign, isOrganizationRole, listedOrganizationRoles } from '../rbac/roles.ts';
import { lockMember, type MemberRow, updateMemberRoles as updateRoles } from '../store/members.ts';
import type { OrganizationRow } from '../store/organizations.ts';
import type { UserRow } from '../store/users.ts';
import { requirePermission, withAccount } from './actors.ts';
import { audit } from './audit.ts';
import { type AssignableRow, roleChange } from './roles.ts';
import { readRoleSync } from './sync-settings.ts';

/** The role that being a member means; it counts as wanted in every change but is stored only when sent. */
const IMPLIED = 'organization-member';

/** What somebody who joins an organization can do from the start. */
export const rolesOfNewMember = (organization: OrganizationRow): string[] => [
  IMPLIED,
  ...organization.defaultOrgMemberRoles,
];

/** The roles that exist in an organization, each with whether the caller may hand it out. @throws ApiError 404 without assign_org_role.read */
export function assignableOrganizationRoles(ctx: ActorCtx, organization: OrganizationRow): AssignableRow[] {
  const { subject } = ctx.actor;
  const { id: organizationId } = organization;
  if (!can(subject, 'read', assignOrgRoleObject(organizationId))) throw notFound();
  const mayAssign = can(subject, 'assign', assignOrgRoleObject(organizationId));
  return listedOrganizationRoles(organizationId, ctx.config.rbac).map((role) => ({
    role,
    assignable: mayAssign && canAssign(subject.roles, { name: role.name, organizationId }),
    organizationId,
  }));
}

/**
 * Whether the caller may hand out and take away roles of an organization, in the recorded order of the checks (golden:
 * rbac-member-roles).
 * @param member who gets and loses them; nobody for what all members have, or when nothing changes for the member
 * @throws ApiError 400 for roles that do not exist or that the caller may not hand out, 403 without the right to assign,
 * for owners unless the roles in the organization allow it, and for a limited key
 */
export function checkRoleChange(
  ctx: ActorCtx,
  organizationId: string,
  change: { added: string[]; removed: string[] },
  member?: UserRow,
): void {
  const all = [...change.added, ...change.removed];
  for (const name of all) {
    if (!isOrganizationRole(name)) throw badRequest(`${quoted(`${name}:${organizationId}`)} is not a supported role`);
  }
  const grant = grantOrgRoleObject(organizationId, member);
  if (change.added.length > 0) requirePermission(ctx, 'assign', grant);
  if (change.removed.length > 0) requirePermission(ctx, 'unassign', grant);
  for (const name of all) {
    if (!canAssign(ctx.actor.subject.roles, { name, organizationId }))
      throw badRequest(`not authorized to assign role ${quoted(`${name}:${organizationId}`)}`);
  }
}

/**
 * Replaces the roles of a member. That the member is not the caller was decided by the route's gate.
 * @throws ApiError 403 for the system account; as `checkRoleChange`; 400 for names that carry an organization, and for
 * people whose roles follow the claims of their provider (docs/differences.md 20)
 */
export async function updateMemberRoles(
  ctx: ActorCtx,
  organization: OrganizationRow,
  member: MemberRow,
  roles: string[],
): Promise<MemberRow> {
  const { userId, organizationId } = member;
  if (member.isSystem) throw forbidden();
  const suffixed = roles.find((name) => name.includes(':'));
  if (suffixed !== undefined)
    throw badRequest(`attempt to assign a role ${quoted(suffixed)}, remove the ':<organization_id> suffix`);
  const wanted = [...new Set(roles)].sort();
  return withAccount(ctx, { id: userId, roles: member.globalRoles }, async (ctx, account) => {
    if (ctx.config.oidc && account.loginType === 'oidc') {
      const sync = (await readRoleSync(ctx.db, [organizationId])).get(organizationId);
      if (sync?.field) throw badRequest('Cannot modify roles for OIDC users when role sync is enabled.');
    }
    const stored = await lockMember(ctx.db, userId, organizationId);
    if (!stored) throw notFound();
    const changes = stored.length !== wanted.length || wanted.some((name) => !stored.includes(name));
    const change = roleChange(stored, [...roles, ...rolesOfNewMember(organization)]);
    checkRoleChange(ctx, organizationId, change, changes ? account : undefined);
    await updateRoles(ctx.db, userId, organizationId, wanted);
    await audit(ctx, {
      action: 'write',
      resourceType: 'organization_member',
      resourceId: userId,
      resourceTarget: account.username,
      organizationId,
      before: { roles: [...stored].sort() },
      after: { roles: wanted },
    });
    return { ...member, roles: wanted };
  });
}
