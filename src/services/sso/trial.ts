// What a sign-in with given claims would lead to under the settings in force: nothing is changed, and nobody signs in.
import type { ActorCtx } from '../../ctx.ts';
import type { Claims } from '../../idp/claims.ts';
import { findDefaultOrganization, findOrganizations, type OrganizationRow } from '../../store/organizations.ts';
import { requireMayReadSync } from '../idp-sync.ts';
import { readOrganizationSync, readSyncOf } from '../sync-settings.ts';
import { groupsFromClaims, type NamedGroup } from './group-sync.ts';
import {
  type Notes,
  noteMissing,
  organizationRolesFromClaims,
  organizationsFromClaims,
  rolesFromClaims,
} from './sync.ts';

/** Where claims would lead; roles and groups are undefined where they stay as they are. */
export interface SyncTrial {
  /** Of the site. */
  roles: string[] | undefined;
  /** Whether memberships become these; if not, they are those of a new account. */
  organizationsSynced: boolean;
  organizations: {
    organization: OrganizationRow;
    roles: string[] | undefined;
    groups: NamedGroup[] | undefined;
    createsGroups: boolean;
  }[];
  /** What a real sign-in would write into the log. */
  notes: { message: string; values: string[] }[];
}

/**
 * Decides as a sign-in does, by the same functions. That the last owner stays one is not looked at: no account is.
 * @throws ApiError 403 without idpsync_settings.read for the site
 */
export async function trySync(ctx: ActorCtx, claims: Claims): Promise<SyncTrial> {
  requireMayReadSync(ctx);
  const noted: SyncTrial['notes'] = [];
  const notes: Notes = { warn: ({ values }, message) => void noted.push({ message, values }) };
  const { id: defaultId } = await findDefaultOrganization(ctx.db);
  const settings = await readOrganizationSync(ctx);
  const roles = rolesFromClaims(ctx.config, claims, notes);
  const synced = organizationsFromClaims(settings, claims, { defaultId, notes });
  const wanted = synced ?? [defaultId];
  const organizations = await findOrganizations(ctx.db, wanted);
  const existing = organizations.map(({ id }) => id);
  noteMissing(notes, wanted, existing, settings.field);
  const settingsOf = await readSyncOf(ctx, organizations);
  return {
    roles,
    organizationsSynced: synced !== undefined,
    organizations: organizations.flatMap((organization, index) => {
      const its = settingsOf[index];
      if (!its) return [];
      return {
        organization,
        roles: organizationRolesFromClaims(its.roles, claims, notes),
        groups: groupsFromClaims(organization.id, its.groups, claims, notes),
        createsGroups: its.groups.auto_create_missing_groups,
      };
    }),
    notes: noted,
  };
}
