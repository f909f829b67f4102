// What a login through an identity provider brings: who somebody is there, before it is known who that is here.
import { composedAddress } from '../../codersdk/names.ts';
import { MAX_EMAIL, MAX_NAME, MAX_URL } from '../../codersdk/sizes.ts';
import type { ApiError } from '../../errors.ts';
import { fitsInto } from '../../golang/text.ts';
import type { ExternalLoginType } from '../../idp/provider.ts';
import type { ProviderTokens } from '../../idp/token-endpoint.ts';
import type { LinkClaims } from '../../store/user-links.ts';
import { LoginRefusal } from './refusal.ts';

/** A login that the provider has granted. */
export interface GrantedLogin {
  readonly tokens: ProviderTokens;
  /** What an ID token must say of this login. */
  readonly nonce: string;
  /** The end of the time that the provider may still be asked in. */
  readonly signal: AbortSignal;
}

export interface ExternalIdentity {
  readonly loginType: ExternalLoginType;
  /** The account at the provider: never the same for two of them, and never empty. */
  readonly linkedId: string;
  readonly email: string;
  /** What a new user would like to be called; "" for no wish. */
  readonly username: string;
  readonly name: string;
  readonly avatarUrl: string;
  readonly tokens: ProviderTokens;
  /** Kept with the link; empty for providers that make no claims. */
  readonly claims: LinkClaims;
  /** Only of github.com itself. */
  readonly githubComUserId?: bigint;
  /** Thrown once it is clear that the account here is nobody else's. */
  readonly refusal?: LoginRefusal | undefined;
  /** What to throw when the address belongs to somebody who is linked to another account of the provider. */
  linkedElsewhere(message: string): ApiError;
  /** The site roles that the provider gives; undefined leaves them as they are. */
  readonly roles?: readonly string[] | undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const NEVER_IN_AN_ADDRESS = /[\u0000-\u0020\u007f\ufffd]/;
/** Stands for what could not be kept as it was: two subjects must not become one. */
const REPLACED = '\ufffd';

/**
 * The identity as it can be stored: its address composed, a picture's address without end left out.
 * @throws LoginRefusal 400 when what tells people apart is longer than any provider has a reason to make it, or holds what
 * cannot be stored
 */
export function storable(identity: ExternalIdentity): ExternalIdentity {
  const email = composedAddress(identity.email);
  if (!fitsInto(email, MAX_EMAIL) || !fitsInto(identity.linkedId, MAX_NAME)) {
    const description = 'Your login provider sent an email address or a user ID that is too long.';
    throw new LoginRefusal(400, 'Unusable account', description);
  }
  if (NEVER_IN_AN_ADDRESS.test(email) || identity.linkedId.includes(REPLACED)) {
    const description = 'Your login provider sent an email address or a user ID with characters that cannot be in one.';
    throw new LoginRefusal(400, 'Unusable account', description);
  }
  return { ...identity, email, avatarUrl: fitsInto(identity.avatarUrl, MAX_URL) ? identity.avatarUrl : '' };
}
