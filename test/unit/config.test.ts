import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Config, ConfigError, readConfig } from '../../src/config.ts';
import { durationText, parseDuration } from '../../src/golang/durations.ts';
import { selfSigned } from '../support/certificates.ts';

type Env = Record<string, string>;

const HOUR = 3_600_000_000_000n;
const OIDC: Env = { CODER_OIDC_CLIENT_ID: 'app', CODER_OIDC_ISSUER_URL: 'https://id.example.com/realm/' };
const GITHUB: Env = { CODER_OAUTH2_GITHUB_CLIENT_ID: 'app', CODER_OAUTH2_GITHUB_CLIENT_SECRET: 'shh' };
const EVERYONE: Env = { ...GITHUB, CODER_OAUTH2_GITHUB_ALLOW_EVERYONE: 'true' };
const MAIL: Env = { CODER_EMAIL_SMARTHOST: 'mail.example.com:587', CODER_EMAIL_FROM: 'coder@example.com' };
const KEY = Buffer.alloc(32, 7).toString('base64');

function oidcOf(env: Env): NonNullable<Config['oidc']> {
  const { oidc } = readConfig({ ...OIDC, ...env });
  if (oidc === null) throw new Error('OIDC is off');
  return oidc;
}

function githubOf(env: Env): NonNullable<Config['github']> {
  const { github } = readConfig(env);
  if (github === null) throw new Error('GitHub is off');
  return github;
}

