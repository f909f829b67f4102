// What the claims of an OpenID provider say about somebody, and what this server makes of it. Pure.
import { composedAddress, isEmail, realNameOf } from '../../codersdk/names.ts';
import type { OidcConfig } from '../../config.ts';
import { badRequest } from '../../errors.ts';
import { asciiLower } from '../../golang/ascii.ts';
import { parseBoolean } from '../../golang/booleans.ts';
import type { Claims } from '../../idp/token-verifier.ts';
import { LoginRefusal } from './refusal.ts';

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A claim that was sent, null included; undefined when it was not. */
const claim = (claims: Claims, name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);

const typeName = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

/**
 * The address: the configured claim, or the username if that is one.
 * @throws ApiError 400 without an address or for one that is no text
 */
export function emailOf(claims: Claims, config: OidcConfig): string {
  const email = claim(claims, config.emailField);
  if (email !== undefined && typeof email !== 'string') {
    throw badRequest(`Email in OIDC payload isn't a string. Got: ${typeName(email)}`);
  }
  if (email) return email;
  const username = textOf(claim(claims, config.usernameField)) ?? '';
  if (!isEmail(username)) throw badRequest('No email found in OIDC payload!');
  return username;
}

/** Whether the provider says that it has verified the address; only clear words count. Golden: sso/oidc-claims */
export function isEmailVerified(claims: Claims): boolean {
  const verified = claim(claims, 'email_verified');
  if (typeof verified === 'number') return verified !== 0;
  return verified === true || (typeof verified === 'string' && parseBoolean(verified) === true);
}

/** @throws LoginRefusal 403 for an address that is not verified or of a domain that is not allowed */
export function requireGoodEmail(email: string, claims: Claims, config: OidcConfig): void {
  if (!config.ignoreEmailVerified && !isEmailVerified(claims)) {
    throw new LoginRefusal(
      403,
      'Email not verified',
      `Verify the "${email}" email address on your OIDC provider to authenticate!`,
    );
  }
  const at = email.lastIndexOf('@');
  const domain = at < 0 ? '' : asciiLower(composedAddress(email.slice(at + 1)));
  if (config.emailDomains.length > 0 && !config.emailDomains.includes(domain)) {
    throw new LoginRefusal(
      403,
      'Unauthorized email',
      `Your email "${email}" is not from an authorized domain! Please contact your administrator.`,
    );
  }
}

/** What a claim of groups lists; undefined for what cannot be read as a list of names. */
function namesIn(value: unknown): string[] | undefined {
  if (value === '') return [];
  if (typeof value === 'string') return value.includes(',') ? undefined : [value];
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

/** Why the groups do not let somebody in; undefined when they do. Golden: sso/oidc-accounts/groups-allow-list */
export function groupRefusal(claims: Claims, config: OidcConfig): LoginRefusal | undefined {
  if (config.allowedGroups.length === 0) return undefined;
  const title = 'Not a member of an allowed group';
  const value = claim(claims, config.groupField);
  if (value === undefined) return new LoginRefusal(403, title, 'You have no groups in your claims!');
  const groups = namesIn(value);
  if (!groups)
    return new LoginRefusal(
      400,
      'Failed read groups from claims for allow list check. Ask an administrator for help.',
      '',
    );
  if (groups.some((group) => config.allowedGroups.includes(group))) return undefined;
  return new LoginRefusal(403, title, 'Ask an administrator to add one of your groups to the allow list.');
}

/** Username, real name and picture; what has the wrong type counts as absent, which is "". */
export function profileOf(claims: Claims, config: OidcConfig): { username: string; name: string; avatarUrl: string } {
  const text = (name: string) => textOf(claim(claims, name)) ?? '';
  return { username: text(config.usernameField), name: realNameOf(text(config.nameField)), avatarUrl: text('picture') };
}

/** The values of a claim that is a list of texts or one text; what is no text is left out. */
export function valuesOf(claims: Claims, name: string): string[] {
  return [claim(claims, name)].flat().filter((value): value is string => typeof value === 'string' && value !== '');
}
