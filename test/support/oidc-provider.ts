// A real OpenID provider on loopback, with switches for everything that can be wrong with one.
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import Provider, { type Configuration } from 'oidc-provider';

type Claims = Record<string, unknown>;

export interface ProviderAccount {
  sub: string;
  /** Told in the ID token and as user info. */
  claims: Claims;
  /** Only there, over the common ones. */
  userInfo?: Claims;
}

interface CannedAnswer {
  status: number;
  body: string;
  type?: string;
}

/** What is wrong with the provider; all of it can be changed at any time. */
export interface ProviderFaults {
  /** Canned answers by path (`/token`, `/me`, `/jwks`, `/.well-known/openid-configuration`). */
  answers?: Record<string, CannedAnswer>;
  /** Paths that answer only after this many milliseconds. */
  slow?: { paths: string[]; ms: number };
  /** Changes to the claims of the ID token before it is signed; undefined takes one out. */
  idToken?: Claims;
  /** How the ID token is made instead of properly. */
  signature?: 'stranger' | 'unknown-key' | 'none' | 'client-secret' | 'garbage' | 'missing';
}

export interface OidcProviderOptions {
  accounts: Record<string, ProviderAccount>;
  /** What discovery says of PKCE; undefined leaves it out. */
  pkceMethods?: string[] | undefined;
  /** Whether refresh tokens are given. */
  refreshTokens?: boolean;
  faults?: ProviderFaults;
  /** How the client proves itself, as client metadata; HTTP Basic without it. */
  clientAuth?: Record<string, unknown>;
  /** What discovery says of how clients may prove themselves; everything without it. */
  announcedAuth?: string[];
  /** A name for itself that is not its address. */
  issuer?: string;
  /** The address of the app; that of apps which are not listened to by default. */
  appUrl?: string;
}

export interface OidcProvider {
  readonly issuer: string;
  /** Settings with which an app uses this provider. */
  readonly env: Record<string, string>;
  readonly accounts: Record<string, ProviderAccount>;
  faults: ProviderFaults;
  /** Requests to the token endpoint so far: what they were granted by, or `canned` or `refused`. */
  readonly grants: string[];
  /** Signs with a new key from now on and publishes only that. */
  rotateKeys(): void;
  /** Follows a redirect to the provider as a browser would, signed in as an account; where it sends the browser in the end. */
  visit(location: string, account: string): Promise<URL>;
  close(): Promise<void>;
}

const CLIENT_ID = 'test-client';
const CLIENT_SECRET = 'test-client-secret-of-some-length';
const ACCOUNT_HEADER = 'x-account';

interface SigningKey {
  kid: string;
  privateKey: KeyObject;
  publicJwk: Record<string, unknown>;
}

function newKey(kid: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid, privateKey, publicJwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' } };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(claims: Claims, key: SigningKey): string {
  const input = `${encode({ alg: 'RS256', typ: 'JWT', kid: key.kid })}.${encode(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), key.privateKey).toString('base64url')}`;
}

/** An ID token with these claims, made as badly as the fault says. */
function badToken(
  claims: Claims,
  fault: NonNullable<ProviderFaults['signature']>,
  good: SigningKey,
): string | undefined {
  if (fault === 'missing') return undefined;
  if (fault === 'garbage') return 'not.a.token';
  if (fault === 'stranger') return signed(claims, { ...newKey('stranger'), kid: good.kid });
  if (fault === 'unknown-key') return signed(claims, newKey('stranger'));
  const head = encode({ alg: fault === 'none' ? 'none' : 'HS256', typ: 'JWT' });
  const input = `${head}.${encode(claims)}`;
  if (fault === 'none') return `${input}.`;
  return `${input}.${createHmac('sha256', CLIENT_SECRET).update(input).digest('base64url')}`;
}

const STANDARD = { email: ['email', 'email_verified'], profile: ['name', 'preferred_username', 'picture'] };

function configuration(options: OidcProviderOptions, key: SigningKey, redirectUris: string[]): Configuration {
  const { accounts } = options;
  const standard = new Set(Object.values(STANDARD).flat());
  const named = Object.values(accounts).flatMap(({ claims, userInfo }) => [
    ...Object.keys(claims),
    ...Object.keys(userInfo ?? {}),
  ]);
  const jwk = { ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg: 'RS256', use: 'sig' };
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        ...(options.clientAuth?.token_endpoint_auth_method !== 'private_key_jwt' && { client_secret: CLIENT_SECRET }),
        redirect_uris: redirectUris,
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token'],
        ...options.clientAuth,
      },
    ],
    jwks: { keys: [jwk as never] },
    claims: {
      openid: ['sub', 'groups', 'teams', ...new Set(named.filter((name) => !standard.has(name)))],
      ...STANDARD,
    },
    conformIdTokenClaims: false,
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    findAccount: (_ctx, sub) => {
      const account = Object.values(accounts).find((candidate) => candidate.sub === sub);
      return {
        accountId: sub,
        claims: (use) => ({ ...account?.claims, ...(use === 'userinfo' && account?.userInfo), sub }) as never,
      };
    },
    pkce: { required: () => false },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: ['test'] },
    issueRefreshToken: async () => options.refreshTokens !== false,
    rotateRefreshToken: () => true,
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      IdToken: 3600,
      Grant: 86_400,
      Session: 86_400,
      Interaction: 600,
      RefreshToken: 86_400,
    },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: CLIENT_ID,
        ...(ctx.oidc.session?.accountId !== undefined && { accountId: ctx.oidc.session.accountId }),
      });
      grant.addOIDCScope('openid email profile offline_access');
      await grant.save();
      return grant;
    },
  };
}

