// Changing and reading the settings of sync with the identity provider, and what providers have said of people so far.
import type {
  GroupSyncSettings,
  Mapping,
  MappingChanges,
  OrganizationSyncSettings,
  PatchGroupIDPSyncConfigRequest,
  PatchOrganizationIDPSyncConfigRequest,
  PatchRoleIDPSyncConfigRequest,
  RoleSyncSettings,
} from '../codersdk/idp-sync.ts';
import { MAX_SYNC_SETTINGS } from '../codersdk/sizes.ts';
import type { ActorCtx } from '../ctx.ts';
import { ApiError, badRequest, notFound } from '../errors.ts';
import { isCleanText } from '../golang/text.ts';
import { can } from '../rbac/authorize.ts';
import { idpSyncChangeObject, idpSyncObject } from '../rbac/objects.ts';
import { canHandOutAll } from '../rbac/roles.ts';
import { insertAuditLog } from '../store/audit.ts';
import { listClaimNames, listClaimValues } from '../store/known-claims.ts';
import { lockExisting, type OrganizationRow } from '../store/organizations.ts';
import { lockSetting, readSetting, writeSetting } from '../store/site-settings.ts';
import { requirePermission, withActor } from './actors.ts';
import { type AuditResource, auditRow, SYNC_SETTINGS_ID, SYNC_SETTINGS_TARGETS } from './audit.ts';
import {
  groupSyncKey,
  groupSyncOf,
  ORGANIZATION_SYNC,
  organizationSyncOf,
  roleSyncKey,
  roleSyncOf,
  type StoredRoleSync,
} from './sync-settings.ts';

/**
 * Whether the caller may change settings; told before the body is read.
 * @param organization whose settings; none for those of the site
 * @throws ApiError 403 without idpsync_settings.update, and for a limited key (docs/differences.md 23)
 */
export const requireMayChangeSync = (ctx: ActorCtx, organization?: OrganizationRow): void =>
  requirePermission(ctx, 'update', idpSyncChangeObject(organization?.id));

/** @throws ApiError 403 without idpsync_settings.read */
export const requireMayReadSync = (ctx: ActorCtx, organization?: OrganizationRow): void =>
  requirePermission(ctx, 'read', idpSyncObject(organization?.id));

/** One kind of settings: where they are kept, and what the audit log says of them. */
interface Kind<T> {
  readonly key: string;
  readonly resourceType: keyof typeof SYNC_SETTINGS_TARGETS & AuditResource;
  /** What is in force. */
  of(stored: string | undefined): T;
  audited(settings: T): Record<string, unknown>;
}

const organizationKind = (ctx: ActorCtx): Kind<OrganizationSyncSettings> => ({
  key: ORGANIZATION_SYNC,
  resourceType: 'idp_sync_settings_organization',
  of: (stored) => organizationSyncOf(ctx, stored),
  audited: ({ field, mapping, organization_assign_default }) => ({
    field,
    mapping: mapping ?? {},
    assign_default: organization_assign_default,
  }),
});

/** A mapping as the log of organizations' settings has it: none while there is nothing in it. */
const filled = (mapping: Mapping | null) =>
  mapping === null || Object.keys(mapping).length === 0 ? undefined : mapping;

const groupKind = (ctx: ActorCtx, organization: OrganizationRow): Kind<GroupSyncSettings> => ({
  key: groupSyncKey(organization.id),
  resourceType: 'idp_sync_settings_group',
  of: (stored) => groupSyncOf(ctx, organization, stored),
  audited: ({ field, mapping, regex_filter, auto_create_missing_groups }) => ({
    field,
    mapping: filled(mapping),
    regex_filter,
    auto_create_missing_groups,
  }),
});

const roleKind = (organization: OrganizationRow): Kind<StoredRoleSync> => ({
  key: roleSyncKey(organization.id),
  resourceType: 'idp_sync_settings_role',
  of: roleSyncOf,
  audited: ({ field, mapping }) => ({ field, mapping: filled(mapping) }),
});

