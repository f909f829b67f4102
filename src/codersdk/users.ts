// Wire types of users: reading, creating, changing.
import { z } from 'zod';
import { count } from './answers.ts';
import { LoginType, QueryCount, QueryText, QueryUuid, SlimRole, Time, UserStatus, Uuid } from './common.ts';
import { composed, composedAddress, isEmail, isRealName, isReservedUsername, isUsername } from './names.ts';
import {
  MAX_EMAIL,
  MAX_LABEL,
  MAX_PASSWORD,
  MAX_REAL_NAME,
  MAX_ROLES,
  MAX_THEME,
  MAX_URL,
  MAX_USERNAME,
  MAX_WORD,
} from './sizes.ts';
import { goBool, goList, goString, list, required, rule, ruledString, text, uuidText } from './wire.ts';

/** Names that the API's own paths hide are refused like malformed ones (docs/differences.md 5). */
const username = () =>
  required(ruledString(MAX_USERNAME)).refine((name) => isUsername(name) && !isReservedUsername(name), rule('username'));
const realName = () => ruledString(MAX_REAL_NAME).overwrite(composed).refine(isRealName, rule('user_real_name'));

/** An address, composed. */
export const email = () => required(goString(MAX_EMAIL)).overwrite(composedAddress).refine(isEmail, rule('email'));

const documented = { required: true };

export const User = z
  .object({
    id: Uuid.meta(documented),
    username: text(MAX_USERNAME).meta(documented),
    name: text(MAX_REAL_NAME).optional(),
    avatar_url: text(MAX_URL).optional(),
    email: text(MAX_EMAIL).meta(documented),
    created_at: Time.meta(documented),
    updated_at: Time,
    last_seen_at: Time,
    status: UserStatus,
    login_type: LoginType,
    is_service_account: z.boolean().optional(),
    organization_ids: z.array(Uuid).nullable(),
    roles: list(SlimRole, MAX_ROLES),
    has_ai_seat: z.boolean(),
    theme_preference: text(MAX_THEME)
      .optional()
      .meta({ deprecated: true })
      .describe('Never sent: see the appearance settings'),
  })
  .meta({ id: 'codersdk.User' });
export type User = z.infer<typeof User>;

export const GetUsersResponse = z
  .object({ users: z.array(User), count: count() })
  .meta({ id: 'codersdk.GetUsersResponse' });
export type GetUsersResponse = z.infer<typeof GetUsersResponse>;

export const CreateFirstUserRequest = z
  .object({
    email: email(),
    username: username(),
    name: realName(),
    password: required(goString(MAX_PASSWORD)),
    trial: goBool(),
    trial_info: z
      .object({
        first_name: goString(MAX_LABEL),
        last_name: goString(MAX_LABEL),
        phone_number: goString(MAX_LABEL),
        job_title: goString(MAX_LABEL),
        company_name: goString(MAX_LABEL),
        country: goString(MAX_LABEL),
        developers: goString(MAX_LABEL),
      })
      .optional()
      .meta({ id: 'codersdk.CreateFirstUserTrialInfo' }),
    onboarding_info: z
      .object({ newsletter_marketing: goBool(), newsletter_releases: goBool() })
      .optional()
      .meta({ id: 'codersdk.CreateFirstUserOnboardingInfo' }),
  })
  .meta({ id: 'codersdk.CreateFirstUserRequest' });
export type CreateFirstUserRequest = z.output<typeof CreateFirstUserRequest>;

export const CreateFirstUserResponse = z
  .object({ user_id: Uuid, organization_id: Uuid })
  .meta({ id: 'codersdk.CreateFirstUserResponse' });
export type CreateFirstUserResponse = z.infer<typeof CreateFirstUserResponse>;

export const CreateUserRequestWithOrgs = z
  .object({
    email: goString(MAX_EMAIL).overwrite(composedAddress),
    username: username(),
    name: realName(),
    password: goString(MAX_PASSWORD),
    login_type: goString(MAX_WORD),
    user_status: goString(MAX_WORD),
    organization_ids: goList(uuidText(), MAX_ROLES),
    organization_id: uuidText().optional(),
    roles: goList(goString(MAX_WORD), MAX_ROLES),
    service_account: goBool(),
    disable_login: goBool(),
  })
  .superRefine(({ email, service_account }, ctx) => {
    const tag = email === '' ? (service_account ? undefined : 'required_unless') : isEmail(email) ? undefined : 'email';
    if (tag) ctx.addIssue({ code: 'custom', path: ['email'], params: { tag }, input: email });
  })
  .meta({ id: 'codersdk.CreateUserRequestWithOrgs' });
export type CreateUserRequestWithOrgs = z.output<typeof CreateUserRequestWithOrgs>;

export const UpdateUserProfileRequest = z
  .object({ username: username(), name: realName() })
  .meta({ id: 'codersdk.UpdateUserProfileRequest' });
export type UpdateUserProfileRequest = z.output<typeof UpdateUserProfileRequest>;

export const UpdateUserPasswordRequest = z
  .object({ old_password: goString(MAX_PASSWORD), password: required(goString(MAX_PASSWORD)) })
  .meta({ id: 'codersdk.UpdateUserPasswordRequest' });
export type UpdateUserPasswordRequest = z.output<typeof UpdateUserPasswordRequest>;

/** One's own address needs one's own password beside it. */
export const UpdateUserEmailRequest = z
  .object({ email: email(), password: goString(MAX_PASSWORD) })
  .meta({ id: 'codersdk.UpdateUserEmailRequest' });
export type UpdateUserEmailRequest = z.output<typeof UpdateUserEmailRequest>;

/** A missing list is not an empty one (docs/differences.md 6): null and [] take all roles away. */
export const UpdateRoles = z
  .object({ roles: list(goString(MAX_WORD), MAX_ROLES).nullable() })
  .meta({ id: 'codersdk.UpdateRoles' });
export type UpdateRoles = z.output<typeof UpdateRoles>;

export const UserLoginType = z.object({ login_type: LoginType }).meta({ id: 'codersdk.UserLoginType' });
export type UserLoginType = z.infer<typeof UserLoginType>;

export const UserParameter = z.object({ name: z.string(), value: z.string() }).meta({ id: 'codersdk.UserParameter' });

/** Query parameters of the list of users, for the contract document. */
export const UserListQuery = z.object({
  q: QueryText('Search query'),
  after_id: QueryUuid('After ID'),
  limit: QueryCount('Page limit'),
  offset: QueryCount('Page offset'),
});
