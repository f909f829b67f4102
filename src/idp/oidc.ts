// The OpenID Connect provider as a client of it: where to send browsers, and what to get for a code or a token.
import { createPrivateKey, hash, X509Certificate } from 'node:crypto';
import * as client from 'openid-client';
import type { Logger } from 'pino';
import type { OidcConfig } from '../config.ts';
import { createDiscovery, type Discovery } from './discovery.ts';
import { jsonObject, mediaType, type ProviderTokens, readText, readTokens } from './http.ts';
import { ProviderFailure, ProviderRefusal, providerError } from './provider-error.ts';
import type { Claims } from './token-verifier.ts';

export interface OidcProvider extends Pick<Discovery, 'started' | 'problem' | 'close'> {
  /** The provider's name for itself. @throws ProviderUnready */
  issuer(): Promise<string>;
  /** Whether a login uses PKCE: only with providers that say they know S256. @throws ProviderUnready */
  usesPkce(): Promise<boolean>;
  /** Where to send the browser. @throws ProviderUnready */
  authorizationUrl(login: { state: string; codeChallenge: string | undefined }): Promise<string>;
  /** @throws ProviderRefusal, ProviderFailure */
  exchangeCode(code: string, codeVerifier: string | undefined, signal: AbortSignal): Promise<ProviderTokens>;
  /** @throws ProviderRefusal, ProviderFailure */
  refresh(refreshToken: string, signal: AbortSignal): Promise<ProviderTokens>;
  /** The claims of an ID token, or of an access token of the same issuer and audience. @throws BadToken, ProviderUnready */
  verifyToken(token: string, signal: AbortSignal): Promise<Claims>;
  /**
   * The claims that the provider tells the holder of an access token; undefined when it has no such endpoint.
   * @throws ProviderFailure, BadToken
   */
  userInfo(accessToken: string, signal: AbortSignal): Promise<Claims | undefined>;
}

/** Signs with the configured RSA key; the header names the certificate, as some providers require. */
async function keyFileAuth({
  keyPem,
  certificatePem,
}: NonNullable<OidcConfig['clientAssertion']>): Promise<client.ClientAuth> {
  const pkcs8 = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  const x5t = certificatePem && hash('sha1', new X509Certificate(certificatePem).raw, 'base64url');
  return client.PrivateKeyJwt(key, {
    [client.modifyAssertion](header) {
      header.typ = 'JWT';
      if (x5t !== undefined) header.x5t = x5t;
    },
  });
}

/** How the client proves itself: the ways to try, in order. */
async function authMethods(config: OidcConfig): Promise<client.ClientAuth[]> {
  if (config.clientAssertion) return [await keyFileAuth(config.clientAssertion)];
  if (config.clientSecret === '') return [client.None()];
  return [client.ClientSecretBasic(config.clientSecret), client.ClientSecretPost(config.clientSecret)];
}

/** After this refusal another way to prove ourselves changes nothing: the client was believed, the code was not. */
const REFUSED_CODE = 'invalid_grant';

/** Makes the client of the configured provider; discovery begins at once, in the background. */
export function createOidcProvider(config: OidcConfig, log: Logger): OidcProvider {
  const discovery = createDiscovery(config, log);
  let ways: Promise<client.ClientAuth[]> | undefined;
  let workingWay: client.ClientAuth | undefined;

  /** One request to the token endpoint. The ID token stays out of the library's hands: it would check other rules. */
  async function request(
    way: client.ClientAuth,
    grant: string,
    parameters: Record<string, string>,
    signal: AbortSignal,
  ): Promise<ProviderTokens> {
    const { metadata } = await discovery.ready();
    const call = new client.Configuration(metadata, config.clientId, undefined, way);
    if (discovery.isInsecure) client.allowInsecureRequests(call);
    let tokens: ProviderTokens | undefined;
    call[client.customFetch] = async (url, { body, ...init }) => {
      tokens = await readTokens(await fetch(url, { ...init, body: String(body), signal }));
      return Response.json({ access_token: tokens.accessToken, token_type: 'bearer' });
    };
    try {
      await client.genericGrantRequest(call, grant, parameters);
    } catch (err) {
      throw providerError(err);
    }
    if (!tokens) throw new ProviderFailure('the provider was not asked');
    return tokens;
  }

  /** Tries the ways to prove ourselves until one is taken, and remembers it. */
  async function requestTokens(
    grant: string,
    parameters: Record<string, string>,
    signal: AbortSignal,
  ): Promise<ProviderTokens> {
    ways ??= authMethods(config);
    const candidates = workingWay ? [workingWay] : await ways;
    for (const [i, way] of candidates.entries()) {
      try {
        const tokens = await request(way, grant, parameters, signal);
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
    started: discovery.started,
    problem: discovery.problem,
    close: discovery.close,

    issuer: async () => (await discovery.ready()).metadata.issuer,
    usesPkce: async () => (await discovery.ready()).usesPkce,

    async authorizationUrl({ state, codeChallenge }) {
      const { configuration } = await discovery.ready();
      const url = client.buildAuthorizationUrl(configuration, {
        client_id: config.clientId,
        redirect_uri: config.redirectUri,
        response_type: 'code',
        scope: config.scopes.join(' '),
        state,
        ...(codeChallenge !== undefined && { code_challenge: codeChallenge, code_challenge_method: 'S256' }),
        ...config.authUrlParams,
      });
      return url.href;
    },

    exchangeCode: (code, codeVerifier, signal) =>
      requestTokens(
        'authorization_code',
        { code, redirect_uri: config.redirectUri, ...(codeVerifier !== undefined && { code_verifier: codeVerifier }) },
        signal,
      ),

    refresh: (refreshToken, signal) => requestTokens('refresh_token', { refresh_token: refreshToken }, signal),

    verifyToken: async (token, signal) => (await discovery.ready()).verifier.verify(token, signal),

    async userInfo(accessToken, signal) {
      const { metadata, verifier } = await discovery.ready();
      if (metadata.userinfo_endpoint === undefined) return undefined;
      try {
        const headers = { authorization: `Bearer ${accessToken}`, accept: 'application/json, application/jwt' };
        const response = await fetch(metadata.userinfo_endpoint, { headers, signal });
        const text = await readText(response);
        if (response.status !== 200) throw new ProviderFailure(`the provider answered with status ${response.status}`);
        if (mediaType(response) === 'application/jwt') return await verifier.verifySignature(text, signal);
        const claims = jsonObject(text);
        if (!claims) throw new ProviderFailure('the answer of the provider is not JSON');
        return claims;
      } catch (err) {
        throw providerError(err);
      }
    },
  };
}
