// GitHub (github.com or an Enterprise server) as a client of it: the web and the device flow, and what it says of a user.
import type { GithubConfig } from '../config.ts';
import { cleanText } from './claims.ts';
import { fetchBounded, jsonObject, postForm } from './http.ts';
import type { IdentityProvider } from './provider.ts';
import { ProviderFailure, ProviderRefusal, providerError } from './provider-error.ts';
import { type ProviderTokens, requestTokens } from './token-endpoint.ts';

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

export interface GithubProvider extends IdentityProvider {
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

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const text = (value: unknown): string => (typeof value === 'string' ? cleanText(value) : '');
const seconds = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : 0);

/** How long to wait, in words, from a header that holds Unix seconds. */
function retryHint(reset: string | null): string {
  const left = Math.ceil(Number(reset ?? Number.NaN) - Date.now() / 1000);
  return left > 0 ? `retry after ${left}s` : 'please try again later';
}

async function readDeviceCode(response: Response): Promise<DeviceCode> {
  if (response.status === 429) {
    const hint = retryHint(response.headers.get('x-ratelimit-reset'));
    throw new ProviderFailure(`rate limit hit, unable to authorize device. ${hint}`);
  }
  const fields = jsonObject(await response.text());
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
    expiresInSeconds: seconds(fields?.expires_in),
    intervalSeconds: seconds(fields?.interval),
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

  const ask = (parameters: Record<string, string>, signal: AbortSignal): Promise<ProviderTokens> =>
    requestTokens(
      `${siteUrl}/login/oauth/access_token`,
      new URLSearchParams({ client_id: clientId, ...parameters }),
      signal,
    );

  /** What GitHub says while nobody has typed the code in yet is its word alone, since the page asks for it. */
  async function exchangeDeviceCode(code: string, signal: AbortSignal): Promise<ProviderTokens> {
    try {
      return await ask({ grant_type: DEVICE_GRANT, device_code: code }, signal);
    } catch (err) {
      throw err instanceof ProviderRefusal ? new ProviderRefusal(err.code, '') : err;
    }
  }

  async function get(path: string, accessToken: string, signal: AbortSignal): Promise<unknown> {
    const headers = {
      authorization: `Bearer ${accessToken}`,
      accept: 'application/vnd.github+json',
      'user-agent': 'coder-users',
    };
    try {
      const response = await fetchBounded('account', restUrl + path, { headers, signal });
      if (!response.ok) throw new ProviderFailure(`GitHub answered with status ${response.status}`);
      return await response.json();
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
    loginType: 'github',
    isBuiltIn: config.isDefaultProvider,
    usesDeviceFlow: config.deviceFlow,
    signups: { allowed: config.allowSignups, refusal: config.signupsDisabledText },
    usesPkce: async () => true,

    async loginUrl({ state, codeChallenge }) {
      if (config.deviceFlow) return `/login/device?${new URLSearchParams({ state })}`;
      const query = new URLSearchParams({
        client_id: clientId,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: SCOPES.join(' '),
        state,
        access_type: 'offline',
        ...(codeChallenge !== undefined && { code_challenge: codeChallenge, code_challenge_method: 'S256' }),
      });
      return `${siteUrl}/login/oauth/authorize?${query}`;
    },

    async exchangeCode(code, codeVerifier, signal) {
      if (config.deviceFlow) return exchangeDeviceCode(code, signal);
      return ask(
        {
          client_secret: clientSecret,
          grant_type: 'authorization_code',
          code,
          redirect_uri: redirectUri,
          ...(codeVerifier !== undefined && { code_verifier: codeVerifier }),
        },
        signal,
      );
    },

    refresh: (refreshToken, signal) =>
      ask({ client_secret: clientSecret, grant_type: 'refresh_token', refresh_token: refreshToken }, signal),

    async createDeviceCode(signal) {
      if (enterpriseBaseUrl !== undefined) throw new ProviderRefusal('unsupported', 'device code URL not set');
      const form = new URLSearchParams({ client_id: clientId, scope: SCOPES.join(' ') });
      const headers = new Headers({ accept: 'application/json' });
      try {
        return await readDeviceCode(await postForm('device', `${siteUrl}/login/device/code`, form, headers, signal));
      } catch (err) {
        throw providerError(err);
      }
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
