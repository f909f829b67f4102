// Wire types of applications that act for people.
import { z } from 'zod';
import { QueryText, Time, Uuid } from './common.ts';
import { MAX_DISPLAY_NAME, MAX_LABEL, MAX_URL, MAX_WORD } from './sizes.ts';
import { goString, required, rule, ruledString, text } from './wire.ts';

const APP_NAME = /^[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$/;
const isAppName = (text: string) => text.length <= MAX_DISPLAY_NAME && APP_NAME.test(text);

/** A web address with a host and nothing that a browser would read another way. */
function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return /^https?:\/\/[^\s\\]+$/i.test(text) && url !== null && url.host !== '';
}

const fields = {
  name: required(ruledString(MAX_DISPLAY_NAME)).refine(isAppName, rule('oauth2_app_name')),
  callback_url: required(goString(MAX_URL)).refine(isWebAddress, rule('http_url')),
  icon: goString(MAX_URL),
};

export const PostOAuth2ProviderAppRequest = z.object(fields).meta({ id: 'codersdk.PostOAuth2ProviderAppRequest' });
export const PutOAuth2ProviderAppRequest = z.object(fields).meta({ id: 'codersdk.PutOAuth2ProviderAppRequest' });
export type OAuth2ProviderAppInput = z.output<typeof PostOAuth2ProviderAppRequest>;

const OAuth2AppEndpoints = z
  .object({
    ...{ authorization: z.string(), token: z.string(), token_revoke: z.string(), device_authorization: z.string() },
  })
  .meta({ id: 'codersdk.OAuth2AppEndpoints' });

export const OAuth2ProviderApp = z
  .object({
    ...{ id: Uuid, name: text(MAX_DISPLAY_NAME), callback_url: text(MAX_URL), icon: text(MAX_URL) },
    endpoints: OAuth2AppEndpoints,
  })
  .meta({ id: 'codersdk.OAuth2ProviderApp' });
export type OAuth2ProviderApp = z.infer<typeof OAuth2ProviderApp>;

export const OAuth2ProviderAppSecretFull = z
  .object({ id: Uuid, client_secret_full: text(MAX_LABEL) })
  .meta({ id: 'codersdk.OAuth2ProviderAppSecretFull' });

export const OAuth2ProviderAppSecret = z
  .object({ id: Uuid, last_used_at: Time.nullable(), client_secret_truncated: text(MAX_WORD) })
  .meta({ id: 'codersdk.OAuth2ProviderAppSecret' });
export type OAuth2ProviderAppSecret = z.infer<typeof OAuth2ProviderAppSecret>;

/** Query parameters of the list, for the contract document. */
export const OAuth2AppsQuery = z.object({ user_id: QueryText('Filter by applications authorized for a user') });
