// Organizations and members as wire objects, field by field.
import type {
  Organization,
  OrganizationMember,
  OrganizationMemberWithUserData,
  PaginatedMembersResponse,
  WorkspaceSharingSettings,
} from '../codersdk/organizations.ts';
import type { MemberRow } from '../store/members.ts';
import type { OrganizationRow } from '../store/organizations.ts';
import { presentRoles } from './roles.ts';

/** codersdk.Organization. Golden: rbac-organizations */
export const presentOrganization = (row: OrganizationRow): Organization => ({
  id: row.id,
  name: row.name,
  display_name: row.displayName,
  icon: row.icon,
  description: row.description,
  created_at: row.createdAt,
  updated_at: row.updatedAt,
  is_default: row.isDefault,
  default_org_member_roles: row.defaultOrgMemberRoles,
});

/** codersdk.OrganizationMember. Golden: rbac-member-roles */
export const presentMembership = (row: MemberRow): OrganizationMember => ({
  user_id: row.userId,
  organization_id: row.organizationId,
  created_at: row.createdAt,
  updated_at: row.updatedAt,
  roles: presentRoles(row.roles, row.organizationId),
});

/** codersdk.OrganizationMemberWithUserData. Golden: rbac-members */
export const presentMember = (row: MemberRow): OrganizationMemberWithUserData => ({
  username: row.username,
  ...(row.name !== '' && { name: row.name }),
  ...(row.avatarUrl !== '' && { avatar_url: row.avatarUrl }),
  email: row.email,
  status: row.status as OrganizationMemberWithUserData['status'],
  login_type: row.loginType as OrganizationMemberWithUserData['login_type'],
  last_seen_at: row.lastSeenAt,
  user_created_at: row.userCreatedAt,
  user_updated_at: row.userUpdatedAt,
  ...(row.isServiceAccount && { is_service_account: true }),
  global_roles: presentRoles(row.globalRoles),
  has_ai_seat: row.hasAiSeat,
  ...presentMembership(row),
});

/** codersdk.PaginatedMembersResponse. Golden: rbac-members-paginated */
export const presentMembers = (page: { members: MemberRow[]; count: number }): PaginatedMembersResponse => ({
  members: page.members.map(presentMember),
  count: page.count,
});

/** codersdk.WorkspaceSharingSettings: nobody shares anything while the deployment forbids it. Golden: deploy-companions */
export function presentWorkspaceSharing(
  { shareableWorkspaceOwners }: OrganizationRow,
  globallyDisabled: boolean,
): WorkspaceSharingSettings {
  const owners = globallyDisabled ? 'none' : shareableWorkspaceOwners;
  return {
    sharing_globally_disabled: globallyDisabled,
    sharing_disabled: owners === 'none',
    shareable_workspace_owners: owners,
  };
}
