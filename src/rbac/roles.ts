// Roles as users hold them: which ones a request has, who may hand out which, and how they are listed.

import { ORGANIZATION_ROLES } from './organization-roles.ts';
import { type Grants, RESOURCES, type Resource, type RoleDefinition } from './policy.ts';
import { SITE_ROLES } from './site-roles.ts';

export type SiteRoleName = keyof typeof SITE_ROLES;
export type OrganizationRoleName = keyof typeof ORGANIZATION_ROLES;

/** Whose workspaces may be shared in an organization; it changes what a membership alone gives. */
export type WorkspaceSharing = 'everyone' | 'service_accounts' | 'none';

/** A role as held by somebody: of the site, or bound to one organization. */
export interface RoleRef {
  readonly name: string;
  readonly organizationId?: string;
  /** Only looked at for the two roles that a membership implies; 'everyone' if missing. */
  readonly sharing?: WorkspaceSharing;
}

/** Settings of the deployment that change what roles grant. */
export interface RoleOptions {
  readonly disableOwnerWorkspaceAccess?: boolean;
  readonly disableWorkspaceSharing?: boolean;
  readonly disableChatSharing?: boolean;
}

/** What one membership contributes to a user's roles. */
export interface MembershipRoles {
  readonly organizationId: string;
  readonly roles: readonly string[];
  readonly isServiceAccount?: boolean;
  /** This organization's own default roles, if they differ from those of the call. */
  readonly defaultRoles?: readonly string[];
  readonly sharing?: WorkspaceSharing;
}

/** A permission as the role lists show it. */
export interface ListedPermission {
  readonly negate: boolean;
  readonly resource_type: string;
  readonly action: string;
}

/** A role as the role lists show it, without the caller's right to assign it. */
export interface ListedRole {
  readonly name: string;
  readonly displayName: string;
  readonly sitePermissions: readonly ListedPermission[];
  readonly userPermissions: readonly ListedPermission[];
  readonly organizationPermissions: readonly ListedPermission[];
  readonly organizationMemberPermissions: readonly ListedPermission[];
}

/** The site roles of GET /users/roles: `member` is everybody's and not listed. Golden: rbac-role-lists */
const LISTED_SITE_ROLES = [
  'owner',
  'user-admin',
  'template-admin',
  'auditor',
] as const satisfies readonly SiteRoleName[];

/** The roles of GET /organizations/{organization}/members/roles. Golden: rbac-role-lists */
const LISTED_ORGANIZATION_ROLES = [
  'organization-admin',
  'organization-user-admin',
  'organization-template-admin',
  'organization-auditor',
  'organization-workspace-access',
  'organization-workspace-creation-ban',
  'agents-access',
] as const satisfies readonly OrganizationRoleName[];

/** The roles that an organization gives its members when nothing else is configured. */
export const DEFAULT_ORG_MEMBER_ROLES: readonly OrganizationRoleName[] = ['organization-workspace-access'];

/** Whether a name is that of a site role, `member` included. */
export function isSiteRole(name: string): name is SiteRoleName {
  return Object.hasOwn(SITE_ROLES, name);
}

/** Whether a name is that of an organization's role, including those that every membership implies. */
export function isOrganizationRole(name: string): name is OrganizationRoleName {
  return Object.hasOwn(ORGANIZATION_ROLES, name);
}

/** The name of a role for people; '' for unknown names and for the roles that a membership implies. */
export function displayName(role: string): string {
  if (isSiteRole(role)) return SITE_ROLES[role].displayName;
  return isOrganizationRole(role) ? ORGANIZATION_ROLES[role].displayName : '';
}

/** What a user administrator hands out: roles that give no power over others. */
const ROLES_OF_A_USER_ADMIN = ['organization-member', 'organization-workspace-access', 'agents-access'] as const;
const PLAIN_ROLES: ReadonlySet<string> = new Set(['member', 'organization-service-account', ...ROLES_OF_A_USER_ADMIN]);

/** Whether a role is one that anybody may be given: it says nothing about other people's accounts. */
export const isPlainRole = ({ name }: RoleRef): boolean => PLAIN_ROLES.has(name);

// Source: PUT roles of users and members as recorded for every kind of caller; golden: rbac-site-roles, rbac-member-roles.
const ASSIGNABLE_BY: { readonly [name: string]: readonly string[] } = {
  owner: ['member', ...LISTED_SITE_ROLES, 'organization-member', ...LISTED_ORGANIZATION_ROLES],
  'user-admin': ['member', ...ROLES_OF_A_USER_ADMIN],
  'organization-admin': ['organization-member', ...LISTED_ORGANIZATION_ROLES],
  'organization-user-admin': ROLES_OF_A_USER_ADMIN,
};

/** The names of the roles that a holder of `role` may hand out and take away; none for most roles. */
export function assignableBy(role: string): readonly string[] {
  return Object.hasOwn(ASSIGNABLE_BY, role) ? (ASSIGNABLE_BY[role] ?? []) : [];
}

/**
 * Whether somebody with the roles `held` may hand out or take away `target`. Roles of an organization count only for
 * targets in the same organization. The scope of the key is not looked at, and neither is the permission to assign.
 */
export function canAssign(held: readonly RoleRef[], target: RoleRef): boolean {
  const exists = target.organizationId ? isOrganizationRole(target.name) : isSiteRole(target.name);
  return (
    exists &&
    held.some(
      (role) =>
        (!role.organizationId || role.organizationId === target.organizationId) &&
        assignableBy(role.name).includes(target.name),
    )
  );
}

/**
 * Whether somebody with the roles `held` could have handed out every role of `target` that is more than everybody's:
 * whoever could not must not come into that account either (docs/differences.md 36).
 */
