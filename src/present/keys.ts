// Key rows to wire objects, field by field: neither the secret nor its hash is among them.
import type { APIKey, APIKeyScope, APIKeyWithOwner, UserKey } from '../codersdk/keys.ts';
import { shownAllowList } from '../rbac/allow-lists.ts';
import type { KeyRow } from '../store/keys.ts';

/** The deprecated single scope: the narrower of the two old words wins. Golden: keys-scope-input/scopes-both-special-get */
function oldScope(scopes: readonly string[]): APIKeyScope {
  if (scopes.includes('coder:application_connect')) return 'application_connect';
  return scopes.includes('coder:all') ? 'all' : '';
}

/** codersdk.APIKey. Golden: keys-by-id */
export function presentKey(row: KeyRow): APIKey {
  return {
    id: row.id,
    user_id: row.userId,
    last_used: row.lastUsed,
    expires_at: row.expiresAt,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    login_type: row.loginType as APIKey['login_type'],
    scope: oldScope(row.scopes),
    scopes: row.scopes,
    token_name: row.tokenName,
    lifetime_seconds: row.lifetimeSeconds,
    allow_list: shownAllowList(row.allowList),
  };
}

/** The list of codersdk.APIKeyWithOwner; without any token it is null. Golden: keys-list */
export const presentTokens = (rows: readonly (KeyRow & { username: string })[]): APIKeyWithOwner[] | null =>
  rows.length === 0 ? null : rows.map((row) => ({ ...presentKey(row), username: row.username }));

/** codersdk.GenerateAPIKeyResponse: the text of a new key, shown this once. Golden: keys-create */
export const presentNewKey = (key: string) => ({ key });

/** codersdk.TokenConfig. Golden: keys-lifetime-limits */
export const presentTokenConfig = (maxLifetimeNs: bigint) => ({ max_token_lifetime: Number(maxLifetimeNs) });

/** codersdk.ExternalAPIKeyScopes. Golden: keys-scope-input/catalogue-anonymous */
export const presentExternalScopes = (names: readonly string[]) => ({ external: [...names] });

/** A session or key in the list of what is signed in. `inUseId` is the id of the key that asks. */
export function presentUserKey(row: KeyRow, inUseId: string): UserKey {
  return {
    id: row.id,
    kind: row.kind as UserKey['kind'],
    created_at: row.createdAt,
    last_used: row.lastUsed,
    ip_address: row.ipAddress,
    expires_at: row.expiresAt,
    token_name: row.tokenName,
    scopes: row.scopes,
    allow_list: shownAllowList(row.allowList),
    current: row.id === inUseId,
  };
}