async function noteChange<T>(
  ctx: ActorCtx,
  { resourceType, audited }: Kind<T>,
  { before, after, organization }: { before: T; after: T; organization: OrganizationRow | undefined },
): Promise<void> {
  const row = auditRow(ctx, {
    action: 'write',
    resourceType,
    resourceId: SYNC_SETTINGS_ID,
    resourceTarget: SYNC_SETTINGS_TARGETS[resourceType],
    organizationId: organization?.id,
    before: audited(before),
    after: audited(after),
  });
  // An expression is noted as changed, without its text. As recorded.
  const hidden = 'regex_filter' in row.diff && { regex_filter: { old: {}, new: {}, secret: false } };
  await insertAuditLog(ctx.db, { ...row, diff: { ...row.diff, ...hidden } });
}

/**
 * Stores what becomes of the settings in force: from then on the environment is not looked at. Two changes at once come one
 * after the other.
 * @param become decides with the actor as of now
 * @throws ApiError 403 as `requireMayChangeSync`, 400 when there is too much in them, 404 when the organization is gone
 */
async function change<T>(
  ctx: ActorCtx,
  kind: Kind<T>,
  organization: OrganizationRow | undefined,
  become: (before: T, ctx: ActorCtx) => T,
): Promise<T> {
  return withActor(ctx, async (ctx) => {
    requireMayChangeSync(ctx, organization);
    if (organization && (await lockExisting(ctx.db, [organization.id])).length === 0) throw notFound();
    const before = kind.of(await lockSetting(ctx.db, kind.key));
    const after = become(before, ctx);
    const text = JSON.stringify(after);
    if (text.length > MAX_SYNC_SETTINGS) {
      throw badRequest('The settings are too large.', {
        detail: `They have ${text.length} characters as JSON; ${MAX_SYNC_SETTINGS} are kept at most.`,
      });
    }
    await writeSetting(ctx.db, kind.key, text);
    await noteChange(ctx, kind, { before, after, organization });
    return after;
  });
}

/**
 * A mapping with pairs added and taken out. What the reference makes of lists without anything in them is kept: an empty
 * one reads null once the mapping is changed again, and what is taken out of nowhere leaves null. Golden:
 * idpsync-organization/organization-mapping-5
 */
export function changedMapping(mapping: Mapping | null, { add, remove }: MappingChanges): Mapping {
  const changed = new Map(
    Object.entries(mapping ?? {}).map(([given, gets]) => [given, gets?.length ? [...gets] : null]),
  );
  for (const { given, gets } of add) {
    const list = changed.get(given) ?? [];
    changed.set(given, list.includes(gets) ? list : [...list, gets]);
  }
  for (const { given, gets } of remove) {
    changed.set(given, changed.get(given)?.filter((one) => one !== gets) ?? null);
  }
  return Object.fromEntries(changed);
}

/** Organization sync in force. @throws ApiError 403 */
export async function organizationSync(ctx: ActorCtx): Promise<OrganizationSyncSettings> {
  requireMayReadSync(ctx);
  return organizationSyncOf(ctx, await readSetting(ctx.db, ORGANIZATION_SYNC));
}

/** PATCH of all of it. @throws ApiError as `change` */
export const updateOrganizationSync = (ctx: ActorCtx, input: OrganizationSyncSettings) =>
  change(ctx, organizationKind(ctx), undefined, () => ({ ...input, mapping: input.mapping ?? {} }));

/** PATCH of all but the mapping. @throws ApiError as `change` */
export const updateOrganizationSyncConfig = (ctx: ActorCtx, input: PatchOrganizationIDPSyncConfigRequest) =>
  change(ctx, organizationKind(ctx), undefined, ({ mapping }) => ({
    field: input.field,
    mapping,
    organization_assign_default: input.assign_default,
  }));

/** PATCH of the mapping. @throws ApiError as `change` */
export const updateOrganizationSyncMapping = (ctx: ActorCtx, input: MappingChanges) =>
  change(ctx, organizationKind(ctx), undefined, (before) => ({
    ...before,
    mapping: changedMapping(before.mapping, input),
  }));

/** Group sync of an organization in force. @throws ApiError 403 */
export async function groupSync(ctx: ActorCtx, organization: OrganizationRow): Promise<GroupSyncSettings> {
  requireMayReadSync(ctx, organization);
  const settings = groupSyncOf(ctx, organization, await readSetting(ctx.db, groupSyncKey(organization.id)));
  return { ...settings, mapping: settings.mapping ?? {} };
}

