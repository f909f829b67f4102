// Settings of the OpenID Connect login, with the contradictions that can be seen without asking the provider.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { asciiLower } from '../golang/ascii.ts';
import { ConfigError, type Reader } from './values.ts';

export interface OidcConfig {
  readonly issuerUrl: string;
  readonly clientId: string;
  /** Empty for a public client, and with clientAssertion. */
  readonly clientSecret: string;
  /** An RSA key (PEM) that signs client assertions instead of a secret; the certificate gives the header x5t. */
  readonly clientAssertion: { readonly keyPem: string; readonly certificatePem?: string } | null;
  /** The whole redirect_uri. */
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** Added to the authorization URL, in place of standard parameters of the same name (`access_type=offline` is one). */
  readonly authUrlParams: Readonly<Record<string, string>>;
  /** Lower case, without a leading @; empty means any. */
  readonly emailDomains: readonly string[];
  readonly allowSignups: boolean;
  readonly signupsDisabledText: string;
  readonly ignoreEmailVerified: boolean;
  readonly emailField: string;
  readonly usernameField: string;
  readonly nameField: string;
  readonly ignoreUserInfo: boolean;
  readonly accessTokenClaims: boolean;
  /** Claim read for the allow list; empty means none. */
  readonly groupField: string;
  /** Empty means any. */
  readonly allowedGroups: readonly string[];
  readonly signInText: string;
  readonly iconUrl: string;
  readonly skipIssuerChecks: boolean;
  readonly repairLinks: boolean;
  /** Empty means that roles are not synchronized. */
  readonly userRoleField: string;
  readonly userRoleMapping: Readonly<Record<string, readonly string[]>>;
  readonly userRoleDefault: readonly string[];
}

const CALLBACK_PATH = '/api/v2/users/oidc/callback';

function readPem(
  reader: Reader,
  variable: string,
  check: (pem: string) => boolean,
  wanted: string,
): string | undefined {
  const path = reader.raw(variable);
  if (path === undefined) return undefined;
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError(variable, `the file ${JSON.stringify(path)} cannot be read`);
  }
  let valid = false;
  try {
    valid = check(pem);
  } catch {
    // Not PEM at all; said below.
  }
  if (!valid) throw new ConfigError(variable, `the file ${JSON.stringify(path)} does not hold ${wanted}`);
  return pem;
}

function readClientAssertion(reader: Reader): OidcConfig['clientAssertion'] {
  const isRsaKey = (pem: string) => createPrivateKey(pem).asymmetricKeyType === 'rsa';
  const isCertificate = (pem: string) => new X509Certificate(pem).serialNumber !== '';
  const keyPem = readPem(reader, 'CODER_OIDC_CLIENT_KEY_FILE', isRsaKey, 'an RSA private key in PEM form');
  const certificatePem = readPem(reader, 'CODER_OIDC_CLIENT_CERT_FILE', isCertificate, 'a certificate in PEM form');
  if (keyPem === undefined) {
    if (certificatePem === undefined) return null;
    throw new ConfigError('CODER_OIDC_CLIENT_CERT_FILE', 'needs CODER_OIDC_CLIENT_KEY_FILE');
  }
  if (reader.secret('CODER_OIDC_CLIENT_SECRET') !== undefined) {
    throw new ConfigError('CODER_OIDC_CLIENT_KEY_FILE', 'cannot be used together with CODER_OIDC_CLIENT_SECRET');
  }
  return certificatePem === undefined ? { keyPem } : { keyPem, certificatePem };
}

function readRedirectUri(reader: Reader, accessUrl: string): string {
  const replacement = reader.webAddress('CODER_OIDC_REDIRECT_URL');
  if (replacement === undefined) return accessUrl + CALLBACK_PATH;
  return new URL(replacement).origin + new URL(accessUrl + CALLBACK_PATH).pathname;
}

const readScopes = (reader: Reader): string[] => reader.list('CODER_OIDC_SCOPES', ['openid', 'profile', 'email']);

/** The claim with groups, for the allow list and for group sync; empty means none. */
export const readGroupField = (reader: Reader, scopes = readScopes(reader)): string =>
  reader.text('CODER_OIDC_GROUP_FIELD', scopes.includes('groups') ? 'groups' : '');

