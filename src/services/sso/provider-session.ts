// Sessions of an identity provider live as long as its token does: a token that has run out is refreshed on the way.
import { setTimeout } from 'node:timers/promises';
import { instantText, parseInstant } from '../../clock.ts';
import type { AppDeps } from '../../ctx.ts';
import { ApiError } from '../../errors.ts';
import { utcTimeText } from '../../golang/times.ts';
import { PROVIDER_MS, providerDeadline } from '../../idp/http.ts';
import {
  type ExternalLoginType,
  type IdentityProvider,
  isExternalLoginType,
  PROVIDER_NAMES,
} from '../../idp/provider.ts';
import { ProviderFailure, ProviderRefusal } from '../../idp/provider-error.ts';
import type { ProviderTokens } from '../../idp/token-endpoint.ts';
import { once } from '../../in-flight.ts';
import { ZERO_TIME } from '../../store/schema.ts';
import type { SessionRow } from '../../store/sessions.ts';
import { endRefresh, findLink, leaseRefresh, type RefreshLease } from '../../store/user-links.ts';
import { sealToken, tokenExpiry } from './sign-in.ts';

/** Why a session does not count right now; without `message` the usual words for a missing session are used. */
export interface SessionProblem {
  message?: string;
  detail: string;
}

/** Nobody asks a provider for longer than its four seconds; a process that ended meanwhile blocks the others no longer. */
const LEASE_SECONDS = 10;
const WAIT_MS = PROVIDER_MS + 1000;
const POLL_MS = 50;
const RETRY_AFTER_SECONDS = 5;

/** Words with which a provider refuses this server, whoever it asks for: no reason to send people away. */
const SERVER_REFUSALS = new Set(['invalid_client', 'unauthorized_client', 'incorrect_client_credentials']);
const refusesThisServer = ({ code }: ProviderRefusal) => SERVER_REFUSALS.has(code);

const hasExpired = ({ clock }: Pick<AppDeps, 'clock'>, expiresAt: string) =>
  expiresAt !== ZERO_TIME && parseInstant(expiresAt) < clock();

/** Whether no identity provider need be asked before a session counts: none stands behind it, or its token still holds. */
export const isVouchedFor = (deps: Pick<AppDeps, 'clock'>, { link, keyLoginType }: SessionRow): boolean =>
  !isExternalLoginType(keyLoginType) || (link !== undefined && !hasExpired(deps, link.expiresAt));

const GONE = 'You must re-authenticate with the login provider.';

/** Not the session's fault: clients are to keep their key and come again (docs/differences.md 29). */
const unreachable = (loginType: ExternalLoginType, detail: string, cause?: unknown) =>
  new ApiError(503, `The ${PROVIDER_NAMES[loginType]} provider cannot be reached right now.`, {
    detail,
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    ...(cause !== undefined && { cause }),
  });

/** Asks the provider for fresh tokens and stores them. @returns the provider's reason when it refuses */
async function renew(deps: AppDeps, provider: IdentityProvider, lease: RefreshLease): Promise<string | undefined> {
  let tokens: ProviderTokens;
  try {
    tokens = await provider.refresh(deps.secretBox.decrypt(lease.refreshToken), providerDeadline());
  } catch (err) {
    await endRefresh(deps.db, lease);
    if (err instanceof ProviderRefusal && !refusesThisServer(err)) return err.message;
    if (!(err instanceof ProviderRefusal || err instanceof ProviderFailure)) throw err;
    throw unreachable(provider.loginType, err.message, err);
  }
  await endRefresh(deps.db, lease, {
    accessToken: sealToken(deps, tokens.accessToken),
    ...(tokens.refreshToken !== '' && { refreshToken: sealToken(deps, tokens.refreshToken) }),
    expiresAt: tokenExpiry(deps, tokens),
  });
  return undefined;
}

/**
 * Sees to fresh tokens for a link: by asking the provider, or by waiting for whoever is asking it, on this server or
 * another one. No connection and no transaction is held meanwhile.
 * @returns the reason when there are none
 * @throws ApiError 503 when the provider cannot be reached
 */
async function refresh(deps: AppDeps, userId: string, loginType: ExternalLoginType): Promise<string | undefined> {
  const provider = deps.idp[loginType];
  if (!provider) return 'The login provider of this session is not configured any more.';
  const patience = AbortSignal.timeout(WAIT_MS);
  for (;;) {
    const lease = await leaseRefresh(deps.db, { userId, loginType }, instantText(deps.clock()), LEASE_SECONDS);
    if (lease) return renew(deps, provider, lease);
    const link = await findLink(deps.db, userId, loginType);
    if (!link) return GONE;
    if (!hasExpired(deps, link.expiresAt)) return undefined;
    if (link.refreshToken === '') return 'There is no refresh token any more.';
    if (patience.aborted) throw unreachable(loginType, 'Somebody else is waiting for its answer.');
    await setTimeout(POLL_MS);
  }
}

/**
 * Makes the check for sessions whose key an identity provider stands behind; others pass. Requests of one user that find the same
 * token run out share one refresh, on all replicas. Nothing is ended: when the provider recovers, the session counts
 * again. What it throws is a 503.
 * Golden: sso/oidc-sessions, sso/github-login
 */
export function createProviderCheck(deps: AppDeps): (session: SessionRow) => Promise<SessionProblem | undefined> {
  const refreshes = once<string, string | undefined>();

  return async function checkProvider({ link, user, keyLoginType }) {
    if (!isExternalLoginType(keyLoginType)) return undefined;
    if (!link) return { detail: GONE };
    if (!hasExpired(deps, link.expiresAt)) return undefined;
    const name = PROVIDER_NAMES[keyLoginType];
    if (!link.hasRefreshToken) {
      return { detail: `${name} session expired at "${utcTimeText(link.expiresAt)}". Try signing in again.` };
    }
    const reason = await refreshes(`${keyLoginType} ${user.id}`, () => refresh(deps, user.id, keyLoginType));
    if (reason === undefined) return undefined;
    return {
      message: `Could not refresh expired ${name} token. Try re-authenticating to resolve this issue.`,
      detail: reason,
    };
  };
}
