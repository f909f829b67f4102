// What an identity provider is to this server, whichever protocol it speaks: OpenID Connect and GitHub behind one interface.
import type { ProviderTokens } from './token-endpoint.ts';

/** Login types of accounts that sign in through a provider. */
export type ExternalLoginType = 'oidc' | 'github';

/** What people call the providers, configured or not. */
export const PROVIDER_NAMES: Readonly<Record<ExternalLoginType, string>> = { oidc: 'OpenID Connect', github: 'GitHub' };

/** Whether accounts, and the sessions of accounts, of a login type depend on a provider. */
export const isExternalLoginType = (loginType: string): loginType is ExternalLoginType =>
  Object.hasOwn(PROVIDER_NAMES, loginType);

/** A login that begins. */
export interface LoginAttempt {
  /** Comes back with the browser. */
  readonly state: string;
  /** Comes back within the ID token of providers that have one. */
  readonly nonce: string;
  /** Of PKCE with S256; undefined for providers that do not know it. */
  readonly codeChallenge: string | undefined;
}

/** Calls that ask the provider take the end of the time that they may use, and throw ProviderRefusal or ProviderFailure. */
export interface IdentityProvider {
  readonly loginType: ExternalLoginType;
  /** An application that comes with this server: it counts only on deployments that were new at their first start. */
  readonly isBuiltIn: boolean;
  /** People type a code in at the provider, while a page of ours asks until they have: it reads JSON, no redirects. */
  readonly usesDeviceFlow: boolean;
  /** Whether people without an account get one, and the operator's words (Markdown, may be "") for when they do not. */
  readonly signups: { readonly allowed: boolean; readonly refusal: string };
  /** Whether logins use PKCE. @throws ProviderUnready */
  usesPkce(): Promise<boolean>;
  /** Where the browser goes: to the provider, or to the page of the device flow. @throws ProviderUnready */
  loginUrl(attempt: LoginAttempt): Promise<string>;
  /** The tokens for what the browser brought back. */
  exchangeCode(code: string, codeVerifier: string | undefined, signal: AbortSignal): Promise<ProviderTokens>;
  refresh(refreshToken: string, signal: AbortSignal): Promise<ProviderTokens>;
}
