// Roles as wire objects, field by field.
import type { SlimRole } from '../codersdk/common.ts';
import type { AssignableRole, UserRolesResponse } from '../codersdk/roles.ts';
import { displayName, type ListedRole } from '../rbac/roles.ts';

/** Roles as answers show them; unknown ones have no display name. */
export function presentRoles(names: readonly string[], organizationId?: string): SlimRole[] {
  return names.map((name) => ({
    name,
    display_name: displayName(name),
    ...(organizationId !== undefined && { organization_id: organizationId }),
  }));
}

/** codersdk.AssignableRoles. Golden: rbac-role-lists */
export const presentAssignableRole = (row: {
  role: ListedRole;
  /** Whether the caller may hand it out. */
  assignable: boolean;
  organizationId?: string;
}): AssignableRole => ({
  name: row.role.name,
  ...(row.organizationId !== undefined && { organization_id: row.organizationId }),
  display_name: row.role.displayName,
  site_permissions: [...row.role.sitePermissions],
  user_permissions: [...row.role.userPermissions],
  organization_permissions: [...row.role.organizationPermissions],
  organization_member_permissions: [...row.role.organizationMemberPermissions],
  assignable: row.assignable,
  built_in: true,
});

/** What GET /users/{user}/roles answers. Golden: rbac-site-roles */
export const presentUserRoles = (row: {
  roles: string[];
  memberships: readonly { organizationId: string; roles: string[] }[];
}): UserRolesResponse => ({
  roles: row.roles,
  organization_roles: Object.fromEntries(row.memberships.map((m) => [m.organizationId, m.roles])),
});
