// The settings of the deployment as clients read them: a list of options, and the same values nested as documented.
import type { DeploymentConfig, SerpentOption } from '../codersdk/deployment.ts';
import type { DeploymentOption, OptionGroup } from '../config/options.ts';

/** Where the value of a setting stands in `config`; secrets stand there as "". */
const PLACES = `
ACCESS_URL access_url
HTTP_ADDRESS http_address
DOCS_URL docs_url
REDIRECT_TO_ACCESS_URL redirect_to_access_url
PROXY_TRUSTED_HEADERS proxy_trusted_headers
PROXY_TRUSTED_ORIGINS proxy_trusted_origins
TLS_ENABLE tls.enable
TLS_ADDRESS tls.address
TLS_REDIRECT_HTTP_TO_HTTPS tls.redirect_http
TLS_CERT_FILE tls.cert_file
TLS_KEY_FILE tls.key_file
TLS_CLIENT_AUTH tls.client_auth
TLS_CLIENT_CA_FILE tls.client_ca_file
TLS_MIN_VERSION tls.min_version
TLS_CIPHERS tls.supported_ciphers
STRICT_TRANSPORT_SECURITY strict_transport_security
STRICT_TRANSPORT_SECURITY_OPTIONS strict_transport_security_options
SECURE_AUTH_COOKIE http_cookies.secure_auth_cookie
SAMESITE_AUTH_COOKIE http_cookies.same_site
HOST_PREFIX_COOKIE http_cookies.host_prefix
SESSION_DURATION session_lifetime.default_duration
DISABLE_SESSION_EXPIRY_REFRESH session_lifetime.disable_expiry_refresh
DEFAULT_OAUTH_REFRESH_LIFETIME session_lifetime.refresh_default_duration
DEFAULT_TOKEN_LIFETIME session_lifetime.default_token_lifetime
MAX_TOKEN_LIFETIME session_lifetime.max_token_lifetime
MAX_ADMIN_TOKEN_LIFETIME session_lifetime.max_admin_token_lifetime
DISABLE_PASSWORD_AUTH disable_password_auth
DISABLE_OWNER_WORKSPACE_ACCESS disable_owner_workspace_exec
DISABLE_WORKSPACE_SHARING disable_workspace_sharing
DISABLE_CHAT_SHARING disable_chat_sharing
DANGEROUS_DISABLE_RATE_LIMITS rate_limit.disable_all
API_RATE_LIMIT rate_limit.api
API_KEYS_RETENTION retention.api_keys
AUDIT_LOGS_RETENTION retention.audit_logs
SSH_KEYGEN_ALGORITHM ssh_keygen_algorithm
EXPERIMENTS experiments
SUPPORT_LINKS support.links
TERMS_OF_SERVICE_URL terms_of_service_url
CLI_UPGRADE_MESSAGE cli_upgrade_message
SSH_HOSTNAME_PREFIX config_ssh.DeploymentName
SSH_CONFIG_OPTIONS config_ssh.SSHConfigOptions
WORKSPACE_HOSTNAME_SUFFIX workspace_hostname_suffix
PG_CONNECTION_URL pg_connection_url
EXTERNAL_TOKEN_ENCRYPTION_KEYS external_token_encryption_keys
DANGEROUS_ALLOW_CORS_REQUESTS dangerous.allow_all_cors
VERBOSE verbose
LOGGING_HUMAN logging.human
LOGGING_JSON logging.json
LOG_FILTER logging.log_filter
PROMETHEUS_ENABLE prometheus.enable
PROMETHEUS_ADDRESS prometheus.address
PROMETHEUS_COLLECT_DB_METRICS prometheus.collect_db_metrics
TRACE_ENABLE trace.enable
SWAGGER_ENABLE swagger.enable
SCIM_AUTH_HEADER scim_api_key
SCIM_USE_LEGACY scim_use_legacy
EMAIL_FROM notifications.email.from
EMAIL_SMARTHOST notifications.email.smarthost
EMAIL_HELLO notifications.email.hello
EMAIL_FORCE_TLS notifications.email.force_tls
EMAIL_AUTH_IDENTITY notifications.email.auth.identity
EMAIL_AUTH_USERNAME notifications.email.auth.username
EMAIL_AUTH_PASSWORD notifications.email.auth.password
EMAIL_AUTH_PASSWORD_FILE notifications.email.auth.password_file
EMAIL_TLS_STARTTLS notifications.email.tls.start_tls
EMAIL_TLS_SERVERNAME notifications.email.tls.server_name
EMAIL_TLS_SKIPVERIFY notifications.email.tls.insecure_skip_verify
EMAIL_TLS_CACERTFILE notifications.email.tls.ca_file
EMAIL_TLS_CERTFILE notifications.email.tls.cert_file
EMAIL_TLS_CERTKEYFILE notifications.email.tls.key_file
NOTIFICATIONS_METHOD notifications.method
NOTIFICATIONS_MAX_SEND_ATTEMPTS notifications.max_send_attempts
NOTIFICATIONS_RETRY_INTERVAL notifications.retry_interval
NOTIFICATIONS_STORE_SYNC_INTERVAL notifications.sync_interval
NOTIFICATIONS_STORE_SYNC_BUFFER_SIZE notifications.sync_buffer_size
NOTIFICATIONS_LEASE_PERIOD notifications.lease_period
NOTIFICATIONS_LEASE_COUNT notifications.lease_count
NOTIFICATIONS_FETCH_INTERVAL notifications.fetch_interval
NOTIFICATIONS_DISPATCH_TIMEOUT notifications.dispatch_timeout
NOTIFICATIONS_WEBHOOK_ENDPOINT notifications.webhook.endpoint
NOTIFICATIONS_INBOX_ENABLED notifications.inbox.enabled
OIDC_ALLOW_SIGNUPS oidc.allow_signups
OIDC_CLIENT_ID oidc.client_id
OIDC_CLIENT_SECRET oidc.client_secret
OIDC_CLIENT_KEY_FILE oidc.client_key_file
OIDC_CLIENT_CERT_FILE oidc.client_cert_file
OIDC_EMAIL_DOMAIN oidc.email_domain
OIDC_ISSUER_URL oidc.issuer_url
OIDC_SCOPES oidc.scopes
OIDC_IGNORE_EMAIL_VERIFIED oidc.ignore_email_verified
OIDC_USERNAME_FIELD oidc.username_field
OIDC_NAME_FIELD oidc.name_field
OIDC_EMAIL_FIELD oidc.email_field
OIDC_AUTH_URL_PARAMS oidc.auth_url_params
OIDC_IGNORE_USERINFO oidc.ignore_user_info
OIDC_ACCESS_TOKEN_CLAIMS oidc.source_user_info_from_access_token
OIDC_ORGANIZATION_FIELD oidc.organization_field
OIDC_ORGANIZATION_MAPPING oidc.organization_mapping
OIDC_ORGANIZATION_ASSIGN_DEFAULT oidc.organization_assign_default
OIDC_GROUP_AUTO_CREATE oidc.group_auto_create
OIDC_GROUP_REGEX_FILTER oidc.group_regex_filter
OIDC_ALLOWED_GROUPS oidc.group_allow_list
OIDC_GROUP_FIELD oidc.groups_field
OIDC_GROUP_MAPPING oidc.group_mapping
OIDC_USER_ROLE_FIELD oidc.user_role_field
OIDC_USER_ROLE_MAPPING oidc.user_role_mapping
OIDC_USER_ROLE_DEFAULT oidc.user_roles_default
OIDC_SIGN_IN_TEXT oidc.sign_in_text
OIDC_ICON_URL oidc.icon_url
OIDC_SIGNUPS_DISABLED_TEXT oidc.signups_disabled_text
DANGEROUS_OIDC_SKIP_ISSUER_CHECKS oidc.skip_issuer_checks
OIDC_REDIRECT_URL oidc.redirect_url
OIDC_REPAIR_LINKS oidc.auto_repair_links
OAUTH2_GITHUB_CLIENT_ID oauth2.github.client_id
OAUTH2_GITHUB_CLIENT_SECRET oauth2.github.client_secret
OAUTH2_GITHUB_DEVICE_FLOW oauth2.github.device_flow
OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE oauth2.github.default_provider_enable
OAUTH2_GITHUB_ALLOWED_ORGS oauth2.github.allowed_orgs
OAUTH2_GITHUB_ALLOWED_TEAMS oauth2.github.allowed_teams
OAUTH2_GITHUB_ALLOW_SIGNUPS oauth2.github.allow_signups
OAUTH2_GITHUB_ALLOW_EVERYONE oauth2.github.allow_everyone
OAUTH2_GITHUB_ENTERPRISE_BASE_URL oauth2.github.enterprise_base_url
`
  .trim()
  .split('\n')
  .map((line) => line.split(' ') as [string, string]);

