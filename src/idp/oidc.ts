// The OpenID Connect provider as a client of it: where to send browsers, and what to get for a code or a token.
import * as client from 'openid-client';
import type { Logger } from 'pino';
import type { OidcConfig } from '../config.ts';
import { type Claims, cleanClaims, MAX_CLAIMS_LENGTH } from './claims.ts';
import { clientAuthMethods } from './client-auth.ts';
import { createDiscovery, type Discovery } from './discovery.ts';
import { fetchBounded, jsonObject, mediaType } from './http.ts';
import type { IdentityProvider } from './provider.ts';
import { ProviderFailure, ProviderRefusal, providerError } from './provider-error.ts';
import { type ProviderTokens, requestTokens } from './token-endpoint.ts';

export interface OidcProvider extends IdentityProvider, Pick<Discovery, 'started' | 'problem' | 'close'> {
  /** The provider's name for itself. @throws ProviderUnready */
  issuer(): Promise<string>;
  /**
   * The claims of an ID token, or of an access token of the same issuer and audience.
   * @param nonce what the token must say of the login that it was made for; undefined for access tokens
   * @throws BadToken, ProviderUnready
   */
  verifyToken(token: string, nonce: string | undefined, signal: AbortSignal): Promise<Claims>;
  /**
   * The claims that the provider tells the holder of an access token; undefined when it has no such endpoint.
   * @throws ProviderFailure, BadToken
   */
  userInfo(accessToken: string, signal: AbortSignal): Promise<Claims | undefined>;
}

/** After this refusal another way to prove ourselves changes nothing: the client was believed, the code was not. */
const REFUSED_CODE = 'invalid_grant';

/** Makes the client of the configured provider; discovery begins at once, in the background. */
export function createOidcProvider(config: OidcConfig, log: Logger): OidcProvider {
  const discovery = createDiscovery(config, log);
  let ways: Promise<client.ClientAuth[]> | undefined;
  let workingWay: client.ClientAuth | undefined;

  /** Asks the token endpoint, with each way to prove ourselves until one is taken, and remembers it. */
  async function ask(grant: Record<string, string>, signal: AbortSignal): Promise<ProviderTokens> {
    const { metadata, configuration } = await discovery.ready();
    ways ??= clientAuthMethods(config, metadata.token_endpoint_auth_methods_supported);
    const candidates = workingWay ? [workingWay] : await ways;
    for (const [i, way] of candidates.entries()) {
      const form = new URLSearchParams(grant);
      const headers = new Headers();
      await way(metadata, configuration.clientMetadata(), form, headers);
      try {
        const tokens = await requestTokens(metadata.token_endpoint ?? '', form, signal, headers);
        workingWay = way;
        return tokens;
      } catch (err) {
        const isLast = i === candidates.length - 1;
        if (isLast || !(err instanceof ProviderRefusal) || err.code === REFUSED_CODE) throw err;
      }
    }
    throw new ProviderFailure('there is no way to prove this client to the provider');
  }

  return {
    loginType: 'oidc',
    isBuiltIn: false,
    usesDeviceFlow: false,
    signups: { allowed: config.allowSignups, refusal: config.signupsDisabledText },
    started: discovery.started,
    problem: discovery.problem,
    close: discovery.close,

    issuer: async () => (await discovery.ready()).metadata.issuer,
    usesPkce: async () => (await discovery.ready()).usesPkce,

    async loginUrl({ state, nonce, codeChallenge }) {
      const { configuration } = await discovery.ready();
      const parameters = {
        client_id: config.clientId,
        redirect_uri: config.redirectUri,
        response_type: 'code',
        scope: config.scopes.join(' '),
        access_type: 'offline',
        ...config.authUrlParams,
      };
      const url = client.buildAuthorizationUrl(configuration, {
        ...parameters,
        // What protects a login is not for settings to replace. Without this scope there is no ID token to hold a nonce.
        state,
        ...(parameters.scope.split(' ').includes('openid') && { nonce }),
        ...(codeChallenge !== undefined && { code_challenge: codeChallenge, code_challenge_method: 'S256' }),
      });
      return url.href;
    },

    exchangeCode: (code, codeVerifier, signal) =>
      ask(
        {
          grant_type: 'authorization_code',
          code,
          redirect_uri: config.redirectUri,
          ...(codeVerifier !== undefined && { code_verifier: codeVerifier }),
        },
        signal,
      ),

    refresh: (refreshToken, signal) => ask({ grant_type: 'refresh_token', refresh_token: refreshToken }, signal),

    verifyToken: async (token, nonce, signal) => (await discovery.ready()).verifier.verify(token, nonce, signal),

    async userInfo(accessToken, signal) {
      const { metadata, verifier } = await discovery.ready();
      if (metadata.userinfo_endpoint === undefined) return undefined;
      try {
        const headers = { authorization: `Bearer ${accessToken}`, accept: 'application/json, application/jwt' };
        const response = await fetchBounded('userinfo', metadata.userinfo_endpoint, { headers, signal });
        if (response.status !== 200) throw new ProviderFailure(`the provider answered with status ${response.status}`);
        const text = await response.text();
        if (mediaType(response) === 'application/jwt') return await verifier.verifySignature(text, signal);
        if (text.length > MAX_CLAIMS_LENGTH) throw new ProviderFailure('the answer of the provider is too long');
        const claims = jsonObject(text);
        if (!claims) throw new ProviderFailure('the answer of the provider is not JSON');
        return cleanClaims(claims);
      } catch (err) {
        throw providerError(err);
      }
    },
  };
}
