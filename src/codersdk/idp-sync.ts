// Wire types of the settings of sync with an identity provider, and of its trial run.
import { z } from 'zod';
import { parseRegexp } from '../golang/regexp.ts';
import { NIL_UUID } from '../golang/uuids.ts';
import {
  MAX_CLAIM_VALUES,
  MAX_CLAIMS,
  MAX_DISPLAY_NAME,
  MAX_LABEL,
  MAX_MAPPED,
  MAX_QUERY_PARAMETER,
  MAX_REGEXP,
  MAX_ROLES,
  MAX_SYNC_CHANGES,
  MAX_USERNAME,
  MAX_UUID,
  MAX_WORD,
} from './sizes.ts';
import { goBool, goList, goString, list, text, uuidText } from './wire.ts';

/** What a value of a claim gives: ids, or names of roles; null as it was sent. */
export type Mapping = Record<string, string[] | null>;

const label = () => z.string().meta({ maxLength: MAX_LABEL });
const id = () => uuidText().default(NIL_UUID);
const roleName = () => goString(MAX_LABEL);

/** Absent and null are the same as empty; so is a value's list, but that is kept as it was sent. Golden: idpsync-organization */
const mappingTo = <T extends z.ZodType<string>>(item: T) =>
  z
    .record(label(), z.array(item).meta({ maxItems: MAX_MAPPED }).nullable().default(null))
    .meta({ maxProperties: MAX_CLAIM_VALUES })
    .nullable()
    .default(null);

/** An expression that compiles, or none; anything else is a decoding error. Golden: idpsync-groups */
const regexFilter = () =>
  z
    .string()
    .meta({ maxLength: MAX_REGEXP })
    .superRefine((expression, ctx) => {
      const parsed = parseRegexp(expression);
      if ('fault' in parsed) ctx.addIssue({ code: 'custom', message: parsed.fault, params: { decode: true } });
    })
    .nullable()
    .default(null);

export const OrganizationSyncSettings = z
  .object({ field: goString(MAX_LABEL), mapping: mappingTo(id()), organization_assign_default: goBool() })
  .meta({ id: 'codersdk.OrganizationSyncSettings' });
export type OrganizationSyncSettings = z.output<typeof OrganizationSyncSettings>;

export const GroupSyncSettings = z
  .object({
    field: goString(MAX_LABEL),
    mapping: mappingTo(id()),
    regex_filter: regexFilter(),
    auto_create_missing_groups: goBool(),
    /** From the environment; a body may only leave it out or empty it. */
    legacy_group_name_mapping: z
      .record(label(), goString(MAX_LABEL))
      .meta({ maxProperties: MAX_CLAIM_VALUES })
      .optional(),
  })
  .meta({ id: 'codersdk.GroupSyncSettings' });
export type GroupSyncSettings = z.output<typeof GroupSyncSettings>;

export const RoleSyncSettings = z
  .object({ field: goString(MAX_LABEL), mapping: mappingTo(roleName()) })
  .meta({ id: 'codersdk.RoleSyncSettings' });
export type RoleSyncSettings = z.output<typeof RoleSyncSettings>;

export const PatchOrganizationIDPSyncConfigRequest = z
  .object({ field: goString(MAX_LABEL), assign_default: goBool() })
  .meta({ id: 'codersdk.PatchOrganizationIDPSyncConfigRequest' });
export type PatchOrganizationIDPSyncConfigRequest = z.output<typeof PatchOrganizationIDPSyncConfigRequest>;

export const PatchGroupIDPSyncConfigRequest = z
  .object({ field: goString(MAX_LABEL), regex_filter: regexFilter(), auto_create_missing_groups: goBool() })
  .meta({ id: 'codersdk.PatchGroupIDPSyncConfigRequest' });
export type PatchGroupIDPSyncConfigRequest = z.output<typeof PatchGroupIDPSyncConfigRequest>;

export const PatchRoleIDPSyncConfigRequest = z
  .object({ field: goString(MAX_LABEL) })
  .meta({ id: 'codersdk.PatchRoleIDPSyncConfigRequest' });
export type PatchRoleIDPSyncConfigRequest = z.output<typeof PatchRoleIDPSyncConfigRequest>;

const changesOf = <T extends z.ZodType<string>>(gets: T, name: string) => {
  const pairs = () => goList(z.object({ given: goString(MAX_LABEL), gets }), MAX_SYNC_CHANGES);
  return z.object({ add: pairs(), remove: pairs() }).meta({ id: `codersdk.${name}` });
};

export const PatchOrganizationIDPSyncMappingRequest = changesOf(id(), 'PatchOrganizationIDPSyncMappingRequest');
export const PatchGroupIDPSyncMappingRequest = changesOf(id(), 'PatchGroupIDPSyncMappingRequest');
export const PatchRoleIDPSyncMappingRequest = changesOf(roleName(), 'PatchRoleIDPSyncMappingRequest');
/** Pairs of a claim's value and what it gives. */
export type MappingChanges = z.output<typeof PatchRoleIDPSyncMappingRequest>;

/** Names of claims; null before anybody has signed in. Golden: idpsync-fields */
export const ClaimFields = z.array(z.string()).nullable();
export const ClaimFieldValues = z.array(z.string());
export const ClaimFieldQuery = z.object({
  claimField: z.string().meta({ required: true, maxLength: MAX_QUERY_PARAMETER }).describe('Claim Field'),
});

/** Claims as an ID token has them: any JSON below their names. */
export const TestIDPSyncRequest = z
  .object({
    claims: z
      .record(label(), z.unknown().meta({ 'x-any-json': true }))
      .meta({ maxProperties: MAX_CLAIMS })
      .default({}),
  })
  .meta({ id: 'TestIDPSyncRequest' });
export type TestIDPSyncRequest = z.output<typeof TestIDPSyncRequest>;

/** What a sign-in with the claims would lead to. */
export const TestIDPSyncResponse = z
  .object({
    /** The site roles; null while they do not follow claims, or when these claims leave them as they are. */
    roles: list(text(MAX_WORD), MAX_ROLES).nullable(),
    /** Whether memberships become these; if not, a new account gets them and others keep theirs. */
    organizations_synced: z.boolean(),
    organizations: z.array(
      z.object({
        id: z.uuid().meta({ maxLength: MAX_UUID }),
        name: text(MAX_USERNAME),
        display_name: text(MAX_DISPLAY_NAME),
        /** Roles in the organization; null as above. */
        roles: list(text(MAX_WORD), MAX_ROLES).nullable(),
        /** Groups by id where the mapping names them, else by name; null as above. */
        groups: z.array(z.object({ id: z.string(), name: z.string() })).nullable(),
        auto_create_missing_groups: z.boolean(),
      }),
    ),
    /** What the log would say of what is left out. */
    notes: z.array(z.object({ message: text(MAX_LABEL), values: list(text(MAX_WORD), MAX_ROLES) })),
  })
  .meta({ id: 'TestIDPSyncResponse' });
export type TestIDPSyncResponse = z.infer<typeof TestIDPSyncResponse>;
