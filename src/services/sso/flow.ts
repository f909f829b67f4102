// A login through an identity provider, both ways: sending the browser there, and what it brings back.
import { createHash, randomBytes } from 'node:crypto';
import { randomText } from '../../crypto/tokens.ts';
import type { Ctx } from '../../ctx.ts';
import { ApiError, badRequest } from '../../errors.ts';
import { type ProviderTokens, providerDeadline } from '../../idp/http.ts';
import { BadToken, ProviderFailure, ProviderRefusal, ProviderUnready } from '../../idp/provider-error.ts';
import { type ConversionTarget, isConversionState } from './convert.ts';
import { isGithubOn, repairLinks } from './first-contact.ts';
import { githubIdentity } from './github.ts';
import { oidcIdentity } from './oidc.ts';
import { LoginRefusal } from './refusal.ts';
import { type SignedIn, signIn } from './sign-in.ts';

const STATE_LENGTH = 32;
const VERIFIER_BYTES = 32;

const NAMES = { oidc: 'OpenID Connect provider', github: 'GitHub' } as const;

/** Whether GitHub answers to its own pages or to a code that people type in there. */
export const usesDeviceFlow = ({ config }: Pick<Ctx, 'config'>, loginType: ConversionTarget): boolean =>
  loginType === 'github' && config.github?.deviceFlow === true;

/** @throws ApiError 400 while this way to sign in is off */
export async function requireConfigured(ctx: Ctx, loginType: ConversionTarget): Promise<void> {
  const isOn = loginType === 'oidc' ? ctx.idp.oidc !== null : await isGithubOn(ctx);
  if (!isOn) throw badRequest('The oauth2 method requested is not configured!');
}

/** What the provider said instead of giving a code. @throws ApiError 400 if it said anything */
export function requireNoError(query: { error: string; description: string; uri: string }): void {
  if (query.error === '') return;
  const detail = [query.description, query.uri && `error_uri: ${query.uri}`].filter((part) => part !== '').join(', ');
  throw badRequest(`Encountered error in oidc process: ${query.error}`, detail === '' ? {} : { detail });
}

/** The provider has not answered since the start, fails, or refuses: 503, 502 or 400 with one message. */
function loginFailure(err: unknown, loginType: ConversionTarget, message: string): unknown {
  if (err instanceof ProviderUnready) {
    const title = `The ${NAMES[loginType]} cannot be reached right now.`;
    return new LoginRefusal(503, title, `${err.message}. Please try again later.`, { as: 'browser-page' }, err);
  }
  if (err instanceof ProviderRefusal) return badRequest(message, { detail: err.message });
  if (err instanceof ProviderFailure || err instanceof BadToken)
    return new LoginRefusal(502, message, err.message, { as: 'browser-page' }, err);
  return err;
}

const NO_CODE = 'Failed exchanging Oauth code.';

async function orLoginFailure<T>(loginType: ConversionTarget, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (err) {
    throw loginFailure(err, loginType, NO_CODE);
  }
}

/** Whether a login of this kind uses PKCE: GitHub always does. @throws LoginRefusal 503 */
const usesPkce = async ({ idp }: Ctx, loginType: ConversionTarget): Promise<boolean> =>
  loginType === 'github' || (await idp.oidc?.usesPkce()) === true;

export interface StartedLogin {
  /** Where the browser goes. */
  location: string;
  state: string;
  /** Undefined without PKCE. */
  verifier: string | undefined;
}

/**
 * Begins a login. A state of its own makes it a conversion.
 * @param wantedState "" for a random one
 * @throws LoginRefusal 503 while the provider cannot be reached (golden: sso/oidc-flow, sso/github-login)
 */
export async function startLogin(ctx: Ctx, loginType: ConversionTarget, wantedState: string): Promise<StartedLogin> {
  return orLoginFailure(loginType, async () => {
    const state = wantedState || randomText(STATE_LENGTH);
    const verifier = (await usesPkce(ctx, loginType)) ? randomBytes(VERIFIER_BYTES).toString('base64url') : undefined;
    if (usesDeviceFlow(ctx, loginType)) {
      return { location: `/login/device?${new URLSearchParams({ state })}`, state, verifier };
    }
    const codeChallenge =
      verifier === undefined ? undefined : createHash('sha256').update(verifier).digest('base64url');
    const location =
      loginType === 'github'
        ? ctx.idp.github?.authorizationUrl({ state, codeChallenge: codeChallenge ?? '' })
        : await ctx.idp.oidc?.authorizationUrl({ state, codeChallenge });
    return { location: location ?? '/', state, verifier };
  });
}

/** What the browser brings back from the provider. */
export interface ReturnedLogin {
  code: string;
  state: string;
  /** From the cookies of the start; undefined when they are missing. */
  cookies: { state: string | undefined; verifier: string | undefined; permit: string | undefined };
  /** Who is signed in in this browser. */
  signedInAs: string | undefined;
}

/** The verifier of this login. @throws ApiError 400 or 401 when the browser is not the one that began it */
async function checkReturn(
  ctx: Ctx,
  loginType: ConversionTarget,
  { state, cookies }: ReturnedLogin,
): Promise<string | undefined> {
  if (state === '') throw badRequest('State must be provided.');
  if (cookies.state === undefined || cookies.state === '')
    throw new ApiError(401, 'Cookie "oauth_state" must be provided.');
  if (cookies.state !== state) throw new ApiError(401, 'State mismatched.');
  if (!(await usesPkce(ctx, loginType))) return undefined;
  if (!cookies.verifier) throw badRequest('PKCE challenge must be provided.');
  return cookies.verifier;
}

/** What GitHub says while nobody has typed the code in yet is its word alone, since the page asks for it. */
function exchange(
  ctx: Ctx,
  loginType: ConversionTarget,
  code: string,
  verifier: string | undefined,
  signal: AbortSignal,
): Promise<ProviderTokens> {
  const { oidc, github } = ctx.idp;
  if (loginType === 'oidc' && oidc) return oidc.exchangeCode(code, verifier, signal);
  if (!github) throw new Error('a login through a provider that is not configured');
  if (!usesDeviceFlow(ctx, loginType)) return github.exchangeCode(code, verifier ?? '', signal);
  return github.exchangeDeviceCode(code, signal).catch((err: unknown) => {
    throw err instanceof ProviderRefusal ? new ProviderRefusal(err.code, '') : err;
  });
}

/**
 * Finishes a login: exchanges the code, finds out who it is, and signs in. All that the provider is asked must be done
 * within a few seconds; nothing is written before it is.
 * @throws LoginRefusal, ApiError (golden: sso/*)
 */
export async function finishLogin(ctx: Ctx, loginType: ConversionTarget, login: ReturnedLogin): Promise<SignedIn> {
  const { oidc, github } = ctx.idp;
  const signal = providerDeadline();
  const identity = await orLoginFailure(loginType, async () => {
    const verifier = await checkReturn(ctx, loginType, login);
    const tokens = await exchange(ctx, loginType, login.code, verifier, signal);
    if (loginType === 'github' && github) return githubIdentity(ctx, github, tokens, signal);
    if (!oidc) throw new Error('a login through a provider that is not configured');
    await repairLinks(ctx, oidc);
    return oidcIdentity(ctx, oidc, tokens, signal);
  });
  const conversion = isConversionState(login.state) ? { state: login.state, permit: login.cookies.permit } : undefined;
  return signIn(ctx, identity, { conversion, signedInAs: login.signedInAs });
}
