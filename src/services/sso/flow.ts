// A login through an identity provider, both ways: sending the browser there, and what it brings back.
import { createHash, randomBytes } from 'node:crypto';
import { randomText } from '../../crypto/tokens.ts';
import { type Ctx, nowText } from '../../ctx.ts';
import { ApiError, badRequest } from '../../errors.ts';
import { providerDeadline } from '../../idp/http.ts';
import { type ExternalLoginType, type IdentityProvider, PROVIDER_NAMES } from '../../idp/provider.ts';
import { BadToken, ProviderFailure, ProviderRefusal, ProviderUnready } from '../../idp/provider-error.ts';
import { spendState } from '../../store/spent-states.ts';
import { signedIn } from '../../watch/events.ts';
import { auditFailedSignIn } from '../failed-sign-ins.ts';
import { findMeantAccount } from './account.ts';
import { conversionState, isConversionState } from './convert.ts';
import { isOn } from './first-contact.ts';
import { githubIdentity } from './github-identity.ts';
import { type ExternalIdentity, type GrantedLogin, storable } from './identity.ts';
import { oidcIdentity } from './oidc-identity.ts';
import { LoginRefusal } from './refusal.ts';
import { type SignedIn, signIn } from './sign-in.ts';

const STATE_LENGTH = 32;
const SECRET_BYTES = 32;

type Identify = (ctx: Ctx, login: GrantedLogin) => Promise<ExternalIdentity>;

/** Who the tokens of a login belong to: what each provider says of people, under rules of its own. */
const IDENTIFY: Readonly<Record<ExternalLoginType, Identify>> = { oidc: oidcIdentity, github: githubIdentity };

/** The provider behind a way to sign in. @throws ApiError 400 while it is off */
export async function requireProvider(ctx: Ctx, loginType: ExternalLoginType): Promise<IdentityProvider> {
  const provider = ctx.idp[loginType];
  if (!provider || !(await isOn(ctx, loginType))) throw badRequest('The oauth2 method requested is not configured!');
  return provider;
}

/** What the provider said instead of giving a code. @throws ApiError 400 if it said anything, which the log tells, too */
export function requireNoError(
  ctx: Ctx,
  loginType: ExternalLoginType,
  query: { error: string; description: string; uri: string },
): void {
  if (query.error === '') return;
  const detail = [query.description, query.uri && `error_uri: ${query.uri}`].filter((part) => part !== '').join(', ');
  const refusal = badRequest(`Encountered error in oidc process: ${query.error}`, detail === '' ? {} : { detail });
  noteRefusal(ctx, loginType, undefined, refusal);
  throw refusal;
}

const NO_CODE = 'Failed exchanging Oauth code.';

/** The provider has not answered since the start, fails, or refuses: 503, 502 or 400. */
function loginFailure(err: unknown, { loginType }: IdentityProvider): unknown {
  if (err instanceof ProviderUnready) {
    const title = `The ${PROVIDER_NAMES[loginType]} provider cannot be reached right now.`;
    return new LoginRefusal(503, title, `${err.message}. Please try again later.`, { as: 'browser-page' }, err);
  }
  if (err instanceof ProviderRefusal) return badRequest(NO_CODE, { detail: err.message });
  if (err instanceof ProviderFailure || err instanceof BadToken)
    return new LoginRefusal(502, NO_CODE, err.message, { as: 'browser-page' }, err);
  return err;
}

async function orLoginFailure<T>(provider: IdentityProvider, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (err) {
    throw loginFailure(err, provider);
  }
}

