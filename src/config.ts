// The one reader of the environment: CODER_* variables in, one frozen Config out, or a ConfigError that stops the start.

import { type EmailConfig, readEmail } from './config/email.ts';
import { type GithubConfig, readGithub } from './config/github.ts';
import { type IdpSyncConfig, readIdpSync } from './config/idp-sync.ts';
import { type NotificationsConfig, readNotifications } from './config/notifications.ts';
import { type OidcConfig, readGroupField, readOidc } from './config/oidc.ts';
import { type DeploymentOption, deploymentOptions } from './config/options.ts';
import { type OutgoingConfig, readOutgoing } from './config/outgoing.ts';
import { readSupportLinks, type SupportLink } from './config/support-links.ts';
import { readHsts, readRedirect, readTls, type TlsConfig } from './config/tls.ts';
import { type Address, ConfigError, type Environment, type Reader, readerOf } from './config/values.ts';
import { type LogConfig, readLog, readMetrics, readTracing, type TracingConfig } from './config/watching.ts';
import { settingsWithoutEffect } from './config/without-effect.ts';
import { NS } from './golang/durations.ts';
import { withSslMode } from './postgres/connection-url.ts';

export type { EmailConfig, GithubConfig, LogConfig, NotificationsConfig, OidcConfig, TracingConfig };
export { ConfigError };

export type SshKeygenAlgorithm = 'ed25519' | 'ecdsa' | 'rsa4096';

export interface Config {
  readonly http: Address;
  /** HTTPS beside it; null without. */
  readonly tls: TlsConfig | null;
  /** The value of Strict-Transport-Security in secure answers; empty for none. */
  readonly hsts: string;
  /** Requests for other hosts, or without encryption, are sent there. */
  readonly redirectToAccessUrl: boolean;
  /** Without trailing slash. */
  readonly accessUrl: string;
  /** The path of the access URL; empty for none. */
  readonly basePath: string;
  readonly deployment: {
    readonly advertisedVersion: string;
    readonly upgradeMessage: string;
    readonly sshHostnamePrefix: string;
    readonly workspaceHostnameSuffix: string;
    readonly sshConfigOptions: Readonly<Record<string, string>>;
    readonly experiments: readonly string[];
    readonly termsOfServiceUrl: string;
    readonly docsUrl: string;
    /** Where the command line program is kept, without trailing slash; empty for nowhere. */
    readonly cliDownloadUrl: string;
    /** The contract document is served. */
    readonly swagger: boolean;
    /** Undefined for those that come along. */
    readonly supportLinks: readonly SupportLink[] | undefined;
  };
  /** Without url the server runs its own Postgres below dataDir. */
  readonly postgres: { readonly url?: string; readonly directUrl?: string; readonly dataDir: string };
  readonly sessions: { readonly durationNs: bigint; readonly refreshDisabled: boolean };
  readonly tokens: {
    readonly defaultLifetimeNs: bigint;
    readonly maxLifetimeNs: bigint;
    readonly maxAdminLifetimeNs: bigint;
    /** How long expired keys are kept; 0 = for ever. */
    readonly retentionNs: bigint;
  };
  readonly cookies: { readonly secure: boolean; readonly sameSite: 'lax' | 'none'; readonly hostPrefix: boolean };
  readonly passwords: { readonly authDisabled: boolean };
  /** `api`: requests a minute, negative = no limit. `disabled` switches every limit off. */
  readonly rateLimit: { readonly api: number; readonly disabled: boolean };
  /** Header names in lower case; networks in CIDR form. */
  readonly proxy: { readonly trustedHeaders: readonly string[]; readonly trustedOrigins: readonly string[] };
  readonly cors: { readonly allowAll: boolean };
  readonly sshKeygenAlgorithm: SshKeygenAlgorithm;
  readonly rbac: {
    readonly disableOwnerWorkspaceAccess: boolean;
    readonly disableWorkspaceSharing: boolean;
    readonly disableChatSharing: boolean;
  };
  /** Each key is the base64 text of 32 bytes; the first encrypts, all decrypt. */
  readonly encryption: { readonly keys: readonly string[] };
  /** How long audit entries are kept; 0 = for ever. */
  readonly audit: { readonly retentionNs: bigint };
  readonly outgoing: OutgoingConfig;
  readonly email: EmailConfig | null;
  readonly notifications: NotificationsConfig;
  readonly oidc: OidcConfig | null;
  readonly idpSync: IdpSyncConfig;
  readonly github: GithubConfig | null;
  readonly log: LogConfig;
  /** Where metrics are served; null while they are off. */
  readonly metrics: Address | null;
  readonly tracing: TracingConfig | null;
  /** All settings as clients are shown them. */
  readonly options: readonly DeploymentOption[];
}