interface Tree {
  [key: string]: unknown;
}

/** What clients read although there is no such setting here: as it is where nothing is set. */
const WITHOUT_SETTING = (): Tree => ({
  pg_auth: 'password',
  telemetry: { enable: false, trace: false, url: '' },
  external_auth: [],
  update_check: false,
  retention: { connection_logs: 0, workspace_agent_logs: 604_800_000_000_000, boundary_logs: 0 },
  dangerous: { allow_path_app_sharing: false, allow_path_app_site_owner_access: false },
  user_quiet_hours_schedule: { default_schedule: 'CRON_TZ=UTC 0 0 * * *', allow_user_custom: true },
  oidc: { group_auto_create: false, group_regex_filter: '.*', group_mapping: {} },
  scim_use_legacy: true,
  wildcard_access_url: '',
});

/** Puts a value at a dotted path, making the objects on the way. */
function put(tree: Tree, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = tree;
  for (const key of keys) {
    at[key] ??= {};
    at = at[key] as Tree;
  }
  at[last] = value;
}

/** A choice among several as its value alone. */
const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'Choices' in value ? (value as { Value?: unknown }).Value : value;

const presentGroup = ({ name, yaml, parent }: OptionGroup): SerpentOption['group'] => ({
  name,
  ...(yaml !== '' && { yaml }),
  ...(parent && { parent: presentGroup(parent) }),
});

