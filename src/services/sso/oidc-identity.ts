// A login through OpenID Connect, from the tokens to an identity.
import type { OidcConfig } from '../../config.ts';
import type { Ctx } from '../../ctx.ts';
import { ApiError, badRequest } from '../../errors.ts';
import type { Claims } from '../../idp/claims.ts';
import type { OidcProvider } from '../../idp/oidc.ts';
import { BadToken } from '../../idp/provider-error.ts';
import type { ProviderTokens } from '../../idp/token-endpoint.ts';
import type { LinkClaims } from '../../store/user-links.ts';
import { addressOf, requireGoodAddress } from './address.ts';
import { groupRefusal, profileOf } from './claims.ts';
import { repairLinks } from './first-contact.ts';
import type { ExternalIdentity, GrantedLogin } from './identity.ts';
import { LoginRefusal } from './refusal.ts';
import { rolesFromClaims } from './sync.ts';

const NO_USER_INFO = 'Failed to obtain user information claims.';

/** @throws ApiError 400 without an ID token, for one that does not verify, and for one that names nobody */
async function idTokenClaims(
  provider: OidcProvider,
  { idToken }: ProviderTokens,
  nonce: string,
  signal: AbortSignal,
): Promise<Claims & { sub: string }> {
  if (typeof idToken !== 'string') {
    throw badRequest('id_token not found in response payload. Ensure your OIDC callback is configured correctly!');
  }
  const claims = await provider.verifyToken(idToken, nonce, signal).catch((err: unknown) => {
    if (!(err instanceof BadToken)) throw err;
    throw badRequest('Failed to verify OIDC token.', { detail: err.message });
  });
  // It is of the login, not of the person whose claims are kept.
  const { nonce: _, sub, ...others } = claims;
  if (typeof sub !== 'string' || sub === '') {
    throw badRequest("OIDC token missing 'sub' claim field or 'sub' claim field is empty.", {
      detail:
        "'sub' claim field is required to be unique for all users by a given issue, an empty field is invalid and this authentication attempt is rejected.",
    });
  }
  return { ...others, sub };
}

/** @throws ApiError 400 when the access token is not a token of the same issuer and audience */
async function accessTokenClaims(
  provider: OidcProvider,
  { accessToken }: ProviderTokens,
  signal: AbortSignal,
): Promise<Claims> {
  try {
    return await provider.verifyToken(accessToken, undefined, signal);
  } catch (err) {
    if (!(err instanceof BadToken)) throw err;
    throw badRequest('Failed to verify access token.', {
      detail: `sourcing secondary claims from access token: ${err.message}`,
    });
  }
}

/** @throws LoginRefusal 502 when the provider gives none, ApiError 400 when they are about somebody else */
async function userInfoClaims(
  provider: OidcProvider,
  tokens: ProviderTokens,
  sub: string,
  signal: AbortSignal,
): Promise<Claims | undefined> {
  let claims: Claims | undefined;
  try {
    claims = await provider.userInfo(tokens.accessToken, signal);
  } catch (err) {
    const detail = `The attempt to fetch claims via the UserInfo endpoint failed: ${err instanceof Error ? err.message : ''}`;
    throw new LoginRefusal(502, NO_USER_INFO, detail, { as: 'browser-page' }, err);
  }
  // OpenID Connect Core 5.3.2: claims about another subject must not be used (docs/differences.md 19).
  if (claims && claims.sub !== undefined && claims.sub !== sub) {
    throw new ApiError(400, NO_USER_INFO, {
      detail: 'The UserInfo endpoint answered about another subject than the ID token.',
    });
  }
  return claims;
}

interface CollectedClaims {
  /** The strongest first: user info beats the ID token, which beats the access token. */
  sources: readonly Claims[];
  kept: Required<LinkClaims>;
}

async function collectClaims(
  provider: OidcProvider,
  config: OidcConfig,
  tokens: ProviderTokens,
  idToken: Claims & { sub: string },
  signal: AbortSignal,
): Promise<CollectedClaims> {
  const second = config.ignoreUserInfo
    ? config.accessTokenClaims && (await accessTokenClaims(provider, tokens, signal))
    : await userInfoClaims(provider, tokens, idToken.sub, signal);
  const other = second || {};
  const sources = config.ignoreUserInfo ? [idToken, other] : [other, idToken];
  const merged = Object.assign({}, ...sources.toReversed());
  return { sources, kept: { id_token_claims: idToken, user_info_claims: other, merged_claims: merged } };
}

/**
 * Who the tokens of a login belong to. Checked in this order; golden: sso/oidc-token-checks, sso/oidc-claims
 * @throws LoginRefusal, ApiError
 */
export async function oidcIdentity(ctx: Ctx, { tokens, nonce, signal }: GrantedLogin): Promise<ExternalIdentity> {
  const { oidc: config } = ctx.config;
  const { oidc: provider } = ctx.idp;
  if (!config || !provider) throw new Error('a login through a provider that is not configured');
  await repairLinks(ctx, provider);
  const idToken = await idTokenClaims(provider, tokens, nonce, signal);
  const { sources, kept } = await collectClaims(provider, config, tokens, idToken, signal);
  const { merged_claims: merged } = kept;
  const address = addressOf(sources, config);
  requireGoodAddress(address, config);
  return {
    loginType: 'oidc',
    linkedId: `${String(idToken.iss)}||${idToken.sub}`,
    email: address.email,
    ...profileOf(merged, config),
    tokens,
    claims: kept,
    refusal: groupRefusal(merged, config),
    linkedElsewhere: (message) =>
      new LoginRefusal(403, 'Account already linked', `${message} Contact your administrator.`),
    roles: rolesFromClaims(ctx.config, merged, ctx.log),
  };
}
