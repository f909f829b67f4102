// The settings that sync with the identity provider follows: those that were stored, until then those of the environment.
// They are read anew at every sign-in, so what is stored counts at once, on every replica.
import { GroupSyncSettings, OrganizationSyncSettings, RoleSyncSettings } from '../codersdk/idp-sync.ts';
import type { Ctx } from '../ctx.ts';
import type { Db } from '../store/db.ts';
import { deleteSettings, readSettings } from '../store/site-settings.ts';

/** Roles as stored: with whether whoever set them could hand out none but plain roles, so that sync gives no others. */
export type StoredRoleSync = RoleSyncSettings & { onlyPlain: boolean };

/** An organization, as far as settings differ between them. */
export interface SyncedOrganization {
  readonly id: string;
  readonly isDefault: boolean;
}

export const ORGANIZATION_SYNC = 'idpsync/organization';
export const groupSyncKey = (organizationId: string): string => `idpsync/groups/${organizationId}`;
export const roleSyncKey = (organizationId: string): string => `idpsync/roles/${organizationId}`;

/** Organization sync as stored, or as the environment says. */
export function organizationSyncOf(ctx: Pick<Ctx, 'config'>, stored: string | undefined): OrganizationSyncSettings {
  if (stored !== undefined) return OrganizationSyncSettings.parse(JSON.parse(stored));
  const { field, mapping, assignDefault } = ctx.config.idpSync.organizations;
  const copy = Object.entries(mapping).map(([value, ids]): [string, string[]] => [value, [...ids]]);
  return { field, mapping: Object.fromEntries(copy), organization_assign_default: assignDefault };
}

/** Group sync of an organization as stored; the environment speaks of the default one alone. */
export function groupSyncOf(
  ctx: Pick<Ctx, 'config'>,
  { isDefault }: SyncedOrganization,
  stored: string | undefined,
): GroupSyncSettings {
  if (stored !== undefined || !isDefault) return GroupSyncSettings.parse(JSON.parse(stored ?? '{}'));
  const { field, nameMapping, regexFilter, autoCreate } = ctx.config.idpSync.groups;
  return {
    field,
    mapping: null,
    regex_filter: regexFilter,
    auto_create_missing_groups: autoCreate,
    legacy_group_name_mapping: { ...nameMapping },
  };
}

/** Role sync of an organization as stored. */
export function roleSyncOf(stored: string | undefined): StoredRoleSync {
  const value: unknown = JSON.parse(stored ?? '{}');
  const { onlyPlain } = value as { onlyPlain?: unknown };
  return { ...RoleSyncSettings.parse(value), onlyPlain: onlyPlain !== false };
}

/** Organization sync as it is in force. */
export async function readOrganizationSync(ctx: Pick<Ctx, 'config' | 'db'>): Promise<OrganizationSyncSettings> {
  return organizationSyncOf(ctx, (await readSettings(ctx.db, [ORGANIZATION_SYNC])).get(ORGANIZATION_SYNC));
}

/** Group and role sync of organizations as they are in force, in the same order. */
export async function readSyncOf(
  ctx: Pick<Ctx, 'config' | 'db'>,
  organizations: readonly SyncedOrganization[],
): Promise<{ groups: GroupSyncSettings; roles: StoredRoleSync }[]> {
  const keys = organizations.flatMap(({ id }) => [groupSyncKey(id), roleSyncKey(id)]);
  const stored = await readSettings(ctx.db, keys);
  return organizations.map((organization) => ({
    groups: groupSyncOf(ctx, organization, stored.get(groupSyncKey(organization.id))),
    roles: roleSyncOf(stored.get(roleSyncKey(organization.id))),
  }));
}

/** Role sync of organizations as it is in force, by id. */
export async function readRoleSync(db: Db, organizationIds: readonly string[]): Promise<Map<string, StoredRoleSync>> {
  const stored = await readSettings(db, organizationIds.map(roleSyncKey));
  return new Map(organizationIds.map((id) => [id, roleSyncOf(stored.get(roleSyncKey(id)))]));
}

/** Forgets the settings of an organization that goes. */
export const forgetSyncOf = (db: Db, organizationId: string): Promise<void> =>
  deleteSettings(db, [groupSyncKey(organizationId), roleSyncKey(organizationId)]);