/** serpent.Option: what has no content is left out, and secrets have no value. */
function presentOption(option: DeploymentOption): SerpentOption {
  const { value, source, group, annotations, useInstead } = option;
  return {
    name: option.name,
    ...(option.description !== '' && { description: option.description }),
    flag: option.flag,
    ...(option.flagShorthand !== '' && { flag_shorthand: option.flagShorthand }),
    env: option.env,
    ...(option.yaml !== '' && { yaml: option.yaml }),
    ...(option.default !== '' && { default: option.default }),
    ...(value !== undefined && { value }),
    ...(source !== '' && { value_source: source }),
    ...(group && { group: presentGroup(group) }),
    ...(option.hidden && { hidden: true }),
    ...(Object.keys(annotations).length > 0 && { annotations: { ...annotations } }),
    ...(useInstead.length > 0 && { use_instead: useInstead.map(presentOption) }),
  };
}

/** codersdk.DeploymentConfig. Source: facts of GET /deployment/config; golden data: deployment-options */
export function presentDeploymentConfig(options: readonly DeploymentOption[]): DeploymentConfig {
  const byEnv = new Map(options.map((option) => [option.env, option]));
  const config = WITHOUT_SETTING();
  for (const [name, path] of PLACES) {
    const option = byEnv.get(`CODER_${name}`);
    if (option) put(config, path, option.annotations.secret ? '' : plain(option.value));
  }
  return { config, options: options.map(presentOption) };
}
