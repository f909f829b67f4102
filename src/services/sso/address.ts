// The address that somebody signs in with through an OpenID provider, and whether the provider vouches for it. Pure.

import { composedAddress, isEmail } from '../../codersdk/names.ts';
import { MAX_EMAIL } from '../../codersdk/sizes.ts';
import type { OidcConfig } from '../../config.ts';
import { badRequest } from '../../errors.ts';
import { asciiLower } from '../../golang/ascii.ts';
import { parseBoolean } from '../../golang/booleans.ts';
import { quoted } from '../../golang/quote.ts';
import { trimmed } from '../../golang/space.ts';
import type { Claims } from '../../idp/claims.ts';
import { claim } from './claims.ts';
import { LoginRefusal } from './refusal.ts';

export interface Address {
  readonly email: string;
  /** Whether the source that names the address says that it has verified it. */
  readonly isVerified: boolean;
}

/** A name for signing in, whatever it looks like: what is verified is another claim, and people can change this one. */
const USERNAME_CLAIM = 'preferred_username';

const typeName = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

/** The address in a claim, "" without one. @throws ApiError 400 for a claim that is no text */
function addressIn(claims: Claims, name: string): string {
  const value = claim(claims, name);
  if (value === undefined) return '';
  if (typeof value === 'string') return composedAddress(trimmed(value));
  throw badRequest(`Email in OIDC payload isn't a string. Got: ${typeName(value)}`);
}

/** Whether a source says that its address is verified; only clear words count. Golden: sso/oidc-claims */
export function isEmailVerified(source: Claims): boolean {
  const verified = claim(source, 'email_verified');
  if (typeof verified === 'number') return verified !== 0;
  return verified === true || (typeof verified === 'string' && parseBoolean(verified) === true);
}

/** Whether a source vouches for an address; another source is asked only where it says nothing of its own address. */
function isVouchedFor(email: string, sources: readonly Claims[], { emailField }: OidcConfig): boolean {
  if (emailField === USERNAME_CLAIM) return false;
  const naming = sources.filter((source) => asciiLower(addressIn(source, emailField)) === asciiLower(email));
  const judge = naming.find((source) => claim(source, 'email_verified') !== undefined);
  return judge !== undefined && isEmailVerified(judge);
}

/**
 * The address: the configured claim of the strongest source that has it, or a username that is one, which nobody vouches
 * for (docs/differences.md 28).
 * @param sources the strongest first
 * @throws ApiError 400 without an address or for one that is no text
 */
export function addressOf(sources: readonly Claims[], config: OidcConfig): Address {
  const email = sources.map((source) => addressIn(source, config.emailField)).find((address) => address !== '');
  if (email !== undefined) return { email, isVerified: isVouchedFor(email, sources, config) };
  const usernames = sources.map((source) => claim(source, config.usernameField));
  const username = usernames.find((name) => typeof name === 'string');
  const address = composedAddress(
    trimmed(typeof username === 'string' && username.length <= MAX_EMAIL ? username : ''),
  );
  if (!isEmail(address)) throw badRequest('No email found in OIDC payload!');
  return { email: address, isVerified: false };
}

/** @throws LoginRefusal 403 for an address that is not verified or of a domain that is not allowed */
export function requireGoodAddress({ email, isVerified }: Address, config: OidcConfig): void {
  if (!config.ignoreEmailVerified && !isVerified) {
    throw new LoginRefusal(
      403,
      'Email not verified',
      `Verify the ${quoted(email)} email address on your OIDC provider to authenticate!`,
    );
  }
  const at = email.lastIndexOf('@');
  const domain = at < 0 ? '' : asciiLower(email.slice(at + 1));
  if (config.emailDomains.length > 0 && !config.emailDomains.includes(domain)) {
    throw new LoginRefusal(
      403,
      'Unauthorized email',
      `Your email ${quoted(email)} is not from an authorized domain! Please contact your administrator.`,
    );
  }
}
