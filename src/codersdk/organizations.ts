// Wire types of organizations and their members.
import { z } from 'zod';

import { asciiLower } from '../golang/ascii.ts';
import { count } from './answers.ts';
import { LoginType, QueryCount, QueryText, QueryUuid, SlimRole, Time, UserStatus, Uuid } from './common.ts';
import { composed, isDisplayName, isReservedUsername, isUsername } from './names.ts';
import {
  MAX_DESCRIPTION,
  MAX_DISPLAY_NAME,
  MAX_EMAIL,
  MAX_REAL_NAME,
  MAX_ROLES,
  MAX_URL,
  MAX_USERNAME,
  MAX_WORD,
} from './sizes.ts';
import {
  goString,
  list,
  optionalBool,
  optionalRuledString,
  optionalString,
  required,
  rule,
  ruledString,
  text,
} from './wire.ts';

/** The word that stands for the default organization in paths: no organization can have it as its name. */
const DEFAULT_ORGANIZATION = 'default';

/** As usernames; names that a path could not reach (`default`, 32 hex digits read as a UUID) are refused. */
const isOrganizationName = (name: string) =>
  isUsername(name) && !isReservedUsername(name) && asciiLower(name) !== DEFAULT_ORGANIZATION;

const documented = { required: true };

export const Organization = z
  .object({
    id: Uuid.meta(documented),
    name: text(MAX_USERNAME),
    display_name: text(MAX_DISPLAY_NAME),
    icon: text(MAX_URL),
    description: text(MAX_DESCRIPTION),
    created_at: Time.meta(documented),
    updated_at: Time.meta(documented),
    is_default: z.boolean().meta(documented),
    default_org_member_roles: list(text(MAX_WORD), MAX_ROLES),
  })
  .meta({ id: 'codersdk.Organization' });
export type Organization = z.infer<typeof Organization>;

export const Organizations = z.array(Organization);

/** A missing display name is the name. */
export const CreateOrganizationRequest = z
  .object({
    name: required(ruledString(MAX_USERNAME)).refine(isOrganizationName, rule('organization_name')),
    display_name: ruledString(MAX_DISPLAY_NAME)
      .overwrite(composed)
      .refine(isDisplayName, rule('organization_display_name')),
    description: goString(MAX_DESCRIPTION),
    icon: goString(MAX_URL),
  })
  .meta({ id: 'codersdk.CreateOrganizationRequest' });
export type CreateOrganizationRequest = z.output<typeof CreateOrganizationRequest>;

/** Missing fields stay as they are, an empty name or display name too. */
export const UpdateOrganizationRequest = z
  .object({
    name: optionalRuledString(MAX_USERNAME).refine(
      (name) => !name || isOrganizationName(name),
      rule('organization_name'),
    ),
    display_name: optionalRuledString(MAX_DISPLAY_NAME)
      .overwrite((name) => name && composed(name))
      .refine((name) => !name || isDisplayName(name), rule('organization_display_name')),
    description: optionalString(MAX_DESCRIPTION),
    icon: optionalString(MAX_URL),
    default_org_member_roles: list(goString(MAX_WORD), MAX_ROLES).optional(),
  })
  .meta({ id: 'codersdk.UpdateOrganizationRequest' });
export type UpdateOrganizationRequest = z.output<typeof UpdateOrganizationRequest>;

const membership = {
  user_id: Uuid,
  organization_id: Uuid,
  created_at: Time,
  updated_at: Time,
  roles: list(SlimRole, MAX_ROLES),
};

export const OrganizationMember = z.object(membership).meta({ id: 'codersdk.OrganizationMember' });
export type OrganizationMember = z.infer<typeof OrganizationMember>;

export const OrganizationMemberWithUserData = z
  .object({
    username: text(MAX_USERNAME),
    name: text(MAX_REAL_NAME).optional(),
    avatar_url: text(MAX_URL).optional(),
    email: text(MAX_EMAIL),
    status: UserStatus,
    login_type: LoginType,
    last_seen_at: Time,
    user_created_at: Time,
    user_updated_at: Time,
    is_service_account: z.boolean().optional(),
    global_roles: list(SlimRole, MAX_ROLES),
    has_ai_seat: z.boolean(),
    ...membership,
  })
  .meta({ id: 'codersdk.OrganizationMemberWithUserData' });
export type OrganizationMemberWithUserData = z.infer<typeof OrganizationMemberWithUserData>;

export const OrganizationMembers = z.array(OrganizationMemberWithUserData);

export const PaginatedMembersResponse = z
  .object({ members: z.array(OrganizationMemberWithUserData), count: count() })
  .meta({ id: 'codersdk.PaginatedMembersResponse' });
export type PaginatedMembersResponse = z.infer<typeof PaginatedMembersResponse>;

/** Query parameters of the member lists, for the contract document. */
export const MemberListQuery = z.object({
  q: QueryText('Member search query: user_id, github_user_id, include_system'),
});
export const PaginatedMembersQuery = z.object({
  q: QueryText('Member search query'),
  after_id: QueryUuid('After ID'),
  limit: QueryCount('Page limit, if 0 returns all members'),
  offset: QueryCount('Page offset'),
});

export const SHAREABLE_OWNERS = ['none', 'everyone', 'service_accounts'] as const;

export const UpdateWorkspaceSharingSettingsRequest = z
  .object({ sharing_disabled: optionalBool(), shareable_workspace_owners: goString(MAX_WORD) })
  .meta({ id: 'codersdk.UpdateWorkspaceSharingSettingsRequest' });
export type UpdateWorkspaceSharing = z.output<typeof UpdateWorkspaceSharingSettingsRequest>;

export const WorkspaceSharingSettings = z
  .object({
    ...{ sharing_globally_disabled: z.boolean(), sharing_disabled: z.boolean() },
    shareable_workspace_owners: text(MAX_WORD),
  })
  .meta({ id: 'codersdk.WorkspaceSharingSettings' });
export type WorkspaceSharingSettings = z.infer<typeof WorkspaceSharingSettings>;