/** PATCH of all of it, names from the environment included. @throws ApiError as `change`, 400 for a mapping by names */
export async function updateGroupSync(ctx: ActorCtx, organization: OrganizationRow, input: GroupSyncSettings) {
  const { legacy_group_name_mapping: names = {}, ...settings } = input;
  if (Object.keys(names).length > 0) {
    const field = 'legacy_group_name_mapping';
    throw badRequest(`Unexpected field '${field}'. Field not allowed, set to null or remove it.`, {
      detail: `${field} is deprecated, use mapping instead`,
      validations: [{ field, detail: 'field is not allowed' }],
    });
  }
  return change(ctx, groupKind(ctx, organization), organization, () => ({
    ...settings,
    mapping: settings.mapping ?? {},
  }));
}

/** PATCH of all but the mappings, which read null while there never was one. @throws ApiError as `change` */
export const updateGroupSyncConfig = (
  ctx: ActorCtx,
  organization: OrganizationRow,
  input: PatchGroupIDPSyncConfigRequest,
) => change(ctx, groupKind(ctx, organization), organization, (before) => ({ ...before, ...input }));

/** PATCH of the mapping. @throws ApiError as `change` */
export const updateGroupSyncMapping = (ctx: ActorCtx, organization: OrganizationRow, input: MappingChanges) =>
  change(ctx, groupKind(ctx, organization), organization, (before) => ({
    ...before,
    mapping: changedMapping(before.mapping, input),
  }));

/** Role sync of an organization in force. @throws ApiError 403 */
export async function roleSync(ctx: ActorCtx, organization: OrganizationRow): Promise<RoleSyncSettings> {
  requireMayReadSync(ctx, organization);
  const { field, mapping } = roleSyncOf(await readSetting(ctx.db, roleSyncKey(organization.id)));
  return { field, mapping: mapping ?? {} };
}

/**
 * Settings of roles say who gets which, and every value is taken as recorded. So that nobody comes by a role that way who
 * could not hand it out, they remember whether whoever wrote them last could hand out all.
 */
const changeRoleSync = (
  ctx: ActorCtx,
  organization: OrganizationRow,
  become: (before: RoleSyncSettings) => RoleSyncSettings,
) =>
  change(ctx, roleKind(organization), organization, (before, { actor }) => {
    const { field, mapping } = become(before);
    return { field, mapping: mapping ?? {}, onlyPlain: !canHandOutAll(actor.subject.roles, organization.id) };
  });

/** PATCH of all of it. @throws ApiError as `change` */
export const updateRoleSync = (ctx: ActorCtx, organization: OrganizationRow, input: RoleSyncSettings) =>
  changeRoleSync(ctx, organization, () => input);

/** PATCH of all but the mapping. @throws ApiError as `change` */
export const updateRoleSyncConfig = (
  ctx: ActorCtx,
  organization: OrganizationRow,
  input: PatchRoleIDPSyncConfigRequest,
) => changeRoleSync(ctx, organization, ({ mapping }) => ({ field: input.field, mapping }));

/** PATCH of the mapping. @throws ApiError as `change` */
export const updateRoleSyncMapping = (ctx: ActorCtx, organization: OrganizationRow, input: MappingChanges) =>
  changeRoleSync(ctx, organization, ({ field, mapping }) => ({ field, mapping: changedMapping(mapping, input) }));

function requireMayReadClaims(ctx: ActorCtx, organization: OrganizationRow | undefined, what: string): void {
  if (can(ctx.actor.subject, 'read', idpSyncObject(organization?.id))) return;
  throw new ApiError(403, `You do not have permission to view the ${what}`, {
    detail: 'idpsync_settings.read permission is required',
  });
}

/** The names of all claims that are known, of the members of an organization if one is given. @throws ApiError 403 */
export async function claimFields(ctx: ActorCtx, organization?: OrganizationRow): Promise<string[]> {
  requireMayReadClaims(ctx, organization, 'available IDP fields');
  return listClaimNames(ctx.db, organization?.id);
}

/** The texts that are known of a claim. @throws ApiError 400 for none or no text, 403 (golden: idpsync-fields) */
export async function claimFieldValues(
  ctx: ActorCtx,
  claim: string,
  organization?: OrganizationRow,
): Promise<string[]> {
  if (claim === '') throw badRequest('claimField query parameter is required');
  requireMayReadClaims(ctx, organization, 'IDP claim field values');
  // Nothing that is stored has such a name.
  return isCleanText(claim) ? listClaimValues(ctx.db, claim, organization?.id) : [];
}
