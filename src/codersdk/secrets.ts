// Wire types of user secrets. A value goes in and never comes out.
import { z } from 'zod';
import { Time, Uuid } from './common.ts';
import { MAX_DESCRIPTION, MAX_ENV_NAME, MAX_FILE_PATH, MAX_NAME, MAX_SECRET_VALUE, MAX_SECRETS } from './sizes.ts';
import { list, optionalRuledString, ruledString, text } from './wire.ts';

export const UserSecret = z
  .object({
    id: Uuid,
    name: text(MAX_NAME),
    description: text(MAX_DESCRIPTION),
    env_name: text(MAX_ENV_NAME),
    file_path: text(MAX_FILE_PATH),
    created_at: Time,
    updated_at: Time,
  })
  .meta({ id: 'codersdk.UserSecret' });
export type UserSecret = z.infer<typeof UserSecret>;

export const UserSecrets = list(UserSecret, MAX_SECRETS);

/** The fields' rules have words of their own: services/secret-rules.ts. */
export const CreateUserSecretRequest = z
  .object({
    name: ruledString(MAX_NAME),
    value: ruledString(MAX_SECRET_VALUE),
    description: ruledString(MAX_DESCRIPTION),
    env_name: ruledString(MAX_ENV_NAME),
    file_path: ruledString(MAX_FILE_PATH),
  })
  .meta({ id: 'codersdk.CreateUserSecretRequest', textRules: 'own' });
export type CreateUserSecretRequest = z.output<typeof CreateUserSecretRequest>;

/** Absent and null leave a field as it is; "" empties it. The name is no field: it stays. */
export const UpdateUserSecretRequest = z
  .object({
    value: optionalRuledString(MAX_SECRET_VALUE),
    description: optionalRuledString(MAX_DESCRIPTION),
    env_name: optionalRuledString(MAX_ENV_NAME),
    file_path: optionalRuledString(MAX_FILE_PATH),
  })
  .meta({ id: 'codersdk.UpdateUserSecretRequest', textRules: 'own' });
export type UpdateUserSecretRequest = z.output<typeof UpdateUserSecretRequest>;