export function couldGrantAll(held: readonly RoleRef[], target: readonly RoleRef[]): boolean {
  return target.every((role) => isPlainRole(role) || canAssign(held, role));
}

/** Whether a role of an organization is one that owners hand out: those that a membership implies are nobody's to give. */
export const isGivenInOrganization = (name: string): boolean =>
  (LISTED_ORGANIZATION_ROLES as readonly string[]).includes(name);

/** Whether somebody with the roles `held` may hand out every role of an organization. */
export const canHandOutAll = (held: readonly RoleRef[], organizationId: string): boolean =>
  LISTED_ORGANIZATION_ROLES.every((name) => canAssign(held, { name, organizationId }));

/**
 * All roles of a user: the stored ones plus what everybody has and what each membership implies. Names that are unknown
 * at their level are dropped, duplicates too.
 */
export function effectiveRoles(held: {
  readonly siteRoles: readonly string[];
  readonly memberships: readonly MembershipRoles[];
  readonly defaultOrgMemberRoles: readonly string[];
}): RoleRef[] {
  const roles: RoleRef[] = [];
  for (const name of new Set(['member', ...held.siteRoles])) {
    if (isSiteRole(name)) roles.push({ name });
  }
  for (const membership of held.memberships) {
    const { organizationId, sharing = 'everyone' } = membership;
    const implied = membership.isServiceAccount ? 'organization-service-account' : 'organization-member';
    const defaults = membership.defaultRoles ?? held.defaultOrgMemberRoles;
    for (const name of new Set([implied, ...defaults, ...membership.roles])) {
      if (!isOrganizationRole(name)) continue;
      roles.push(sharing === 'everyone' ? { name, organizationId } : { name, organizationId, sharing });
    }
  }
  return roles;
}

/** The grants without some actions; a list that becomes empty disappears. */
function without(grants: Grants, removed: { readonly [resource: string]: readonly string[] }): Grants {
  const left = Object.entries(grants).map(([resource, actions]): [string, readonly string[]] => {
    const gone = Object.hasOwn(removed, resource) ? (removed[resource] ?? []) : [];
    return [resource, actions.filter((action) => !gone.includes(action))];
  });
  return Object.fromEntries(left.filter(([, actions]) => actions.length > 0));
}

const NO_SHARING: Grants = { workspace: ['share'] };

/** A membership role in an organization that restricts the sharing of workspaces. Source: POST /authcheck in such organizations. */
function withSharing(name: string, role: RoleDefinition, sharing: WorkspaceSharing): RoleDefinition {
  if (sharing === 'everyone') return role;
  const org = role.org ?? {};
  if (name === 'organization-member') {
    return sharing === 'none'
      ? {
          ...role,
          org: without(org, { group: ['read'], organization_member: ['read'] }),
          deny: { org: NO_SHARING, member: NO_SHARING },
        }
      : { ...role, org: without(org, { group: ['read'] }), deny: { member: NO_SHARING } };
  }
  if (name === 'organization-service-account' && sharing === 'none') {
    return {
      ...role,
      org: without(org, { group: ['read'], organization_member: ['read'] }),
      deny: { org: NO_SHARING },
    };
  }
  return role;
}

/**
 * What a role grants under the deployment's settings, or undefined if there is no such role at its level. Sharing is
 * denied to everybody through `member`, which owners have too; golden: rbac-deployment-options.
 */
export function definitionOf(ref: RoleRef, options: RoleOptions): RoleDefinition | undefined {
  if (ref.organizationId) {
    if (!isOrganizationRole(ref.name)) return undefined;
    return withSharing(ref.name, ORGANIZATION_ROLES[ref.name], ref.sharing ?? 'everyone');
  }
  if (!isSiteRole(ref.name)) return undefined;
  const role: RoleDefinition = SITE_ROLES[ref.name];
  if (ref.name === 'owner' && options.disableOwnerWorkspaceAccess) {
    return { ...role, site: without(role.site ?? {}, { workspace: ['ssh', 'application_connect'] }) };
  }
  if (ref.name === 'member' && (options.disableWorkspaceSharing || options.disableChatSharing)) {
    const site: Grants = {
      ...(options.disableWorkspaceSharing ? NO_SHARING : {}),
      ...(options.disableChatSharing ? { chat: ['share'] } : {}),
    };
    return { ...role, deny: { site } };
  }
  return role;
}

/** Grants and denials of one level, in the order of the resource table. */
function listed(grants: Grants | undefined, denied: Grants | undefined): ListedPermission[] {
  const permissions: ListedPermission[] = [];
  for (const resource of Object.keys(RESOURCES) as Resource[]) {
    for (const action of grants?.[resource] ?? []) permissions.push({ negate: false, resource_type: resource, action });
    for (const action of denied?.[resource] ?? []) permissions.push({ negate: true, resource_type: resource, action });
  }
  return permissions;
}

function listedRole(ref: RoleRef, options: RoleOptions): ListedRole {
  const role = definitionOf(ref, options) ?? { displayName: '' };
  return {
    name: ref.name,
    displayName: role.displayName,
    sitePermissions: listed(role.site, role.deny?.site),
    userPermissions: listed(role.user, undefined),
    organizationPermissions: listed(role.org, role.deny?.org),
    organizationMemberPermissions: listed(role.member, role.deny?.member),
  };
}

/** The site roles that can be handed out, with everything they grant (GET /users/roles). */
export function listedSiteRoles(options: RoleOptions): ListedRole[] {
  return LISTED_SITE_ROLES.map((name) => listedRole({ name }, options));
}

/** The roles that can be handed out in an organization, with everything they grant (GET members/roles). */
export function listedOrganizationRoles(organizationId: string, options: RoleOptions): ListedRole[] {
  return LISTED_ORGANIZATION_ROLES.map((name) => listedRole({ name, organizationId }, options));
}
