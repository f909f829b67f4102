// What a login through an identity provider brings: who somebody is there, before it is known who that is here.
import type { ProviderTokens } from '../../idp/http.ts';
import type { LinkClaims } from '../../store/user-links.ts';
import type { ConversionTarget } from './convert.ts';
import type { LoginRefusal } from './refusal.ts';

export interface ExternalIdentity {
  readonly loginType: ConversionTarget;
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
}
