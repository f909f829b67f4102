// What every setting does, in one place: `server --help` prints it, and docs/settings.md is made from it.

interface Setting {
  readonly name: string;
  /** As it would be written in the environment; in words where it depends on something. */
  readonly unset: string;
  readonly effect: string;
}

interface Group {
  readonly title: string;
  readonly settings: readonly Setting[];
}

const group = (title: string, ...settings: [name: string, unset: string, effect: string][]): Group => ({
  title,
  settings: settings.map(([name, unset, effect]) => ({
    name: /^(PGSSL|OTEL_|SSL_CERT_|HTTPS?_PROXY|NO_PROXY)/.test(name) ? name : `CODER_${name}`,
    unset,
    effect,
  })),
});

const NONE = 'none';

/** Every setting (a test compares with what is read), those first that a first start needs. */
export const SETTINGS: readonly Group[] = [
  group(
    'Address',
    ['HTTP_ADDRESS', '127.0.0.1:3000', 'where to listen, host:port; without a host on every address of the machine'],
    [
      'ACCESS_URL',
      'http:// and the address, or https:// and that of TLS',
      'the URL under which clients reach the server; with https cookies are secure',
    ],
    ['PROXY_TRUSTED_HEADERS', NONE, 'headers in which proxies name the client, such as X-Forwarded-For'],
    ['PROXY_TRUSTED_ORIGINS', NONE, 'networks of those proxies, such as 10.0.0.0/8'],
    ['DANGEROUS_ALLOW_CORS_REQUESTS', 'false', 'every website may call the API from a browser'],
  ),
  group(
    'TLS',
    ['TLS_ENABLE', 'false', 'HTTPS with HTTP/2 besides; plain HTTP stays on its own address'],
    ['TLS_ADDRESS', '127.0.0.1:3443', 'where to listen for HTTPS, host:port'],
    [
      'TLS_CERT_FILE',
      NONE,
      'comma list of certificates (PEM, with their chains), chosen by the name asked for; SIGHUP reloads',
    ],
    ['TLS_KEY_FILE', NONE, 'comma list of the keys to them, in the same order'],
    ['TLS_MIN_VERSION', 'tls12', 'tls12 or tls13'],
    [
      'TLS_CLIENT_AUTH',
      'none',
      'certificates of clients: none, request, require-any, verify-if-given or require-and-verify',
    ],
    ['TLS_CLIENT_CA_FILE', NONE, 'authorities (PEM) of the certificates of clients'],
    [
      'REDIRECT_TO_ACCESS_URL',
      'false',
      'requests for another host or without encryption are sent to the access URL; probes are not',
    ],
    ['TLS_REDIRECT_HTTP_TO_HTTPS', 'false', 'an older name of CODER_REDIRECT_TO_ACCESS_URL'],
    [
      'STRICT_TRANSPORT_SECURITY',
      '31536000 with an https access URL',
      'seconds for which browsers use HTTPS alone, said in encrypted answers; 0 for nothing',
    ],
    ['STRICT_TRANSPORT_SECURITY_OPTIONS', NONE, 'comma list of includeSubDomains and preload'],
  ),
  group(
    'Database',
    ['PG_CONNECTION_URL', NONE, 'an external PostgreSQL, 13 or later; without it an embedded one is used'],
    ['PG_DIRECT_CONNECTION_URL', NONE, 'the same database without the pooler in between, for migrations'],
    [
      'PGSSLMODE',
      'prefer',
      'sslmode of the URLs that say none: disable, allow, prefer, require, verify-ca, verify-full',
    ],
    ['USERS_DATA_DIR', './data', 'where the embedded database and its encryption key are kept'],
    [
      'EXTERNAL_TOKEN_ENCRYPTION_KEYS',
      'made and kept beside an embedded database',
      'comma list of base64 keys of 32 bytes for stored secrets: the first encrypts, all decrypt',
    ],
  ),
  group(
    'Sessions and tokens',
    ['SESSION_DURATION', '24h', 'lifetime of sign-in sessions from their last use'],
    ['DISABLE_SESSION_EXPIRY_REFRESH', 'false', 'sessions end without regard to use'],
    ['DEFAULT_TOKEN_LIFETIME', '168h', 'lifetime of tokens that are made without one'],
    ['MAX_TOKEN_LIFETIME', '876600h', 'longest lifetime that a token may be given'],
    ['MAX_ADMIN_TOKEN_LIFETIME', '168h', 'the same for owners'],
    ['API_KEYS_RETENTION', '7d', 'how long expired keys are kept; 0 for ever'],
    ['SECURE_AUTH_COOKIE', 'true with an https access URL', 'the session cookie is sent over TLS only'],
    ['SAMESITE_AUTH_COOKIE', 'lax', 'lax or none'],
    ['HOST_PREFIX_COOKIE', 'false', 'cookies have the prefix __Host-'],
  ),
  group(
    'Sign-in and limits',
    ['DISABLE_PASSWORD_AUTH', 'false', 'nobody signs in by password, owners included'],
    ['API_RATE_LIMIT', '512', 'requests a minute for each caller and path; negative for no limit'],
    ['DANGEROUS_DISABLE_RATE_LIMITS', 'false', 'no limits at all'],
    ['AUDIT_LOGS_RETENTION', '0', 'how long audit entries are kept; 0 for ever'],
    ['SSH_KEYGEN_ALGORITHM', 'ed25519', 'kind of new Git SSH keys: ed25519, ecdsa or rsa4096'],
    ['DISABLE_OWNER_WORKSPACE_ACCESS', 'false', "owners have no permission to enter other people's workspaces"],
    ['DISABLE_WORKSPACE_SHARING', 'false', 'nobody has the permission to share a workspace'],
    ['DISABLE_CHAT_SHARING', 'false', 'nobody has the permission to share a chat'],
  ),
  group(
    'Connections to others',
    [
      'SSL_CERT_FILE',
      NONE,
      'authorities (PEM) that providers, relays and databases may have, beside the system and the known ones',
    ],
    ['SSL_CERT_DIR', NONE, 'folders with such files, separated by a colon'],
    ['HTTP_PROXY', NONE, 'the proxy for providers with http addresses; lower case will do, too'],
    ['HTTPS_PROXY', NONE, 'the proxy for providers with https addresses and, through a tunnel, for mail'],
    ['NO_PROXY', 'localhost', 'comma list of hosts and domains that are reached without a proxy'],
  ),
  group(
    'OpenID Connect',
    ['OIDC_ISSUER_URL', NONE, 'the provider, letter for letter as in its discovery document'],
    ['OIDC_CLIENT_ID', NONE, 'switches this way of signing in on'],
    ['OIDC_CLIENT_SECRET', NONE, 'the secret of the client'],
    ['OIDC_CLIENT_KEY_FILE', NONE, 'an RSA key (PEM) that signs assertions in place of the secret'],
    ['OIDC_CLIENT_CERT_FILE', NONE, 'the certificate to that key, named in the assertion'],
    ['OIDC_SCOPES', 'openid,profile,email', 'what is asked for; offline_access brings refresh tokens'],
    ['OIDC_AUTH_URL_PARAMS', '{"access_type": "offline"}', 'JSON map of parameters of the authorization request'],
    ['OIDC_REDIRECT_URL', 'the access URL', 'another origin for the callback'],
    ['OIDC_ALLOW_SIGNUPS', 'true', 'unknown people get an account at their first sign-in'],
    ['OIDC_SIGNUPS_DISABLED_TEXT', NONE, 'what they read otherwise, with GitHub too'],
    ['OIDC_EMAIL_DOMAIN', 'any', 'comma list of mail domains that may sign in'],
    ['OIDC_IGNORE_EMAIL_VERIFIED', 'false', 'addresses count although the provider has not verified them'],
    ['OIDC_EMAIL_FIELD', 'email', 'claim with the address'],
    ['OIDC_USERNAME_FIELD', 'preferred_username', 'claim with the username'],
    ['OIDC_NAME_FIELD', 'name', 'claim with the full name'],
    ['OIDC_IGNORE_USERINFO', 'false', 'claims come from the ID token alone'],
    ['OIDC_ACCESS_TOKEN_CLAIMS', 'false', 'claims come from the access token; needs OIDC_IGNORE_USERINFO'],
    ['OIDC_GROUP_FIELD', 'groups with the scope groups', 'claim that OIDC_ALLOWED_GROUPS looks at'],
    ['OIDC_GROUP_MAPPING', '{}', 'JSON map from a value of that claim to the name of a group'],
    ['OIDC_GROUP_REGEX_FILTER', '.*', 'groups that this expression (RE2) does not match are ignored'],
    ['OIDC_GROUP_AUTO_CREATE', 'false', 'groups that do not exist are made'],
    ['OIDC_ALLOWED_GROUPS', 'any', 'comma list of groups of which one is needed'],
    ['OIDC_USER_ROLE_FIELD', NONE, 'claim that sets the site roles at each sign-in'],
    ['OIDC_USER_ROLE_MAPPING', '{}', 'JSON map from a value of that claim to a list of roles'],
    ['OIDC_USER_ROLE_DEFAULT', NONE, 'comma list of roles that everybody gets besides'],
    ['OIDC_ORGANIZATION_FIELD', NONE, 'claim that sets the memberships at each sign-in'],
    ['OIDC_ORGANIZATION_MAPPING', '{}', 'JSON map from a value of that claim to a list of organization ids'],
    ['OIDC_ORGANIZATION_ASSIGN_DEFAULT', 'true', 'everybody is a member of the default organization besides'],
    ['OIDC_SIGN_IN_TEXT', 'OpenID Connect', 'the text on the button'],
    ['OIDC_ICON_URL', NONE, 'the picture on the button'],
    ['OIDC_REPAIR_LINKS', 'true', 'after a change of providers people are found by their address again'],
    ['DANGEROUS_OIDC_SKIP_ISSUER_CHECKS', 'false', 'the issuer may differ from the discovery document'],
  ),
  group(
    'GitHub',
    ['OAUTH2_GITHUB_CLIENT_ID', NONE, 'an OAuth application of yours; switches this way of signing in on'],
    ['OAUTH2_GITHUB_CLIENT_SECRET', NONE, 'its secret'],
    ['OAUTH2_GITHUB_ALLOWED_ORGS', NONE, 'comma list of organizations whose members may sign in'],
    ['OAUTH2_GITHUB_ALLOWED_TEAMS', 'any', 'comma list of organization/team, of which one is needed'],
    ['OAUTH2_GITHUB_ALLOW_EVERYONE', 'false', 'everybody with an account there may sign in'],
    ['OAUTH2_GITHUB_ALLOW_SIGNUPS', 'false', 'unknown people get an account at their first sign-in'],
    ['OAUTH2_GITHUB_DEVICE_FLOW', 'false', 'a code to type in, where GitHub cannot reach the server'],
    ['OAUTH2_GITHUB_ENTERPRISE_BASE_URL', 'github.com', 'a GitHub Enterprise server'],
    ['OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE', 'false', 'new deployments offer the application that comes along'],
  ),
  group(
    'Mail',
    ['EMAIL_SMARTHOST', NONE, 'the relay, host:port; without it nothing is mailed'],
    ['EMAIL_FROM', NONE, 'the sender; needed with a relay'],
    ['EMAIL_HELLO', 'localhost', 'the name given in HELO'],
    ['EMAIL_FORCE_TLS', 'false', 'TLS from the first byte, usually port 465'],
    ['EMAIL_TLS_STARTTLS', 'false', 'TLS is asked for and needed, usually port 587'],
    ['EMAIL_TLS_SERVERNAME', 'the host of the relay', 'the name that its certificate must have'],
    ['EMAIL_TLS_SKIPVERIFY', 'false', 'any certificate will do'],
    ['EMAIL_TLS_CACERTFILE', 'the known authorities', 'authority (PEM) of its certificate'],
    ['EMAIL_TLS_CERTFILE', NONE, 'our certificate (PEM) for the relay'],
    ['EMAIL_TLS_CERTKEYFILE', NONE, 'the key to that certificate'],
    ['EMAIL_AUTH_USERNAME', NONE, 'the name to log in with at the relay'],
    ['EMAIL_AUTH_PASSWORD', NONE, 'the password to that name'],
    ['EMAIL_AUTH_IDENTITY', NONE, 'the identity to act as, where it is not that name'],
  ),
  group(
    'Notifications',
    ['NOTIFICATIONS_METHOD', 'smtp', 'how people are told: smtp or webhook; each kind may have a method of its own'],
    ['NOTIFICATIONS_INBOX_ENABLED', 'true', 'a copy goes to the inbox of each who is told'],
    ['NOTIFICATIONS_WEBHOOK_ENDPOINT', NONE, 'the address that the method webhook posts to'],
    ['NOTIFICATIONS_MAX_SEND_ATTEMPTS', '5', 'how often a message is tried before it is given up'],
    ['NOTIFICATIONS_RETRY_INTERVAL', '5m', 'the longest pause between two attempts; the first ones are shorter'],
    ['NOTIFICATIONS_DISPATCH_TIMEOUT', '1m', 'how long one attempt may take'],
    ['NOTIFICATIONS_FETCH_INTERVAL', '15s', 'how often each replica looks for messages to deliver'],
    ['NOTIFICATIONS_LEASE_COUNT', '20', 'how many messages a replica takes at a time'],
    ['NOTIFICATIONS_LEASE_PERIOD', '2m', 'for how long; another one takes them over after that'],
  ),
  group(
    'What clients and pages show',
    ['USERS_ADVERTISED_VERSION', 'v0.0.0', 'the version that clients see; this one keeps every CLI quiet'],
    ['CLI_UPGRADE_MESSAGE', NONE, 'what a CLI of another version prints'],
    ['TERMS_OF_SERVICE_URL', NONE, 'a link to terms below the sign-in form'],
    ['USERS_CLI_DOWNLOAD_URL', NONE, 'where /bin/coder-* and /install.sh lead: an address with files of these names'],
    ['SWAGGER_ENABLE', 'true', 'the contract document can be read at /swagger'],
    ['DOCS_URL', 'https://coder.com/docs', 'where clients lead people for documentation'],
    [
      'SUPPORT_LINKS',
      'the documentation',
      'links of a help menu: a JSON or YAML list of {"name", "target", "icon"}, icon being bug, chat, docs or star',
    ],
    ['EXPERIMENTS', NONE, 'comma list of names that clients are told are switched on'],
    ['SSH_HOSTNAME_PREFIX', 'coder.', 'prefix of host names that the CLI writes into SSH settings'],
    ['WORKSPACE_HOSTNAME_SUFFIX', 'coder', 'suffix of host names of workspaces'],
    ['SSH_CONFIG_OPTIONS', NONE, 'comma list of name=value that the CLI writes into SSH settings'],
  ),
  group(
    'Log',
    ['USERS_LOG_LEVEL', 'info', 'trace, debug, info, warn, error, fatal or silent; debug has a line for each request'],
    ['USERS_LOG_HUMAN', 'true on a terminal', 'lines for people in place of JSON'],
    ['VERBOSE', 'false', 'the level debug'],
    ['LOG_FILTER', NONE, 'the level debug, but of its lines only those that fit one of these regular expressions'],
    ['USERS_SLOW_STATEMENT', '1s', 'SQL statements that take as long are logged; 0 for none'],
    ['LOGGING_JSON', NONE, 'a file for JSON lines, in place of standard output; /dev/null for none'],
    ['LOGGING_HUMAN', NONE, 'a file for lines for people, likewise'],
    ['LOGGING_STACKDRIVER', NONE, 'a file for JSON lines as Google Cloud reads them, likewise'],
  ),
  group(
    'Metrics and traces',
    ['PROMETHEUS_ENABLE', 'false', 'metrics for Prometheus'],
    [
      'PROMETHEUS_ADDRESS',
      '127.0.0.1:2112',
      'where they are served, host:port; nothing else is, and nobody is asked who',
    ],
    ['TRACE_ENABLE', 'true with one of the next three', 'traces of OpenTelemetry'],
    ['OTEL_TRACES_EXPORTER', 'otlp', 'otlp, console or none'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://localhost:4318', 'the collector; other OTEL_* variables count as well'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'the endpoint and /v1/traces', 'the whole address for traces'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf', 'nothing else is spoken'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/protobuf', 'the same for traces alone'],
    ['OTEL_SDK_DISABLED', 'false', 'no traces, whatever else is set'],
  ),
];

/** Older names of the same settings, which count where the newer one is not set. */
export const OLDER_NAMES = { prefix: 'CODER_NOTIFICATIONS_EMAIL_', newer: 'CODER_EMAIL_' };

const ABOUT = `Lists are separated by commas. Durations have units, such as 36h, 1h30m or 7d. A bad value stops the start and
names the setting; a variable that is unknown or has no effect is named in the log. Every setting that holds a secret
may also come from a file: the variable of the same name with _FILE behind it holds the path.
${OLDER_NAMES.newer}* may also be written ${OLDER_NAMES.prefix}*.`;

/** All settings as plain text for a terminal. */
export function settingsAsText(): string {
  const groups = SETTINGS.map(({ title, settings }) => {
    const lines = settings.map(({ name, unset, effect }) => `  ${name} (${unset})\n      ${effect}`);
    return `${title}\n${lines.join('\n')}`;
  });
  return `Settings are environment variables; in brackets, what holds without them.\n\n${groups.join('\n\n')}\n\n${ABOUT}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], fill = ' ') =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [
    line(head),
    line(
      widths.map(() => ''),
      '-',
    ),
    ...body.map((row) => line(row)),
  ].join('\n');
}

/** What holds without a setting is a value to write down, or said in words. */
const isValue = (unset: string) => !/^(none|any|the |made |http:)| with | on /.test(unset);

/** All settings as docs/settings.md. */
export function settingsAsMarkdown(): string {
  const groups = SETTINGS.map(({ title, settings }) => {
    const rows = settings.map(({ name, unset, effect }) => [
      `\`${name}\``,
      isValue(unset) ? `\`${unset}\`` : unset,
      effect,
    ]);
    return `## ${title}\n\n${table([['variable', 'without it', 'effect'], ...rows])}\n`;
  });
  return `# Settings

<!-- Made from src/config/documentation.ts by \`npm run docs\`. -->

Environment variables, under the names that Coder has for them; \`CODER_USERS_*\` are this server's own.
${ABOUT.replace('_FILE', '`_FILE`').replaceAll(/(CODER_\w+\*)/g, '`$1`')}

${groups.join('\n')}`;
}
