// GitHub (github.com or an Enterprise server) as a client of it: the web and the device flow, and what it says of a user.
import { OAuthApp } from '@octokit/oauth-app';
import { createDeviceCode, exchangeDeviceCode, exchangeWebFlowCode } from '@octokit/oauth-methods';
import type { GithubConfig } from '../config.ts';
import { jsonObject, type ProviderTokens, readText, readTokens } from './http.ts';
import { ProviderFailure, ProviderRefusal, providerError } from './provider-error.ts';

/** What GitHub says of the holder of a token. */
export interface GithubUser {
  /** Decimal; "" when GitHub gave none. */
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly avatarUrl: string;
}

export interface DeviceCode {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** Every call takes the end of the time that it may use. All throw ProviderRefusal or ProviderFailure. */
export interface GithubProvider {
  /** Where to send the browser. */
  authorizationUrl(login: { state: string; codeChallenge: string }): string;
  exchangeCode(code: string, codeVerifier: string, signal: AbortSignal): Promise<ProviderTokens>;
  exchangeDeviceCode(code: string, signal: AbortSignal): Promise<ProviderTokens>;
  refresh(refreshToken: string, signal: AbortSignal): Promise<ProviderTokens>;
  /** Starts a device authorization. An Enterprise server is not asked: it is refused with the code `unsupported`. */
  createDeviceCode(signal: AbortSignal): Promise<DeviceCode>;
  user(accessToken: string, signal: AbortSignal): Promise<GithubUser>;
  /** Names of the organizations in which the user is an active member, a hundred at most. */
  organizations(accessToken: string, signal: AbortSignal): Promise<string[]>;
  /** Whether GitHub knows of a membership, a pending one too; a failed request counts as none. */
  isTeamMember(
    accessToken: string,
    team: { organization: string; slug: string },
    login: string,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** The primary address if it is verified. */
  primaryEmail(accessToken: string, signal: AbortSignal): Promise<string | undefined>;
}

const SCOPES = ['read:user', 'read:org', 'user:email'];
const CALLBACK_PATH = '/api/v2/users/oauth2/github/callback';

type FetchInit = { method?: string; body?: string };

/** Sends what the library would send as JSON as a form, which every kind of GitHub server takes. */
function sendForm(url: string, { body }: FetchInit, signal: AbortSignal): Promise<Response> {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(jsonObject(body ?? '') ?? {})) form.set(name, String(value));
  return fetch(url, { method: 'POST', body: form, headers: { accept: 'application/json' }, signal });
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** How long to wait, in words, from a header that holds Unix seconds. */
function retryHint(reset: string | null): string {
  const seconds = Math.ceil(Number(reset ?? Number.NaN) - Date.now() / 1000);
  return seconds > 0 ? `retry after ${seconds}s` : 'please try again later';
}

async function readDeviceCode(response: Response): Promise<DeviceCode> {
  if (response.status === 429) {
    const hint = retryHint(response.headers.get('x-ratelimit-reset'));
    throw new ProviderFailure(`rate limit hit, unable to authorize device. ${hint}`);
  }
  const fields = jsonObject(await readText(response));
  const error = text(fields?.error);
  if (error !== '') throw new ProviderRefusal(error, text(fields?.error_description) || error);
  const deviceCode = text(fields?.device_code);
  const userCode = text(fields?.user_code);
  if (!response.ok || deviceCode === '' || userCode === '') {
    throw new ProviderFailure(`GitHub answered with status ${response.status} and no device code`);
  }
  return {
    deviceCode,
    userCode,
    verificationUri: text(fields?.verification_uri),
    expiresInSeconds: Number(fields?.expires_in ?? 0),
    intervalSeconds: Number(fields?.interval ?? 0),
  };
}

/** A whole positive number as decimal text, "" for anything else. */
const idText = (id: unknown) => (typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? String(id) : '');

/** Makes the client of the configured GitHub. Golden: sso/github-* */
export function createGithubProvider(config: GithubConfig, accessUrl: string): GithubProvider {
  const { clientId, clientSecret, enterpriseBaseUrl } = config;
  const siteUrl = enterpriseBaseUrl ?? 'https://github.com';
  const restUrl = enterpriseBaseUrl === undefined ? 'https://api.github.com' : `${enterpriseBaseUrl}/api/v3`;
  const redirectUri = accessUrl + CALLBACK_PATH;
  const { request } = new OAuthApp({ clientType: 'oauth-app', clientId, clientSecret }).octokit;
  const client = { clientType: 'oauth-app', clientId } as const;

  type Call = typeof request;

  /** Runs one of the library's token requests, with `extra` parameters that it does not know, and reads the answer. */
  async function tokensOf(
    run: (call: Call) => Promise<unknown>,
    extra: Record<string, string>,
    signal: AbortSignal,
  ): Promise<ProviderTokens> {
    let tokens: ProviderTokens | undefined;
    const call = request.defaults({
      ...extra,
      baseUrl: restUrl,
      request: {
        fetch: async (url: string, init: FetchInit) => {
          tokens = await readTokens(await sendForm(url, init, signal));
          return Response.json({ access_token: tokens.accessToken, scope: '' });
        },
      },
    });
    try {
      await run(call);
    } catch (err) {
      throw providerError(err);
    }
    if (!tokens) throw new ProviderFailure('GitHub was not asked');
    return tokens;
  }

  async function get(path: string, accessToken: string, signal: AbortSignal): Promise<unknown> {
    const headers = {
      authorization: `Bearer ${accessToken}`,
      accept: 'application/vnd.github+json',
      'user-agent': 'coder-users',
    };
    try {
      const response = await fetch(restUrl + path, { headers, signal });
      const body = await readText(response);
      if (!response.ok) throw new ProviderFailure(`GitHub answered with status ${response.status}`);
      return JSON.parse(body);
    } catch (err) {
      if (err instanceof SyntaxError) throw new ProviderFailure('the answer of GitHub is not JSON', { cause: err });
      throw providerError(err);
    }
  }

  async function list(path: string, accessToken: string, signal: AbortSignal): Promise<Record<string, unknown>[]> {
    const items = await get(path, accessToken, signal);
    if (!Array.isArray(items)) throw new ProviderFailure('the answer of GitHub is not a list');
    return items.filter((item) => typeof item === 'object' && item !== null);
  }

  return {
    authorizationUrl({ state, codeChallenge }) {
      const query = new URLSearchParams({
        client_id: clientId,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: SCOPES.join(' '),
        state,
        access_type: 'offline',
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      });
      return `${siteUrl}/login/oauth/authorize?${query}`;
    },

    exchangeCode: (code, codeVerifier, signal) =>
      tokensOf(
        (call) => exchangeWebFlowCode({ ...client, clientSecret, code, redirectUrl: redirectUri, request: call }),
        { grant_type: 'authorization_code', code_verifier: codeVerifier },
        signal,
      ),

    exchangeDeviceCode: (code, signal) =>
      tokensOf((call) => exchangeDeviceCode({ ...client, code, request: call }), {}, signal),

    // The library's own function fails on answers without a time of expiry.
    refresh: (refreshToken, signal) =>
      tokensOf(
        (call) =>
          call(`POST ${siteUrl}/login/oauth/access_token`, { client_id: clientId, client_secret: clientSecret }),
        { grant_type: 'refresh_token', refresh_token: refreshToken },
        signal,
      ),

    async createDeviceCode(signal) {
      if (enterpriseBaseUrl !== undefined) throw new ProviderRefusal('unsupported', 'device code URL not set');
      let code: DeviceCode | undefined;
      const call = request.defaults({
        baseUrl: restUrl,
        request: {
          fetch: async (url: string, init: FetchInit) => {
            code = await readDeviceCode(await sendForm(url, init, signal));
            return Response.json({});
          },
        },
      });
      try {
        await createDeviceCode({ ...client, scopes: SCOPES, request: call });
      } catch (err) {
        throw providerError(err);
      }
      if (!code) throw new ProviderFailure('GitHub was not asked');
      return code;
    },

    async user(accessToken, signal) {
      const body = await get('/user', accessToken, signal);
      if (typeof body !== 'object' || body === null) throw new ProviderFailure('the answer of GitHub is not an object');
      const user = { ...body } as Record<string, unknown>;
      return { id: idText(user.id), login: text(user.login), name: text(user.name), avatarUrl: text(user.avatar_url) };
    },

    async organizations(accessToken, signal) {
      const memberships = await list('/user/memberships/orgs?state=active&per_page=100', accessToken, signal);
      return memberships
        .filter(({ state }) => state === 'active')
        .map(({ organization }) => text((organization as { login?: unknown } | undefined)?.login));
    },

    async isTeamMember(accessToken, { organization, slug }, login, signal) {
      const [org, team, user] = [organization, slug, login].map(encodeURIComponent);
      try {
        await get(`/orgs/${org}/teams/${team}/memberships/${user}`, accessToken, signal);
        return true;
      } catch (err) {
        // Out of time says nothing of the user.
        if (signal.aborted) throw err;
        return false;
      }
    },

    async primaryEmail(accessToken, signal) {
      const emails = await list('/user/emails', accessToken, signal);
      return emails
        .map(({ email, primary, verified }) => (primary === true && verified === true ? text(email) : ''))
        .find((email) => email !== '');
    },
  };
}
