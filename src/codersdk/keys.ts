// Wire types of API keys: sessions, plain keys and named tokens.
import { z } from 'zod';
import { count } from './answers.ts';
import { LoginType, Time, Uuid } from './common.ts';
import {
  MAX_ALLOW_LIST,
  MAX_KNOWN,
  MAX_LABEL,
  MAX_NAME,
  MAX_REFUSAL,
  MAX_SCOPES,
  MAX_USERNAME,
  MAX_WORD,
} from './sizes.ts';
import { goInt64, goList, goString, list, text } from './wire.ts';

/** The old word for what a key may do; `scopes` says it exactly. */
const APIKeyScope = z.enum(['', 'all', 'application_connect']).meta({ id: 'codersdk.APIKeyScope' });
export type APIKeyScope = z.infer<typeof APIKeyScope>;

const documented = { required: true };

const key = {
  id: text(MAX_WORD).meta(documented),
  user_id: Uuid.meta(documented),
  last_used: Time.meta(documented),
  expires_at: Time.meta(documented),
  created_at: Time.meta(documented),
  updated_at: Time.meta(documented),
  login_type: LoginType.meta(documented),
  scope: APIKeyScope,
  scopes: list(text(MAX_WORD), MAX_SCOPES),
  token_name: text(MAX_NAME).meta(documented),
  lifetime_seconds: count().meta(documented),
  /** `type:id` texts. */
  allow_list: list(text(MAX_LABEL), MAX_ALLOW_LIST),
};

export const APIKey = z.object(key).meta({ id: 'codersdk.APIKey' });
export type APIKey = z.infer<typeof APIKey>;

export const APIKeyWithOwner = z
  .object({ ...key, username: text(MAX_USERNAME) })
  .meta({ id: 'codersdk.APIKeyWithOwner' });
export type APIKeyWithOwner = z.infer<typeof APIKeyWithOwner>;

/** How many entries are too many is said by the operation, after it has read them (golden: keys-allow-list-input). */
const goAllowList = () => list(goString(MAX_LABEL), MAX_ALLOW_LIST).meta({ ownSize: true }).default([]);

/** `lifetime` is in nanoseconds; names of scopes and entries of the list are checked by the operation, in its order. */
export const CreateTokenRequest = z
  .object({
    lifetime: goInt64(),
    scope: goString(MAX_WORD),
    scopes: goList(goString(MAX_WORD), MAX_SCOPES),
    token_name: goString(MAX_NAME),
    allow_list: goAllowList(),
  })
  .meta({ id: 'codersdk.CreateTokenRequest' });
export type CreateTokenRequest = z.output<typeof CreateTokenRequest>;

export const GenerateAPIKeyResponse = z.object({ key: text(MAX_WORD) }).meta({ id: 'codersdk.GenerateAPIKeyResponse' });

/** `max_token_lifetime` is in nanoseconds: whole seconds are exact far beyond a century. */
export const TokenConfig = z
  .object({ max_token_lifetime: z.number().meta({ type: 'integer', format: 'int64' }) })
  .meta({ id: 'codersdk.TokenConfig' });

export const ExternalAPIKeyScopes = z
  .object({ external: list(text(MAX_WORD), MAX_KNOWN) })
  .meta({ id: 'codersdk.ExternalAPIKeyScopes' });

/** Query parameters of the token list; anything but a written-out true is false. */
export const TokenListQuery = z.object({
  include_all: z.boolean().optional().describe("Include other users' tokens in the list"),
  include_expired: z.boolean().optional().describe('Include expired tokens in the list'),
});

/** Query parameters of the list of sessions and keys. */
export const KeyListQuery = z.object({
  include_expired: z.boolean().optional().describe('Include expired sessions and keys in the list'),
});

/** A session or key as its user sees it in a list of what is signed in; an extension of this server. */
export const UserKey = z
  .object({
    id: text(MAX_WORD),
    kind: z.enum(['session', 'key', 'token']),
    created_at: Time,
    last_used: Time,
    ip_address: text(MAX_WORD),
    expires_at: Time,
    token_name: text(MAX_NAME),
    scopes: list(text(MAX_WORD), MAX_SCOPES),
    allow_list: list(text(MAX_LABEL), MAX_ALLOW_LIST),
    /** Whether the request that lists it was made with it. */
    current: z.boolean(),
  })
  .meta({ id: 'coderusers.UserKey' });
export type UserKey = z.infer<typeof UserKey>;

export const ExpireKeysResponse = z
  .object({ message: text(MAX_REFUSAL), count: count() })
  .meta({ id: 'coderusers.ExpireKeysResponse' });
