// Applications that act for people as wire objects.
import type { OAuth2ProviderApp, OAuth2ProviderAppSecret } from '../codersdk/oauth2-apps.ts';
import type { OAuth2AppRow, OAuth2SecretRow } from '../store/oauth2-apps.ts';

/** codersdk.OAuth2ProviderApp. Golden: deploy-oauth2-apps */
export const presentApp = (accessUrl: string, row: OAuth2AppRow): OAuth2ProviderApp => ({
  id: row.id,
  name: row.name,
  callback_url: row.callbackUrl,
  icon: row.icon,
  endpoints: {
    authorization: `${accessUrl}/oauth2/authorize`,
    token: `${accessUrl}/oauth2/tokens`,
    token_revoke: `${accessUrl}/oauth2/revoke`,
    device_authorization: '',
  },
});

/** codersdk.OAuth2ProviderAppSecret */
export const presentAppSecret = (row: OAuth2SecretRow): OAuth2ProviderAppSecret => ({
  id: row.id,
  last_used_at: row.lastUsedAt,
  client_secret_truncated: row.displayed,
});