/** What the browser keeps of a login while it is away; only it knows the secret. */
export interface StartedLogin {
  /** Where the browser goes. */
  location: string;
  state: string;
  /** With PKCE it is the code's verifier. */
  secret: string;
  usesPkce: boolean;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** What the ID token of a login must repeat; whoever has seen it cannot tell the secret. */
const nonceOf = (secret: string): string => sha256(`nonce ${secret}`);

/**
 * Begins a login. Its state is never what a parameter says, but that of a conversion which the browser has a permit for.
 * @param conversion the state that is asked for, "" for an ordinary login, and the value of the permit's cookie
 * @throws LoginRefusal 503 while the provider cannot be reached (golden: sso/oidc-flow, sso/github-login)
 */
export async function startLogin(
  ctx: Ctx,
  provider: IdentityProvider,
  conversion: { state: string; permit: string | undefined },
): Promise<StartedLogin> {
  return orLoginFailure(provider, async () => {
    const state = isConversionState(conversion.state)
      ? await conversionState(ctx, conversion.state, conversion.permit)
      : randomText(STATE_LENGTH);
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const usesPkce = await provider.usesPkce();
    const codeChallenge = usesPkce ? sha256(secret) : undefined;
    const location = await provider.loginUrl({ state, nonce: nonceOf(secret), codeChallenge });
    return { location, state, secret, usesPkce };
  });
}

/** What the browser brings back from the provider. */
export interface ReturnedLogin {
  code: string;
  state: string;
  /** From the cookies of the start; undefined when they are missing. */
  cookies: {
    state: string | undefined;
    verifier: string | undefined;
    nonceSecret: string | undefined;
    permit: string | undefined;
  };
  /** Who is signed in in this browser. */
  signedInAs: string | undefined;
}

const mismatch = () => new ApiError(401, 'State mismatched.');
const noCookie = (name: string) => new ApiError(401, `Cookie "${name}" must be provided.`);

/**
 * What the browser kept of this login.
 * @throws ApiError 400 or 401 when it is not the browser that began it (golden: sso/oidc-flow)
 */
async function checkReturn(
  provider: IdentityProvider,
  { state, cookies }: ReturnedLogin,
): Promise<{ secret: string; usesPkce: boolean }> {
  if (state === '') throw badRequest('State must be provided.');
  if (cookies.state === undefined) throw noCookie('oauth_state');
  if (cookies.state !== state) throw mismatch();
  const usesPkce = await provider.usesPkce();
  if (usesPkce && !cookies.verifier) throw badRequest('PKCE challenge must be provided.');
  const secret = usesPkce ? cookies.verifier : cookies.nonceSecret;
  if (!secret) throw noCookie('oauth_nonce');
  return { secret, usesPkce };
}

/**
 * Takes a state once, on all replicas: what comes back with it again was read from a history or a log. Two kinds are spent
 * otherwise: the device flow asks many times with one state until its device code is spent at the provider, and that of a
 * conversion is its permit's, which is worth nothing once the account has been converted.
 * @throws ApiError 401
 */
async function spend(ctx: Ctx, provider: IdentityProvider, state: string): Promise<void> {
  if (provider.usesDeviceFlow || isConversionState(state)) return;
  const hash = createHash('sha256').update(`${provider.loginType} ${state}`).digest();
  if (!(await spendState(ctx.db, hash, nowText(ctx)))) throw mismatch();
}

/** Words of GitHub for a device code that nobody has typed in yet. */
const PENDING: ReadonlySet<string | undefined> = new Set(['authorization_pending', 'slow_down']);

/**
 * A line for whoever reads the log to block addresses, as a failed sign-in by password leaves one.
 * @returns whether it was a refusal
 */
function noteRefusal(
  { log, origin }: Ctx,
  loginType: ExternalLoginType,
  email: string | undefined,
  err: unknown,
): boolean {
  if (!(err instanceof ApiError) || err.status >= 500) {
    signedIn.tell({ loginType, outcome: 'failed' });
    return false;
  }
  if (PENDING.has(err.detail)) return false;
  const { ip, requestId } = origin;
  const { message: reason, detail } = err;
  log.info({ ip, reason, email, loginType, detail, request: requestId }, 'sign-in failed');
  signedIn.tell({ loginType, outcome: 'refused' });
  return true;
}

/** The audit entry of a refused sign-in of an account that exists (docs/differences.md 32); it comes behind the answer. */
function auditRefusal(ctx: Ctx, identity: ExternalIdentity): void {
  ctx.behind.run('looking for the account of a refused sign-in', async () => {
    const account = await findMeantAccount(ctx, storable(identity));
    if (account) auditFailedSignIn(ctx, account);
  });
}

/**
 * Finishes a login: exchanges the code, finds out who it is, and signs in. All that the provider is asked must be done
 * within a few seconds; before that nothing is written but that the state is spent.
 * @throws LoginRefusal, ApiError (golden: sso/*)
 */
export async function finishLogin(ctx: Ctx, provider: IdentityProvider, login: ReturnedLogin): Promise<SignedIn> {
  const signal = providerDeadline();
  let identity: ExternalIdentity | undefined;
  try {
    identity = await orLoginFailure(provider, async () => {
      const { secret, usesPkce } = await checkReturn(provider, login);
      await spend(ctx, provider, login.state);
      const tokens = await provider.exchangeCode(login.code, usesPkce ? secret : undefined, signal);
      return IDENTIFY[provider.loginType](ctx, { tokens, nonce: nonceOf(secret), signal });
    });
    const conversion = isConversionState(login.state)
      ? { state: login.state, permit: login.cookies.permit }
      : undefined;
    const result = await signIn(ctx, identity, { conversion, signedInAs: login.signedInAs });
    signedIn.tell({ loginType: provider.loginType, outcome: 'success' });
    return result;
  } catch (err) {
    if (noteRefusal(ctx, provider.loginType, identity?.email, err) && identity) auditRefusal(ctx, identity);
    throw err;
  }
}