function refusal(env: Env): ConfigError {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`);
}

describe('durations', () => {
  it.each<[string, bigint]>([
    ['0', 0n],
    ['-0', 0n],
    ['48h', 48n * HOUR],
    ['1h30m', HOUR + HOUR / 2n],
    ['500ms', 500_000_000n],
    ['1.5s', 1_500_000_000n],
    ['.5m', 30_000_000_000n],
    ['2.s', 2_000_000_000n],
    ['3us4ns', 3_004n],
    ['3\u00b5s', 3_000n],
    ['3\u03bcs', 3_000n],
    ['-1h', -HOUR],
    ['+1m', 60_000_000_000n],
    ['876600h', 876_600n * HOUR],
    ['2d', 48n * HOUR],
    ['1d12h', 36n * HOUR],
  ])('%s is read exactly', (text, ns) => {
    expect(parseDuration(text)).toBe(ns);
  });

  it.each(['', '3600', '1.5', 'h', '.h', '1y', '1w', '1 h', '1h ', '--1h', '1H', '2562048h', '1e3s'])(
    '%j is no duration',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it.each<[bigint, string]>([
    [168n * HOUR, '168h0m0s'],
    [2_175_000_000_000n, '36m15s'],
    [HOUR + HOUR / 2n, '1h30m0s'],
    [876_600n * HOUR, '876600h0m0s'],
    [0n, '0s'],
    [500_000_000n, '500ms'],
    [1_500_000n, '1.5ms'],
    [1_500n, '1.5µs'],
    [7n, '7ns'],
    [2_500_000_000n, '2.5s'],
    [60_000_000_001n, '1m0.000000001s'],
    [-HOUR, '-1h0m0s'],
  ])('%s ns are written as %s', (ns, text) => {
    expect(durationText(ns)).toBe(text);
  });
});

describe('defaults', () => {
  it('an empty environment gives a server on loopback with the documented values', () => {
    expect(readConfig({})).toEqual({
      options: expect.any(Array),
      http: { host: '127.0.0.1', port: 3000 },
      tls: null,
      hsts: '',
      redirectToAccessUrl: false,
      accessUrl: 'http://127.0.0.1:3000',
      basePath: '',
      deployment: {
        advertisedVersion: 'v0.0.0',
        upgradeMessage: '',
        sshHostnamePrefix: 'coder.',
        workspaceHostnameSuffix: 'coder',
        sshConfigOptions: {},
        experiments: [],
        termsOfServiceUrl: '',
        docsUrl: 'https://coder.com/docs',
        cliDownloadUrl: '',
        swagger: true,
        supportLinks: undefined,
      },
      postgres: { dataDir: './data' },
      sessions: { durationNs: 24n * HOUR, refreshDisabled: false },
      tokens: {
        defaultLifetimeNs: 168n * HOUR,
        maxLifetimeNs: 876_600n * HOUR,
        maxAdminLifetimeNs: 168n * HOUR,
        retentionNs: 168n * HOUR,
      },
      cookies: { secure: false, sameSite: 'lax', hostPrefix: false },
      passwords: { authDisabled: false },
      rateLimit: { api: 512, disabled: false },
      proxy: { trustedHeaders: [], trustedOrigins: [] },
      cors: { allowAll: false },
      sshKeygenAlgorithm: 'ed25519',
      rbac: { disableOwnerWorkspaceAccess: false, disableWorkspaceSharing: false, disableChatSharing: false },
      encryption: { keys: [] },
      audit: { retentionNs: 0n },
      outgoing: {
        certFile: '',
        certFolders: [],
        httpProxy: '',
        httpsProxy: '',
        noProxy: ['localhost', '127.0.0.1', '::1', '[::1]'],
      },
      email: null,
      notifications: {
        method: 'smtp',
        webhookEndpoint: undefined,
        inboxEnabled: true,
        maxSendAttempts: 5,
        retryIntervalNs: 300_000_000_000n,
        leaseCount: 20,
        leasePeriodNs: 120_000_000_000n,
        fetchIntervalNs: 15_000_000_000n,
        dispatchTimeoutNs: 60_000_000_000n,
      },
      oidc: null,
      github: null,
      idpSync: {
        organizations: { field: '', mapping: {}, assignDefault: true },
        groups: { field: '', nameMapping: {}, regexFilter: null, autoCreate: false },
      },
      log: { level: 'info', human: false, files: {}, filter: [], slowStatementMs: 1000 },
      metrics: null,
      tracing: null,
    });
  });

  it('an empty variable counts as unset', () => {
    const names = ['CODER_HTTP_ADDRESS', 'CODER_ACCESS_URL', 'CODER_SESSION_DURATION', 'CODER_API_RATE_LIMIT'];
    const more = ['CODER_OIDC_CLIENT_ID', 'CODER_OIDC_ISSUER_URL', 'CODER_SAMESITE_AUTH_COOKIE', 'CODER_EXPERIMENTS'];
    expect(readConfig(Object.fromEntries([...names, ...more].map((name) => [name, ''])))).toEqual(readConfig({}));
  });

  it('the result cannot be changed at any depth', () => {
    const config = readConfig({ ...OIDC, CODER_OIDC_USER_ROLE_MAPPING: '{"a": ["owner"]}', ...MAIL });
    const unfrozen: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) unfrozen.push(path);
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
    };
    walk(config, 'config');
    expect(unfrozen).toEqual([]);
  });
});

describe('values', () => {
  it.each<[Env, unknown, (config: Config) => unknown]>([
    [{ CODER_HTTP_ADDRESS: '0.0.0.0:80' }, { host: '0.0.0.0', port: 80 }, (c) => c.http],
    [{ CODER_HTTP_ADDRESS: ':3000' }, { host: '::', port: 3000 }, (c) => c.http],
    [{ CODER_HTTP_ADDRESS: '[::1]:3000' }, { host: '::1', port: 3000 }, (c) => c.http],
    [{ CODER_HTTP_ADDRESS: ':3000' }, 'http://localhost:3000', (c) => c.accessUrl],
    [{ CODER_HTTP_ADDRESS: '[::1]:3000' }, 'http://[::1]:3000', (c) => c.accessUrl],
    [{ CODER_ACCESS_URL: 'http://host:3000/' }, 'http://host:3000', (c) => c.accessUrl],
    [{ CODER_ACCESS_URL: 'https://host/coder//' }, 'https://host/coder', (c) => c.accessUrl],
    [{ CODER_ACCESS_URL: 'https://host' }, true, (c) => c.cookies.secure],
    [{ CODER_ACCESS_URL: 'https://host', CODER_SECURE_AUTH_COOKIE: 'false' }, false, (c) => c.cookies.secure],
    [{ CODER_SECURE_AUTH_COOKIE: '1' }, true, (c) => c.cookies.secure],
    [{ CODER_SAMESITE_AUTH_COOKIE: 'none' }, 'none', (c) => c.cookies.sameSite],
    [{ CODER_HOST_PREFIX_COOKIE: 't' }, true, (c) => c.cookies.hostPrefix],
    [{ CODER_SESSION_DURATION: '2500ms' }, 2_500_000_000n, (c) => c.sessions.durationNs],
    [{ CODER_MAX_TOKEN_LIFETIME: '2d' }, 48n * HOUR, (c) => c.tokens.maxLifetimeNs],
    [{ CODER_MAX_TOKEN_LIFETIME: '0' }, 0n, (c) => c.tokens.maxLifetimeNs],
    [{ CODER_MAX_ADMIN_TOKEN_LIFETIME: '-1h' }, -HOUR, (c) => c.tokens.maxAdminLifetimeNs],
    [{ CODER_DEFAULT_TOKEN_LIFETIME: '1h30m' }, HOUR + HOUR / 2n, (c) => c.tokens.defaultLifetimeNs],
    [{ CODER_API_KEYS_RETENTION: '0' }, 0n, (c) => c.tokens.retentionNs],
    [{ CODER_AUDIT_LOGS_RETENTION: '30d' }, 720n * HOUR, (c) => c.audit.retentionNs],
    [{ CODER_API_RATE_LIMIT: '0' }, 512, (c) => c.rateLimit.api],
    [{ CODER_API_RATE_LIMIT: '-1' }, -1, (c) => c.rateLimit.api],
    [{ CODER_API_RATE_LIMIT: '4' }, 4, (c) => c.rateLimit.api],
    [{ CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'TRUE' }, true, (c) => c.rateLimit.disabled],
    [{ CODER_DISABLE_PASSWORD_AUTH: 'True' }, true, (c) => c.passwords.authDisabled],
    [{ CODER_DISABLE_PASSWORD_AUTH: 'F' }, false, (c) => c.passwords.authDisabled],
    [{ CODER_DISABLE_SESSION_EXPIRY_REFRESH: 'true' }, true, (c) => c.sessions.refreshDisabled],
    [{ CODER_DANGEROUS_ALLOW_CORS_REQUESTS: 'true' }, true, (c) => c.cors.allowAll],
    [{ CODER_DISABLE_OWNER_WORKSPACE_ACCESS: 'true' }, true, (c) => c.rbac.disableOwnerWorkspaceAccess],
    [{ CODER_SSH_KEYGEN_ALGORITHM: 'RSA4096' }, 'rsa4096', (c) => c.sshKeygenAlgorithm],
    [{ CODER_SSH_KEYGEN_ALGORITHM: 'Ecdsa' }, 'ecdsa', (c) => c.sshKeygenAlgorithm],
    [{ CODER_EXPERIMENTS: 'one, two' }, ['one', 'two'], (c) => c.deployment.experiments],
    [
      { CODER_SSH_CONFIG_OPTIONS: 'ForwardX11=yes,SetEnv A=B' },
      { ForwardX11: 'yes', SetEnv: 'A=B' },
      (c) => c.deployment.sshConfigOptions,
    ],
    [
      { CODER_PROXY_TRUSTED_HEADERS: 'X-Forwarded-For,True-Client-IP' },
      ['x-forwarded-for', 'true-client-ip'],
      (c) => c.proxy.trustedHeaders,
    ],
    [
      { CODER_PROXY_TRUSTED_ORIGINS: '10.0.0.0/8, fd00::/8' },
      ['10.0.0.0/8', 'fd00::/8'],
      (c) => c.proxy.trustedOrigins,
    ],
    [{ CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: KEY }, [KEY], (c) => c.encryption.keys],
    [
      { CODER_PG_CONNECTION_URL: 'postgres://u:a#b$c@h/db', CODER_USERS_DATA_DIR: '/var/lib/x' },
      { url: 'postgres://u:a#b$c@h/db', dataDir: '/var/lib/x' },
      (c) => c.postgres,
    ],
    [
      { CODER_PG_CONNECTION_URL: 'postgres://h/db', PGSSLMODE: 'require' },
      'postgres://h/db?sslmode=require',
      (c) => c.postgres.url,
    ],
    [{ CODER_VERBOSE: 'true' }, 'debug', (c) => c.log.level],
    [{ CODER_VERBOSE: 'true', CODER_USERS_LOG_LEVEL: 'warn' }, 'warn', (c) => c.log.level],
  ])('%j is understood', (env, expected, pick) => {
    expect(pick(readConfig(env))).toEqual(expected);
  });

  it.each<[string, string]>([
    ['CODER_HTTP_ADDRESS', '3000'],
    ['CODER_HTTP_ADDRESS', 'host:70000'],
    ['CODER_ACCESS_URL', 'coder.example.com'],
    ['CODER_ACCESS_URL', 'ftp://coder.example.com'],
    ['CODER_ACCESS_URL', 'https://coder.example.com/?a=b'],
    ['CODER_SESSION_DURATION', '24'],
    ['CODER_SESSION_DURATION', '1w'],
    ['CODER_DEFAULT_TOKEN_LIFETIME', '3600'],
    ['CODER_MAX_TOKEN_LIFETIME', '1y'],
    ['CODER_MAX_ADMIN_TOKEN_LIFETIME', '5'],
    ['CODER_SECURE_AUTH_COOKIE', 'yes'],
    ['CODER_DISABLE_PASSWORD_AUTH', 'tRUE'],
    ['CODER_DISABLE_PASSWORD_AUTH', 'constructor'],
    ['CODER_OIDC_ALLOW_SIGNUPS', 'maybe'],
    ['CODER_OAUTH2_GITHUB_DEVICE_FLOW', 'on'],
    ['CODER_SAMESITE_AUTH_COOKIE', 'strict'],
    ['CODER_API_RATE_LIMIT', '1.5'],
    ['CODER_API_RATE_LIMIT', 'many'],
    ['CODER_PROXY_TRUSTED_ORIGINS', '10.0.0.0/33'],
    ['CODER_PROXY_TRUSTED_ORIGINS', '10.0.0.1'],
    ['CODER_PROXY_TRUSTED_ORIGINS', 'all'],
    ['CODER_SSH_CONFIG_OPTIONS', 'lonely'],
    ['CODER_OIDC_AUTH_URL_PARAMS', '[1]'],
    ['CODER_OIDC_AUTH_URL_PARAMS', 'text'],
    ['CODER_OIDC_AUTH_URL_PARAMS', '{"a": {"b": "c"}}'],
    ['CODER_OIDC_AUTH_URL_PARAMS', '{"a":'],
    ['CODER_OIDC_USER_ROLE_MAPPING', '{"a": [1]}'],
    ['CODER_OIDC_ORGANIZATION_MAPPING', '{"a": ["not-an-id"]}'],
    ['CODER_OIDC_ALLOWED_GROUPS', ','],
    ['CODER_OIDC_ALLOWED_GROUPS', '"open'],
    ['CODER_USERS_LOG_LEVEL', 'loud'],
  ])('%s=%s is refused with the name and the value', (variable, value) => {
    const error = refusal({ [variable]: value });
    expect(error.variable).toBe(variable);
    expect(error.message).toContain(variable);
    expect(error.message).toContain(variable.includes('ORGANIZATION') ? 'not-an-id' : JSON.stringify(value));
  });

  it.each<[string, string]>([
    ['CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS', 'c2hvcnQtc2VjcmV0'],
    ['CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS', `${KEY},"hunter2"`],
    ['CODER_PG_CONNECTION_URL', 'mysql://app:hunter2@db/app'],
    ['CODER_PG_DIRECT_CONNECTION_URL', 'host=db password=hunter2'],
  ])('a bad %s is refused without showing the secret', (variable, value) => {
    const { message } = refusal({ [variable]: value });
    expect(message).toContain(variable);
    expect(message).not.toMatch(/hunter2|c2hvcnQt/);
  });

  it('an unknown SSH key algorithm stops the start with the documented text', () => {
    expect(refusal({ CODER_SSH_KEYGEN_ALGORITHM: 'Dsa' }).message).toContain(
      'parse ssh keygen algorithm Dsa: invalid key type: Dsa, must be one of: ed25519,ecdsa,rsa4096',
    );
  });
});

describe('OpenID Connect', () => {
  let folder = '';
  let keyFile = '';
  let certFile = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-test-'));
    keyFile = join(folder, 'key.pem');
    certFile = join(folder, 'cert.pem');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keyPem = privateKey.export({ type: 'pkcs1', format: 'pem' });
    writeFileSync(keyFile, keyPem);
    writeFileSync(certFile, selfSigned('coder.example.com', privateKey));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is off without a client id, whatever else is set', () => {
    expect(readConfig({ CODER_OIDC_ISSUER_URL: 'https://id', CODER_OIDC_ALLOWED_GROUPS: 'a' }).oidc).toBeNull();
  });

  it('has the documented defaults and keeps the issuer letter for letter', () => {
    expect(oidcOf({})).toEqual({
      issuerUrl: 'https://id.example.com/realm/',
      clientId: 'app',
      clientSecret: '',
      clientAssertion: null,
      redirectUri: 'http://127.0.0.1:3000/api/v2/users/oidc/callback',
      scopes: ['openid', 'profile', 'email'],
      authUrlParams: {},
      emailDomains: [],
      allowSignups: true,
      signupsDisabledText: '',
      ignoreEmailVerified: false,
      emailField: 'email',
      usernameField: 'preferred_username',
      nameField: 'name',
      ignoreUserInfo: false,
      accessTokenClaims: false,
      groupField: '',
      allowedGroups: [],
      signInText: 'OpenID Connect',
      iconUrl: '',
      skipIssuerChecks: false,
      repairLinks: true,
      userRoleField: '',
      userRoleMapping: {},
      userRoleDefault: [],
    });
  });

  it.each<[Env, Partial<Config['idpSync']>]>([
    [{}, { organizations: { field: '', mapping: {}, assignDefault: true } }],
    [{}, { groups: { field: '', nameMapping: {}, regexFilter: null, autoCreate: false } }],
    [
      { CODER_OIDC_GROUP_FIELD: 'g' },
      { groups: { field: 'g', nameMapping: {}, regexFilter: '.*', autoCreate: false } },
    ],
    [
      { CODER_OIDC_ORGANIZATION_MAPPING: '{"dev": ["ABCDEF01-0000-4000-8000-000000000001"]}' },
      { organizations: { field: '', mapping: { dev: ['abcdef01-0000-4000-8000-000000000001'] }, assignDefault: true } },
    ],
  ])('reads what sync begins with from %j', (env, expected) => {
    expect(readConfig(env).idpSync).toMatchObject(expected);
  });

  it.each<[Env, Partial<NonNullable<Config['oidc']>>]>([
    [{ CODER_OIDC_SCOPES: 'openid,groups' }, { scopes: ['openid', 'groups'], groupField: 'groups' }],
    [{ CODER_OIDC_SCOPES: 'openid,groups', CODER_OIDC_GROUP_FIELD: 'memberof' }, { groupField: 'memberof' }],
    [
      { CODER_OIDC_GROUP_FIELD: 'g', CODER_OIDC_ALLOWED_GROUPS: 'staff,"CN=a,OU=b"' },
      { allowedGroups: ['staff', 'CN=a,OU=b'] },
    ],
    [{ CODER_OIDC_EMAIL_DOMAIN: '@Corp.test,second.test' }, { emailDomains: ['corp.test', 'second.test'] }],
    [
      { CODER_OIDC_AUTH_URL_PARAMS: '{"access_type":"online","max_age":60}' },
      { authUrlParams: { access_type: 'online', max_age: '60' } },
    ],
    [{ CODER_OIDC_AUTH_URL_PARAMS: 'prompt: login' }, { authUrlParams: { prompt: 'login' } }],
    [
      { CODER_OIDC_REDIRECT_URL: 'http://localhost:1/some/path' },
      { redirectUri: 'http://localhost:1/api/v2/users/oidc/callback' },
    ],
    [
      { CODER_ACCESS_URL: 'https://in.test/coder/', CODER_OIDC_REDIRECT_URL: 'https://out.test' },
      { redirectUri: 'https://out.test/coder/api/v2/users/oidc/callback' },
    ],
    [
      { CODER_OIDC_ACCESS_TOKEN_CLAIMS: 'true', CODER_OIDC_IGNORE_USERINFO: 'true' },
      { accessTokenClaims: true, ignoreUserInfo: true },
    ],
    [{ CODER_DANGEROUS_OIDC_SKIP_ISSUER_CHECKS: 'true' }, { skipIssuerChecks: true }],
    [
      { CODER_OIDC_USER_ROLE_FIELD: 'roles', CODER_OIDC_USER_ROLE_MAPPING: '{"boss": ["owner"], "eye": "auditor"}' },
      { userRoleField: 'roles', userRoleMapping: { boss: ['owner'], eye: ['auditor'] } },
    ],
    [{ CODER_OIDC_USER_ROLE_DEFAULT: 'auditor,user-admin' }, { userRoleDefault: ['auditor', 'user-admin'] }],
  ])('%j', (env, expected) => {
    expect(oidcOf(env)).toMatchObject(expected);
  });

  it('reads the client key and certificate', () => {
    const env = { CODER_OIDC_CLIENT_KEY_FILE: keyFile, CODER_OIDC_CLIENT_CERT_FILE: certFile };
    expect(oidcOf(env).clientAssertion).toEqual({
      keyPem: expect.stringContaining('BEGIN RSA PRIVATE KEY'),
      certificatePem: expect.stringContaining('BEGIN CERTIFICATE'),
    });
  });

  it.each<[string, () => Env, string]>([
    ['a client id without issuer', () => ({ CODER_OIDC_ISSUER_URL: '' }), 'CODER_OIDC_ISSUER_URL'],
    ['an issuer that is no address', () => ({ CODER_OIDC_ISSUER_URL: 'id' }), 'CODER_OIDC_ISSUER_URL'],
    ['allowed groups without a field', () => ({ CODER_OIDC_ALLOWED_GROUPS: 'a' }), 'CODER_OIDC_ALLOWED_GROUPS'],
    [
      'access token claims together with user info',
      () => ({ CODER_OIDC_ACCESS_TOKEN_CLAIMS: 'true' }),
      'CODER_OIDC_ACCESS_TOKEN_CLAIMS',
    ],
    [
      'a secret together with a key file',
      () => ({ CODER_OIDC_CLIENT_SECRET: 's', CODER_OIDC_CLIENT_KEY_FILE: keyFile }),
      'CODER_OIDC_CLIENT_KEY_FILE',
    ],
    [
      'a key file that is not there',
      () => ({ CODER_OIDC_CLIENT_KEY_FILE: join(folder, 'gone.pem') }),
      'CODER_OIDC_CLIENT_KEY_FILE',
    ],
    ['a key file without a key', () => ({ CODER_OIDC_CLIENT_KEY_FILE: certFile }), 'CODER_OIDC_CLIENT_KEY_FILE'],
    ['a certificate without key', () => ({ CODER_OIDC_CLIENT_CERT_FILE: certFile }), 'CODER_OIDC_CLIENT_CERT_FILE'],
  ])('%s stops the start', (_, env, variable) => {
    expect(refusal({ ...OIDC, ...env() }).variable).toBe(variable);
  });
});

describe('GitHub', () => {
  it('is off when neither an application nor the default provider is set', () => {
    expect(readConfig({}).github).toBeNull();
    expect(readConfig({ CODER_OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE: 'false' }).github).toBeNull();
  });

  it.each(['CODER_OAUTH2_GITHUB_CLIENT_ID', 'CODER_OAUTH2_GITHUB_CLIENT_SECRET'])(
    '%s alone switches the own application on',
    (variable) => {
      const github = githubOf({ [variable]: 'x', CODER_OAUTH2_GITHUB_ALLOW_EVERYONE: 'true' });
      expect(github).toMatchObject({ isDefaultProvider: false, deviceFlow: false, allowEveryone: true });
    },
  );

  it('takes an Enterprise server without its trailing slash', () => {
    const env = { ...EVERYONE, CODER_OAUTH2_GITHUB_ENTERPRISE_BASE_URL: 'https://ghe.example.com/' };
    expect(githubOf(env).enterpriseBaseUrl).toBe('https://ghe.example.com');
    expect(githubOf(EVERYONE).enterpriseBaseUrl).toBeUndefined();
  });

  it('keeps blanks and case of organizations and teams', () => {
    const lists = {
      CODER_OAUTH2_GITHUB_ALLOWED_ORGS: 'Acme, labs',
      CODER_OAUTH2_GITHUB_ALLOWED_TEAMS: 'Acme/Devs, labs/core',
    };
    expect(githubOf({ ...GITHUB, ...lists })).toMatchObject({
      allowedOrgs: ['Acme', ' labs'],
      allowedTeams: [
        { organization: 'Acme', slug: 'Devs' },
        { organization: ' labs', slug: 'core' },
      ],
    });
  });

  it('the built-in application is used only when asked for, and admits everyone unless organizations are set', () => {
    const on = { CODER_OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE: 'true' };
    expect(githubOf(on)).toMatchObject({ clientId: 'Iv1.6a2b4b4aec4f4fe7', deviceFlow: true, allowEveryone: true });
    expect(githubOf({ ...on, CODER_OAUTH2_GITHUB_ALLOWED_ORGS: 'acme' })).toMatchObject({
      isDefaultProvider: true,
      allowEveryone: false,
      allowedOrgs: ['acme'],
    });
  });

  it('shows the text for closed sign-ups that is set for OIDC', () => {
    const env = { ...EVERYONE, CODER_OIDC_SIGNUPS_DISABLED_TEXT: 'Ask **us**' };
    expect(githubOf(env).signupsDisabledText).toBe('Ask **us**');
  });

  it.each<[string, Env, string]>([
    ['nobody allowed', GITHUB, 'CODER_OAUTH2_GITHUB_ALLOWED_ORGS'],
    [
      'everyone and organizations',
      { ...EVERYONE, CODER_OAUTH2_GITHUB_ALLOWED_ORGS: 'a' },
      'CODER_OAUTH2_GITHUB_ALLOW_EVERYONE',
    ],
    [
      'everyone and teams',
      { ...EVERYONE, CODER_OAUTH2_GITHUB_ALLOWED_TEAMS: 'a/b' },
      'CODER_OAUTH2_GITHUB_ALLOWED_TEAMS',
    ],
    [
      'a team without slash',
      { ...GITHUB, CODER_OAUTH2_GITHUB_ALLOWED_ORGS: 'a', CODER_OAUTH2_GITHUB_ALLOWED_TEAMS: 'devs' },
      'CODER_OAUTH2_GITHUB_ALLOWED_TEAMS',
    ],
    [
      'a team without organization',
      { ...GITHUB, CODER_OAUTH2_GITHUB_ALLOWED_ORGS: 'a', CODER_OAUTH2_GITHUB_ALLOWED_TEAMS: '/devs' },
      'CODER_OAUTH2_GITHUB_ALLOWED_TEAMS',
    ],
  ])('%s stops the start', (_, env, variable) => {
    expect(refusal(env).variable).toBe(variable);
  });
});

describe('mail', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-test-'));
    writeFileSync(join(folder, 'password'), 'from file\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is off without a relay', () => {
    expect(readConfig({ CODER_EMAIL_FROM: 'coder@example.com' }).email).toBeNull();
  });

  it('reads the whole set', () => {
    const env = {
      ...MAIL,
      CODER_EMAIL_HELLO: 'coder.example.com',
      CODER_EMAIL_FORCE_TLS: 'true',
      CODER_EMAIL_AUTH_USERNAME: 'app',
      CODER_EMAIL_AUTH_PASSWORD_FILE: join(folder, 'password'),
      CODER_EMAIL_TLS_STARTTLS: 'true',
      CODER_EMAIL_TLS_SERVERNAME: 'relay',
      CODER_EMAIL_TLS_SKIPVERIFY: 'true',
    };
    expect(readConfig(env).email).toEqual({
      smarthost: { host: 'mail.example.com', port: 587 },
      from: 'coder@example.com',
      hello: 'coder.example.com',
      forceTls: true,
      auth: { username: 'app', password: 'from file' },
      tls: { startTls: true, serverName: 'relay', insecureSkipVerify: true },
    });
  });

  it('takes the older names, the newer ones win', () => {
    const env = {
      CODER_NOTIFICATIONS_EMAIL_SMARTHOST: 'old:25',
      CODER_NOTIFICATIONS_EMAIL_FROM: 'old@example.com',
      CODER_EMAIL_FROM: 'new@example.com',
    };
    expect(readConfig(env).email).toMatchObject({ smarthost: { host: 'old', port: 25 }, from: 'new@example.com' });
  });

  it.each<[string, Env, string]>([
    ['a relay without port', { ...MAIL, CODER_EMAIL_SMARTHOST: 'mail' }, 'CODER_EMAIL_SMARTHOST'],
    ['a relay without host', { ...MAIL, CODER_EMAIL_SMARTHOST: ':25' }, 'CODER_EMAIL_SMARTHOST'],
    ['a relay without sender', { CODER_EMAIL_SMARTHOST: 'mail:25' }, 'CODER_EMAIL_FROM'],
    [
      'an unreadable password file',
      { ...MAIL, CODER_NOTIFICATIONS_EMAIL_AUTH_PASSWORD_FILE: '/nonexistent' },
      'CODER_NOTIFICATIONS_EMAIL_AUTH_PASSWORD_FILE',
    ],
    [
      'password and password file',
      { ...MAIL, CODER_EMAIL_AUTH_PASSWORD: 'a', CODER_EMAIL_AUTH_PASSWORD_FILE: '/nonexistent' },
      'CODER_EMAIL_AUTH_PASSWORD_FILE',
    ],
    [
      'an unreadable authority file',
      { ...MAIL, CODER_EMAIL_TLS_CACERTFILE: '/nonexistent' },
      'CODER_EMAIL_TLS_CACERTFILE',
    ],
    ['a bad boolean', { CODER_EMAIL_FORCE_TLS: 'yes' }, 'CODER_EMAIL_FORCE_TLS'],
  ])('%s stops the start', (_, env, variable) => {
    expect(refusal(env).variable).toBe(variable);
  });
});