/** Makes the provider proper, with its faults built in. The package comments on settings that are only for development. */
function createProvider(
  issuer: string,
  options: OidcProviderOptions,
  key: SigningKey,
  state: OidcProvider & { signer: SigningKey },
): Provider {
  const { warn, info } = console;
  console.warn = () => undefined;
  console.info = () => undefined;
  const provider = new Provider(
    issuer,
    configuration(options, key, [`${options.appUrl ?? 'http://127.0.0.1:3000'}/api/v2/users/oidc/callback`]),
  );
  Object.assign(console, { warn, info });
  provider.use(async (ctx, next) => {
    const { answers, slow } = state.faults;
    if (slow?.paths.includes(ctx.path)) await delay(slow.ms, undefined, { ref: false });
    const canned = answers?.[ctx.path];
    if (canned) {
      if (ctx.path === '/token') state.grants.push('canned');
      ctx.status = canned.status;
      ctx.type = canned.type ?? 'application/json';
      ctx.body = canned.body;
      return;
    }
    // The package itself takes a secret either way.
    const inFormOnly = options.clientAuth?.token_endpoint_auth_method === 'client_secret_post';
    if (ctx.path === '/token' && inFormOnly && ctx.get('authorization') !== '') {
      state.grants.push('refused');
      ctx.status = 401;
      ctx.body = { error: 'invalid_client' };
      return;
    }
    await next();
    if (ctx.path === '/.well-known/openid-configuration') {
      const { code_challenge_methods_supported: _, ...document } = ctx.body as Claims;
      const { pkceMethods = ['S256'] } = options;
      ctx.body = {
        ...document,
        ...(pkceMethods.length > 0 && { code_challenge_methods_supported: pkceMethods }),
        ...(options.issuer !== undefined && { issuer: options.issuer }),
        ...(options.announcedAuth && { token_endpoint_auth_methods_supported: options.announcedAuth }),
      };
    }
    if (ctx.path === '/jwks') ctx.body = { keys: [state.signer.publicJwk] };
    if (ctx.path === '/token') {
      state.grants.push(String(ctx.oidc?.params?.grant_type));
      const body = ctx.body as Claims;
      if (ctx.status === 200 && typeof body.id_token === 'string')
        ctx.body = { ...body, id_token: reissued(body.id_token, state) };
    }
  });
  return provider;
}

/** The ID token with the changes that the faults ask for. */
function reissued(
  token: string,
  { faults, signer }: { faults: ProviderFaults; signer: SigningKey },
): string | undefined {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
  const changed = { ...claims, ...faults.idToken };
  return faults.signature ? badToken(changed, faults.signature, signer) : signed(changed, signer);
}

/** Starts a provider on a free port. Close it when the file ends. */
export async function startOidcProvider(options: OidcProviderOptions): Promise<OidcProvider> {
  const key = newKey('key-1');
  let handle: ReturnType<Provider['callback']> | undefined;
  const server: Server = createServer(async (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return handle?.(request, response);
    const account = options.accounts[String(request.headers[ACCOUNT_HEADER])];
    const result = account
      ? { login: { accountId: account.sub } }
      : { error: 'access_denied', error_description: 'The user said no' };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const state = {
    issuer,
    env: { CODER_OIDC_ISSUER_URL: issuer, CODER_OIDC_CLIENT_ID: CLIENT_ID, CODER_OIDC_CLIENT_SECRET: CLIENT_SECRET },
    accounts: options.accounts,
    faults: options.faults ?? {},
    grants: [] as string[],
    signer: key,
    rotateKeys() {
      state.signer = newKey('key-2');
    },
    async visit(location: string, account: string): Promise<URL> {
      const cookies = new Map<string, string>();
      let url = location;
      for (let hops = 0; hops < 10; hops++) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const response = await fetch(url, { redirect: 'manual', headers: { [ACCOUNT_HEADER]: account, cookie } });
        for (const line of response.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
          cookies.set(name, value);
        }
        const next = response.headers.get('location');
        if (!next)
          throw new Error(`the provider answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
        url = new URL(next, url).href;
        if (!url.startsWith(`${issuer}/`)) return new URL(url);
      }
      throw new Error('the provider keeps redirecting');
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const provider = createProvider(issuer, options, key, state);
  handle = provider.callback();
  return state;
}
