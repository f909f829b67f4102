// How the documented settings are presented to clients: names, groups and defaults as they know them. What a setting does,
// and whether this server honours it, stands elsewhere (documentation.ts, config.ts).

/**
 * `# group | yaml | parent`, then its settings: `name | variable without CODER_ | yaml | default as typed | marks`, marks being
 * `enterprise`, `proxies` (workspace proxies have it, too), `hidden`, `flag=` where it is not the variable's name, `short=`,
 * `choices=`, `instead=` (names of the settings to use in its place) and `sourced` (a default that is not shown as typed).
 * Source: GET /deployment/config (golden data: deployment-options)
 */
export const OPTION_TABLE = `
# Retention | retention
  API Keys Retention | API_KEYS_RETENTION | api_keys | 7d
  Audit Logs Retention | AUDIT_LOGS_RETENTION | audit_logs | 0
  Connection Logs Retention | CONNECTION_LOGS_RETENTION | connection_logs | 0
#
  API Rate Limit | API_RATE_LIMIT |  | 512 | proxies; hidden
  Default OAuth Refresh Lifetime | DEFAULT_OAUTH_REFRESH_LIFETIME | defaultOAuthRefreshLifetime | 720h0m0s
  Default Token Lifetime | DEFAULT_TOKEN_LIFETIME | defaultTokenLifetime | 168h0m0s
  Disable All Rate Limits | DANGEROUS_DISABLE_RATE_LIMITS |  |  | proxies; hidden
  Disable Chat Sharing | DISABLE_CHAT_SHARING | disableChatSharing
  Disable Owner Workspace Access | DISABLE_OWNER_WORKSPACE_ACCESS | disableOwnerWorkspaceAccess |  | proxies
  Disable Workspace Sharing | DISABLE_WORKSPACE_SHARING | disableWorkspaceSharing
  Enable swagger endpoint | SWAGGER_ENABLE | enableSwagger | true
  Experiments | EXPERIMENTS | experiments |  | proxies
  External Token Encryption Keys | EXTERNAL_TOKEN_ENCRYPTION_KEYS |  |  | enterprise
  Postgres Auth | PG_AUTH | pgAuth | password | flag=postgres-auth; choices=password,awsiamrds
  Postgres Connection Max Idle | PG_CONN_MAX_IDLE | pgConnMaxIdle | auto | flag=postgres-conn-max-idle
  Postgres Connection Max Open | PG_CONN_MAX_OPEN | pgConnMaxOpen | 10 | flag=postgres-conn-max-open
  Postgres Connection URL | PG_CONNECTION_URL |  |  | flag=postgres-url
  SCIM API Key | SCIM_AUTH_HEADER |  |  | enterprise
  SCIM Use Legacy | SCIM_USE_LEGACY | scimUseLegacy | true | enterprise
  SSH Keygen Algorithm | SSH_KEYGEN_ALGORITHM | sshKeygenAlgorithm | ed25519
  Support Links | SUPPORT_LINKS | supportLinks
  Terms of Service URL | TERMS_OF_SERVICE_URL | termsOfServiceURL
# Networking | networking
  Access URL | ACCESS_URL | accessURL |  | proxies
  Docs URL | DOCS_URL | docsURL | https://coder.com/docs | proxies
  Proxy Trusted Headers | PROXY_TRUSTED_HEADERS | proxyTrustedHeaders |  | proxies
  Proxy Trusted Origins | PROXY_TRUSTED_ORIGINS | proxyTrustedOrigins |  | proxies
  Redirect to Access URL | REDIRECT_TO_ACCESS_URL | redirectToAccessURL
  SameSite Auth Cookie | SAMESITE_AUTH_COOKIE | sameSiteAuthCookie | lax | proxies; choices=lax,none
  Secure Auth Cookie | SECURE_AUTH_COOKIE | secureAuthCookie | false | proxies
  __Host Prefix Cookies | HOST_PREFIX_COOKIE | hostPrefixCookie | false | proxies
# HTTP | http | Networking
  Additional CSP Policy | ADDITIONAL_CSP_POLICY | additionalCSPPolicy
  Disable Password Authentication | DISABLE_PASSWORD_AUTH | disablePasswordAuth
  Disable Session Expiry Refresh | DISABLE_SESSION_EXPIRY_REFRESH | disableSessionExpiryRefresh
  HTTP Address | HTTP_ADDRESS | httpAddress | 127.0.0.1:3000 | proxies
  Max Token Lifetime | MAX_TOKEN_LIFETIME | maxTokenLifetime | 876600h0m0s
  Maximum Admin Token Lifetime | MAX_ADMIN_TOKEN_LIFETIME | maxAdminTokenLifetime | 168h0m0s
  Session Duration | SESSION_DURATION | sessionDuration | 24h0m0s
# User Quiet Hours Schedule | userQuietHoursSchedule
  Allow Custom Quiet Hours | ALLOW_CUSTOM_QUIET_HOURS | allowCustomQuietHours | true
  Default Quiet Hours Schedule | QUIET_HOURS_DEFAULT_SCHEDULE | defaultQuietHoursSchedule | CRON_TZ=UTC 0 0 * * * | flag=default-quiet-hours-schedule
# Client | client
  CLI Upgrade Message | CLI_UPGRADE_MESSAGE | cliUpgradeMessage
  SSH Config Options | SSH_CONFIG_OPTIONS | sshConfigOptions
  SSH Host Prefix | SSH_HOSTNAME_PREFIX | sshHostnamePrefix | coder. | hidden; instead=Workspace Hostname Suffix
  Workspace Hostname Suffix | WORKSPACE_HOSTNAME_SUFFIX | workspaceHostnameSuffix | coder
# Tracing | tracing | Introspection
  Capture Logs in Traces | TRACE_LOGS | captureLogs |  | proxies
  Trace Enable | TRACE_ENABLE | enable |  | proxies; flag=trace
# ⚠️ Dangerous | dangerous
  DANGEROUS: Allow all CORS requests | DANGEROUS_ALLOW_CORS_REQUESTS |  |  | proxies; hidden
# Email Authentication | emailAuth | Email
  Email Auth: Identity | EMAIL_AUTH_IDENTITY | identity
  Email Auth: Password | EMAIL_AUTH_PASSWORD
  Email Auth: Password File | EMAIL_AUTH_PASSWORD_FILE | passwordFile
  Email Auth: Username | EMAIL_AUTH_USERNAME | username
  Notifications: Email Auth: Identity | NOTIFICATIONS_EMAIL_AUTH_IDENTITY | identity |  | instead=Email Auth: Identity
  Notifications: Email Auth: Password | NOTIFICATIONS_EMAIL_AUTH_PASSWORD |  |  | instead=Email Auth: Password
  Notifications: Email Auth: Password File | NOTIFICATIONS_EMAIL_AUTH_PASSWORD_FILE | passwordFile |  | instead=Email Auth: Password File
  Notifications: Email Auth: Username | NOTIFICATIONS_EMAIL_AUTH_USERNAME | username |  | instead=Email Auth: Username
# Email TLS | emailTLS | Email
  Email TLS: Certificate Authority File | EMAIL_TLS_CACERTFILE | caCertFile |  | flag=email-tls-ca-cert-file
  Email TLS: Certificate File | EMAIL_TLS_CERTFILE | certFile |  | flag=email-tls-cert-file
  Email TLS: Certificate Key File | EMAIL_TLS_CERTKEYFILE | certKeyFile |  | flag=email-tls-cert-key-file
  Email TLS: Server Name | EMAIL_TLS_SERVERNAME | serverName |  | flag=email-tls-server-name
  Email TLS: Skip Certificate Verification (Insecure) | EMAIL_TLS_SKIPVERIFY | insecureSkipVerify |  | flag=email-tls-skip-verify
  Email TLS: StartTLS | EMAIL_TLS_STARTTLS | startTLS
  Notifications: Email TLS: Certificate Authority File | NOTIFICATIONS_EMAIL_TLS_CACERTFILE | caCertFile |  | flag=notifications-email-tls-ca-cert-file; instead=Email TLS: Certificate Authority File
  Notifications: Email TLS: Certificate File | NOTIFICATIONS_EMAIL_TLS_CERTFILE | certFile |  | flag=notifications-email-tls-cert-file; instead=Email TLS: Certificate File
  Notifications: Email TLS: Certificate Key File | NOTIFICATIONS_EMAIL_TLS_CERTKEYFILE | certKeyFile |  | flag=notifications-email-tls-cert-key-file; instead=Email TLS: Certificate Key File
  Notifications: Email TLS: Server Name | NOTIFICATIONS_EMAIL_TLS_SERVERNAME | serverName |  | flag=notifications-email-tls-server-name; instead=Email TLS: Server Name
  Notifications: Email TLS: Skip Certificate Verification (Insecure) | NOTIFICATIONS_EMAIL_TLS_SKIPVERIFY | insecureSkipVerify |  | flag=notifications-email-tls-skip-verify; instead=Email TLS: Skip Certificate Verification (Insecure)
  Notifications: Email TLS: StartTLS | NOTIFICATIONS_EMAIL_TLS_STARTTLS | startTLS |  | instead=Email TLS: StartTLS
# Email | email
  Email: Force TLS | EMAIL_FORCE_TLS | forceTLS | false
  Email: From Address | EMAIL_FROM | from
  Email: Hello | EMAIL_HELLO | hello | localhost
  Email: Smarthost | EMAIL_SMARTHOST | smarthost
# OIDC | oidc
  Enable OIDC Group Auto Create | OIDC_GROUP_AUTO_CREATE | enableGroupAutoCreate | false
  OIDC Access Token Claims | OIDC_ACCESS_TOKEN_CLAIMS | accessTokenClaims | false | hidden
  OIDC Allow Signups | OIDC_ALLOW_SIGNUPS | allowSignups | true
  OIDC Allowed Groups | OIDC_ALLOWED_GROUPS | groupAllowed
  OIDC Assign Default Organization | OIDC_ORGANIZATION_ASSIGN_DEFAULT | organizationAssignDefault | true | hidden
  OIDC Auth URL Parameters | OIDC_AUTH_URL_PARAMS | authURLParams | {"access_type": "offline"}
  OIDC Auto Repair Links | OIDC_REPAIR_LINKS | oidc-repair-links | true | hidden
  OIDC Client Cert File | OIDC_CLIENT_CERT_FILE | oidcClientCertFile
  OIDC Client ID | OIDC_CLIENT_ID | clientID
  OIDC Client Key File | OIDC_CLIENT_KEY_FILE | oidcClientKeyFile
  OIDC Client Secret | OIDC_CLIENT_SECRET
  OIDC Email Domain | OIDC_EMAIL_DOMAIN | emailDomain
  OIDC Email Field | OIDC_EMAIL_FIELD | emailField | email
  OIDC Group Field | OIDC_GROUP_FIELD | groupField
  OIDC Group Mapping | OIDC_GROUP_MAPPING | groupMapping | {}
  OIDC Ignore Email Verified | OIDC_IGNORE_EMAIL_VERIFIED | ignoreEmailVerified
  OIDC Ignore UserInfo | OIDC_IGNORE_USERINFO | ignoreUserInfo | false
  OIDC Issuer URL | OIDC_ISSUER_URL | issuerURL
  OIDC Name Field | OIDC_NAME_FIELD | nameField | name
  OIDC Organization Field | OIDC_ORGANIZATION_FIELD | organizationField |  | hidden
  OIDC Organization Sync Mapping | OIDC_ORGANIZATION_MAPPING | organizationMapping | {} | hidden
  OIDC Redirect URL | OIDC_REDIRECT_URL | oidc-redirect-url |  | hidden
  OIDC Regex Group Filter | OIDC_GROUP_REGEX_FILTER | groupRegexFilter | .*
  OIDC Scopes | OIDC_SCOPES | scopes | openid,profile,email
  OIDC User Role Default | OIDC_USER_ROLE_DEFAULT | userRoleDefault
  OIDC User Role Field | OIDC_USER_ROLE_FIELD | userRoleField
  OIDC User Role Mapping | OIDC_USER_ROLE_MAPPING | userRoleMapping | {}
  OIDC Username Field | OIDC_USERNAME_FIELD | usernameField | preferred_username
  OpenID Connect sign in text | OIDC_SIGN_IN_TEXT | signInText | OpenID Connect
  OpenID connect icon URL | OIDC_ICON_URL | iconURL
  Signups disabled text | OIDC_SIGNUPS_DISABLED_TEXT | signupsDisabledText
  Skip OIDC issuer checks (not recommended) | DANGEROUS_OIDC_SKIP_ISSUER_CHECKS | dangerousSkipIssuerChecks
# Health Check | healthcheck | Introspection
  Health Check Refresh | HEALTH_CHECK_REFRESH | refresh | 10m0s
  Health Check Threshold: Database | HEALTH_CHECK_THRESHOLD_DATABASE | thresholdDatabase | 15ms
# Logging | logging | Introspection
  Human Log Location | LOGGING_HUMAN | humanPath | /dev/stderr | proxies; flag=log-human
  JSON Log Location | LOGGING_JSON | jsonPath |  | proxies; flag=log-json
  Log Filter | LOG_FILTER | filter |  | short=l
  Stackdriver Log Location | LOGGING_STACKDRIVER | stackdriverPath |  | proxies; flag=log-stackdriver
  Verbose | VERBOSE | verbose |  | proxies; hidden; short=v; instead=Log Filter
# Notifications | notifications
  Notifications: Dispatch Timeout | NOTIFICATIONS_DISPATCH_TIMEOUT | dispatchTimeout | 1m0s
  Notifications: Fetch Interval | NOTIFICATIONS_FETCH_INTERVAL | fetchInterval | 15s | hidden
  Notifications: Lease Count | NOTIFICATIONS_LEASE_COUNT | leaseCount | 20 | hidden
  Notifications: Lease Period | NOTIFICATIONS_LEASE_PERIOD | leasePeriod | 2m0s | hidden
  Notifications: Max Send Attempts | NOTIFICATIONS_MAX_SEND_ATTEMPTS | maxSendAttempts | 5
  Notifications: Method | NOTIFICATIONS_METHOD | method | smtp
  Notifications: Retry Interval | NOTIFICATIONS_RETRY_INTERVAL | retryInterval | 5m0s | hidden
  Notifications: Store Sync Buffer Size | NOTIFICATIONS_STORE_SYNC_BUFFER_SIZE | storeSyncBufferSize | 50 | hidden
  Notifications: Store Sync Interval | NOTIFICATIONS_STORE_SYNC_INTERVAL | storeSyncInterval | 2s | hidden
# Email | email | Notifications
  Notifications: Email: Force TLS | NOTIFICATIONS_EMAIL_FORCE_TLS | forceTLS |  | instead=Email: Force TLS; sourced
  Notifications: Email: From Address | NOTIFICATIONS_EMAIL_FROM | from |  | instead=Email: From Address
  Notifications: Email: Hello | NOTIFICATIONS_EMAIL_HELLO | hello |  | instead=Email: Hello; sourced
  Notifications: Email: Smarthost | NOTIFICATIONS_EMAIL_SMARTHOST | smarthost |  | instead=Email: Smarthost
# Inbox | inbox | Notifications
  Notifications: Inbox: Enabled | NOTIFICATIONS_INBOX_ENABLED | enabled | true
# Webhook | webhook | Notifications
  Notifications: Webhook: Endpoint | NOTIFICATIONS_WEBHOOK_ENDPOINT | endpoint
# GitHub | github | OAuth2
  OAuth2 GitHub Allow Everyone | OAUTH2_GITHUB_ALLOW_EVERYONE | allowEveryone
  OAuth2 GitHub Allow Signups | OAUTH2_GITHUB_ALLOW_SIGNUPS | allowSignups
  OAuth2 GitHub Allowed Orgs | OAUTH2_GITHUB_ALLOWED_ORGS | allowedOrgs
  OAuth2 GitHub Allowed Teams | OAUTH2_GITHUB_ALLOWED_TEAMS | allowedTeams
  OAuth2 GitHub Client ID | OAUTH2_GITHUB_CLIENT_ID | clientID
  OAuth2 GitHub Client Secret | OAUTH2_GITHUB_CLIENT_SECRET
  OAuth2 GitHub Default Provider Enable | OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE | defaultProviderEnable | false
  OAuth2 GitHub Device Flow | OAUTH2_GITHUB_DEVICE_FLOW | deviceFlow | false
  OAuth2 GitHub Enterprise Base URL | OAUTH2_GITHUB_ENTERPRISE_BASE_URL | enterpriseBaseURL
# Prometheus | prometheus | Introspection
  Prometheus Address | PROMETHEUS_ADDRESS | address | 127.0.0.1:2112 | proxies
  Prometheus Collect Database Metrics | PROMETHEUS_COLLECT_DB_METRICS | collect_db_metrics | false
  Prometheus Enable | PROMETHEUS_ENABLE | enable |  | proxies
# TLS | tls | Networking
  Redirect HTTP to HTTPS | TLS_REDIRECT_HTTP_TO_HTTPS | redirectHTTP | true | proxies; hidden; instead=Redirect to Access URL
  Strict-Transport-Security | STRICT_TRANSPORT_SECURITY | strictTransportSecurity | 0 | proxies
  Strict-Transport-Security Options | STRICT_TRANSPORT_SECURITY_OPTIONS | strictTransportSecurityOptions |  | proxies
  TLS Address | TLS_ADDRESS | address | 127.0.0.1:3443 | proxies
  TLS Allow Insecure Ciphers | TLS_ALLOW_INSECURE_CIPHERS | tlsAllowInsecureCiphers | false | proxies
  TLS Certificate Files | TLS_CERT_FILE | certFiles |  | proxies
  TLS Ciphers | TLS_CIPHERS | tlsCiphers |  | proxies
  TLS Client Auth | TLS_CLIENT_AUTH | clientAuth | none | proxies
  TLS Client CA Files | TLS_CLIENT_CA_FILE | clientCAFile |  | proxies
  TLS Client Cert File | TLS_CLIENT_CERT_FILE | clientCertFile |  | proxies
  TLS Client Key File | TLS_CLIENT_KEY_FILE | clientKeyFile |  | proxies
  TLS Enable | TLS_ENABLE | enable |  | proxies
  TLS Key Files | TLS_KEY_FILE | keyFiles |  | proxies
  TLS Minimum Version | TLS_MIN_VERSION | minVersion | tls12 | proxies
`;