const DEFAULT_API_RATE_LIMIT = 512;
const SSH_ALGORITHMS: readonly SshKeygenAlgorithm[] = ['ed25519', 'ecdsa', 'rsa4096'];

function defaultAccessUrl({ host, port }: Address, scheme: 'http' | 'https'): string {
  const reachable = host === '::' || host === '0.0.0.0' ? 'localhost' : host;
  return `${scheme}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

function readSshConfigOptions(reader: Reader): Record<string, string> {
  const variable = 'CODER_SSH_CONFIG_OPTIONS';
  const options = reader.list(variable, []).map((option) => {
    const [, name, value] = /^([^\s=]+)(?:\s*=\s*|\s+)(\S.*)$/s.exec(option) ?? [];
    if (name === undefined || value === undefined) {
      throw new ConfigError(variable, `${JSON.stringify(option)} is not of the form name=value`);
    }
    return [name, value] as const;
  });
  return Object.fromEntries(options);
}

function readSshAlgorithm(reader: Reader): SshKeygenAlgorithm {
  const variable = 'CODER_SSH_KEYGEN_ALGORITHM';
  const text = reader.text(variable, 'ed25519');
  const algorithm = SSH_ALGORITHMS.find((name) => name === text.toLowerCase());
  if (algorithm === undefined) {
    const known = SSH_ALGORITHMS.join(',');
    throw new ConfigError(
      variable,
      `parse ssh keygen algorithm ${text}: invalid key type: ${text}, must be one of: ${known}`,
    );
  }
  return algorithm;
}

/** The external database; PGSSLMODE counts as for every program. An empty address is none by mistake: the embedded database would be used in silence. */
function readPostgres(reader: Reader): Config['postgres'] {
  const [variable, directVariable] = ['CODER_PG_CONNECTION_URL', 'CODER_PG_DIRECT_CONNECTION_URL'];
  const url = reader.neverEmpty(variable);
  const directUrl = reader.secret(directVariable);
  const dataDir = reader.text('CODER_USERS_DATA_DIR', './data');
  for (const [name, value] of [
    [variable, url],
    [directVariable, directUrl],
  ] as const) {
    // The value holds a password and is not shown.
    if (value !== undefined && !/^postgres(ql)?:\/\//.test(value))
      throw new ConfigError(name, 'does not begin with postgres://');
  }
  if (url === undefined && directUrl !== undefined) throw new ConfigError(directVariable, `needs ${variable}`);
  const sslMode = reader.text('PGSSLMODE', '');
  const asSet = (one: string) => (sslMode === '' ? one : withSslMode(one, sslMode));
  if (url !== undefined) reader.setIdle('CODER_USERS_DATA_DIR', `has no effect with ${variable}`);
  return {
    ...(url !== undefined && { url: asSet(url) }),
    ...(directUrl !== undefined && { directUrl: asSet(directUrl) }),
    dataDir,
  };
}

function readEncryptionKeys(reader: Reader): string[] {
  const variable = 'CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS';
  const keys =
    reader
      .secret(variable)
      ?.split(/[,\n]/)
      .map((key) => key.trim()) ?? [];
  const wrong = keys.findIndex((key) => !/^[A-Za-z0-9+/]{43}=$/.test(key) || Buffer.from(key, 'base64').length !== 32);
  // The value is a secret, so only its place is named.
  if (wrong >= 0) throw new ConfigError(variable, `key number ${wrong + 1} is not the base64 text of 32 bytes`);
  return keys;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}

/**
 * Reads and checks every setting. An empty variable counts as unset.
 * Returns the deeply frozen result; throws ConfigError, whose message names the variable.
 */
export function readConfig(env: Environment): Config {
  return readSettings(env).config;
}

/** As `readConfig`, with the names of all settings and a sentence on each variable that is set in vain (docs/differences.md 38). */
export function readSettings(env: Environment): { config: Config; names: ReadonlySet<string>; notes: string[] } {
  const reader = readerOf(env);
  const settings = read(reader);
  const options = deploymentOptions(env, reader, effectiveValues(settings));
  const config = deepFreeze<Config>({ ...settings, options });
  return { config, names: reader.names, notes: settingsWithoutEffect(env, reader) };
}

/** Values of options that follow from other settings while they are not set. */
const effectiveValues = ({ accessUrl, cookies, rateLimit }: Omit<Config, 'options'>) => ({
  CODER_ACCESS_URL: accessUrl,
  CODER_SECURE_AUTH_COOKIE: cookies.secure,
  CODER_API_RATE_LIMIT: rateLimit.disabled ? -1 : rateLimit.api,
});

function read(reader: Reader): Omit<Config, 'options'> {
  const http = reader.address('CODER_HTTP_ADDRESS', '127.0.0.1:3000');
  const tls = readTls(reader);
  const outgoing = readOutgoing(reader);
  const accessUrl =
    reader.webAddress('CODER_ACCESS_URL') ?? defaultAccessUrl(tls?.address ?? http, tls ? 'https' : 'http');
  return {
    http,
    tls,
    hsts: readHsts(reader, accessUrl),
    redirectToAccessUrl: readRedirect(reader),
    accessUrl,
    basePath: new URL(accessUrl).pathname.replace(/\/+$/, ''),
    deployment: {
      advertisedVersion: reader.text('CODER_USERS_ADVERTISED_VERSION', 'v0.0.0'),
      upgradeMessage: reader.text('CODER_CLI_UPGRADE_MESSAGE', ''),
      sshHostnamePrefix: reader.text('CODER_SSH_HOSTNAME_PREFIX', 'coder.'),
      workspaceHostnameSuffix: reader.text('CODER_WORKSPACE_HOSTNAME_SUFFIX', 'coder'),
      sshConfigOptions: readSshConfigOptions(reader),
      experiments: reader.list('CODER_EXPERIMENTS', []),
      termsOfServiceUrl: reader.text('CODER_TERMS_OF_SERVICE_URL', ''),
      docsUrl: reader.webAddress('CODER_DOCS_URL') ?? 'https://coder.com/docs',
      cliDownloadUrl: reader.webAddress('CODER_USERS_CLI_DOWNLOAD_URL') ?? '',
      swagger: reader.boolean('CODER_SWAGGER_ENABLE', true),
      supportLinks: readSupportLinks(reader),
    },
    postgres: readPostgres(reader),
    sessions: {
      durationNs: reader.duration('CODER_SESSION_DURATION', 24n * NS.h),
      refreshDisabled: reader.boolean('CODER_DISABLE_SESSION_EXPIRY_REFRESH', false),
    },
    tokens: {
      defaultLifetimeNs: reader.duration('CODER_DEFAULT_TOKEN_LIFETIME', 168n * NS.h),
      maxLifetimeNs: reader.duration('CODER_MAX_TOKEN_LIFETIME', 876_600n * NS.h),
      maxAdminLifetimeNs: reader.duration('CODER_MAX_ADMIN_TOKEN_LIFETIME', 168n * NS.h),
      retentionNs: reader.duration('CODER_API_KEYS_RETENTION', 168n * NS.h),
    },
    cookies: {
      secure: reader.boolean('CODER_SECURE_AUTH_COOKIE', /^https:/i.test(accessUrl)),
      sameSite: reader.oneOf('CODER_SAMESITE_AUTH_COOKIE', ['lax', 'none'], 'lax'),
      hostPrefix: reader.boolean('CODER_HOST_PREFIX_COOKIE', false),
    },
    passwords: { authDisabled: reader.boolean('CODER_DISABLE_PASSWORD_AUTH', false) },
    rateLimit: {
      api: reader.integer('CODER_API_RATE_LIMIT', DEFAULT_API_RATE_LIMIT) || DEFAULT_API_RATE_LIMIT,
      disabled: reader.boolean('CODER_DANGEROUS_DISABLE_RATE_LIMITS', false),
    },
    proxy: {
      trustedHeaders: reader.list('CODER_PROXY_TRUSTED_HEADERS', []).map((name) => name.toLowerCase()),
      trustedOrigins: reader.cidrList('CODER_PROXY_TRUSTED_ORIGINS'),
    },
    cors: { allowAll: reader.boolean('CODER_DANGEROUS_ALLOW_CORS_REQUESTS', false) },
    sshKeygenAlgorithm: readSshAlgorithm(reader),
    rbac: {
      disableOwnerWorkspaceAccess: reader.boolean('CODER_DISABLE_OWNER_WORKSPACE_ACCESS', false),
      disableWorkspaceSharing: reader.boolean('CODER_DISABLE_WORKSPACE_SHARING', false),
      disableChatSharing: reader.boolean('CODER_DISABLE_CHAT_SHARING', false),
    },
    encryption: { keys: readEncryptionKeys(reader) },
    audit: { retentionNs: reader.duration('CODER_AUDIT_LOGS_RETENTION', 0n) },
    outgoing,
    email: readEmail(reader, outgoing),
    notifications: readNotifications(reader),
    idpSync: readIdpSync(reader, readGroupField(reader)),
    oidc: readOidc(reader, accessUrl),
    github: readGithub(reader),
    log: readLog(reader),
    metrics: readMetrics(reader),
    tracing: readTracing(reader),
  };
}
