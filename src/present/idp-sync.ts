// Settings of sync with the identity provider as wire objects, field by field.
import type {
  GroupSyncSettings,
  OrganizationSyncSettings,
  RoleSyncSettings,
  TestIDPSyncResponse,
} from '../codersdk/idp-sync.ts';
import type { OrganizationRow } from '../store/organizations.ts';

/** codersdk.OrganizationSyncSettings. Golden: idpsync-organization */
export const presentOrganizationSync = (settings: OrganizationSyncSettings): OrganizationSyncSettings => ({
  field: settings.field,
  mapping: settings.mapping,
  organization_assign_default: settings.organization_assign_default,
});

/** codersdk.GroupSyncSettings. Golden: idpsync-groups */
export const presentGroupSync = ({
  legacy_group_name_mapping: names = {},
  ...settings
}: GroupSyncSettings): GroupSyncSettings => ({
  field: settings.field,
  mapping: settings.mapping,
  regex_filter: settings.regex_filter,
  auto_create_missing_groups: settings.auto_create_missing_groups,
  ...(Object.keys(names).length > 0 && { legacy_group_name_mapping: names }),
});

/** codersdk.RoleSyncSettings. Golden: idpsync-roles */
export const presentRoleSync = (settings: RoleSyncSettings): RoleSyncSettings => ({
  field: settings.field,
  mapping: settings.mapping,
});

/** Claim names as recorded: null for none. Golden: idpsync-fields/site-0 */
export const presentClaimFields = (names: string[]): string[] | null => (names.length === 0 ? null : names);

/** A group that sync would put somebody into: known by its id, or by its name alone. */
interface TrialGroup {
  id?: string;
  name?: string;
}

/** What a sign-in would lead to. */
interface Trial {
  roles: string[] | undefined;
  organizationsSynced: boolean;
  organizations: {
    organization: OrganizationRow;
    roles: string[] | undefined;
    groups: TrialGroup[] | undefined;
    createsGroups: boolean;
  }[];
  notes: { message: string; values: string[] }[];
}

/** The answer of a trial run, which only this server has. */
export const presentTrial = (trial: Trial): TestIDPSyncResponse => ({
  roles: trial.roles ?? null,
  organizations_synced: trial.organizationsSynced,
  organizations: trial.organizations.map(({ organization, roles, groups, createsGroups }) => ({
    id: organization.id,
    name: organization.name,
    display_name: organization.displayName,
    roles: roles ?? null,
    groups: groups?.map(({ id = '', name = '' }) => ({ id, name })) ?? null,
    auto_create_missing_groups: createsGroups,
  })),
  notes: trial.notes.map(({ message, values }) => ({ message, values })),
});