/**
 * Reads CODER_OIDC_*; null while no client id is set. Values are checked even then, contradictions are not.
 * Throws ConfigError. Golden: sso/startup, sso/oidc-settings
 */
export function readOidc(reader: Reader, accessUrl: string): OidcConfig | null {
  const scopes = readScopes(reader);
  const settings = {
    clientSecret: reader.secret('CODER_OIDC_CLIENT_SECRET') ?? '',
    redirectUri: readRedirectUri(reader, accessUrl),
    scopes,
    authUrlParams: reader.textMap('CODER_OIDC_AUTH_URL_PARAMS', {}),
    emailDomains: reader
      .list('CODER_OIDC_EMAIL_DOMAIN', [])
      .map((domain) => asciiLower(domain.replace(/^@/, '').normalize('NFC'))),
    allowSignups: reader.boolean('CODER_OIDC_ALLOW_SIGNUPS', true),
    signupsDisabledText: reader.text('CODER_OIDC_SIGNUPS_DISABLED_TEXT', ''),
    ignoreEmailVerified: reader.boolean('CODER_OIDC_IGNORE_EMAIL_VERIFIED', false),
    emailField: reader.text('CODER_OIDC_EMAIL_FIELD', 'email'),
    usernameField: reader.text('CODER_OIDC_USERNAME_FIELD', 'preferred_username'),
    nameField: reader.text('CODER_OIDC_NAME_FIELD', 'name'),
    ignoreUserInfo: reader.boolean('CODER_OIDC_IGNORE_USERINFO', false),
    accessTokenClaims: reader.boolean('CODER_OIDC_ACCESS_TOKEN_CLAIMS', false),
    groupField: readGroupField(reader, scopes),
    allowedGroups: reader.list('CODER_OIDC_ALLOWED_GROUPS', []),
    signInText: reader.text('CODER_OIDC_SIGN_IN_TEXT', 'OpenID Connect'),
    iconUrl: reader.text('CODER_OIDC_ICON_URL', ''),
    skipIssuerChecks: reader.boolean('CODER_DANGEROUS_OIDC_SKIP_ISSUER_CHECKS', false),
    repairLinks: reader.boolean('CODER_OIDC_REPAIR_LINKS', true),
    userRoleField: reader.text('CODER_OIDC_USER_ROLE_FIELD', ''),
    userRoleMapping: reader.listMap('CODER_OIDC_USER_ROLE_MAPPING'),
    userRoleDefault: reader.list('CODER_OIDC_USER_ROLE_DEFAULT', []),
  };
  const clientId = reader.raw('CODER_OIDC_CLIENT_ID');
  // The issuer is compared with the discovery document letter for letter, so it is kept exactly as written.
  const issuerUrl = reader.raw('CODER_OIDC_ISSUER_URL');
  for (const name of ['CODER_OIDC_CLIENT_KEY_FILE', 'CODER_OIDC_CLIENT_CERT_FILE']) reader.raw(name);
  if (clientId === undefined) {
    const names = [...reader.names].filter(
      (name) => /^CODER_(DANGEROUS_)?OIDC_/.test(name) && name !== 'CODER_OIDC_SIGNUPS_DISABLED_TEXT',
    );
    for (const name of names) reader.setIdle(name, 'has no effect without CODER_OIDC_CLIENT_ID');
    return null;
  }
  if (issuerUrl === undefined) throw new ConfigError('CODER_OIDC_ISSUER_URL', 'is needed with CODER_OIDC_CLIENT_ID');
  reader.webAddress('CODER_OIDC_ISSUER_URL');
  if (settings.allowedGroups.length > 0 && settings.groupField === '') {
    throw new ConfigError('CODER_OIDC_ALLOWED_GROUPS', 'needs CODER_OIDC_GROUP_FIELD, or the scope groups');
  }
  if (settings.accessTokenClaims && !settings.ignoreUserInfo) {
    throw new ConfigError('CODER_OIDC_ACCESS_TOKEN_CLAIMS', 'needs CODER_OIDC_IGNORE_USERINFO=true');
  }
  return { issuerUrl, clientId, clientAssertion: readClientAssertion(reader), ...settings };
}
