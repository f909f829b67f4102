// Sessions of an identity provider live as long as its token does: a token that has run out is refreshed on the way.
import { parseInstant } from '../../clock.ts';
import type { AppDeps } from '../../ctx.ts';
import { utcTimeText } from '../../golang/times.ts';
import { providerDeadline } from '../../idp/http.ts';
import { type ExternalLoginType, isExternalLoginType, PROVIDER_NAMES } from '../../idp/provider.ts';
import { ProviderFailure, ProviderRefusal } from '../../idp/provider-error.ts';
import type { ProviderTokens } from '../../idp/token-endpoint.ts';
import { once } from '../../in-flight.ts';
import { ZERO_TIME } from '../../store/schema.ts';
import type { SessionRow } from '../../store/sessions.ts';
import { findLink, type LinkRow, replaceLinkTokens } from '../../store/user-links.ts';
import { sealToken, tokenExpiry } from './sign-in.ts';

/** Why a session does not count right now; without `message` the usual words for a missing session are used. */
export interface SessionProblem {
  message?: string;
  detail: string;
}

const hasExpired = (deps: AppDeps, expiresAt: string) =>
  expiresAt !== ZERO_TIME && parseInstant(expiresAt) < deps.clock();

function askProvider({ idp }: AppDeps, loginType: ExternalLoginType, refreshToken: string): Promise<ProviderTokens> {
  const provider = idp[loginType];
  if (!provider) throw new ProviderFailure('The login provider of this session is not configured any more.');
  return provider.refresh(refreshToken, providerDeadline());
}

/** Stores fresh tokens for a link. @returns the provider's reason when it gives none */
async function refresh(deps: AppDeps, userId: string, loginType: ExternalLoginType): Promise<string | undefined> {
  const link = await findLink(deps.db, userId, loginType);
  // Gone or refreshed since the session was read: by a login, or by another server.
  if (!link || !hasExpired(deps, link.expiresAt)) return undefined;
  let tokens: ProviderTokens;
  try {
    tokens = await askProvider(deps, loginType, deps.secretBox.decrypt(link.refreshToken));
  } catch (err) {
    if (!(err instanceof ProviderRefusal || err instanceof ProviderFailure)) throw err;
    // Another server may have used up this refresh token a moment ago.
    const now = await findLink(deps.db, userId, loginType);
    return now && !hasExpired(deps, now.expiresAt) ? undefined : err.message;
  }
  await replaceLinkTokens(deps.db, link, {
    accessToken: sealToken(deps, tokens.accessToken),
    refreshToken: tokens.refreshToken === '' ? link.refreshToken : sealToken(deps, tokens.refreshToken),
    expiresAt: tokenExpiry(deps, tokens),
  } satisfies Partial<LinkRow>);
  return undefined;
}

/**
 * Makes the check for sessions whose key an identity provider stands behind; others pass. Requests of one user that find the same
 * token run out share one refresh. Nothing is ended: when the provider recovers, the session counts again.
 * Golden: sso/oidc-sessions, sso/github-login
 */
export function createProviderCheck(deps: AppDeps): (session: SessionRow) => Promise<SessionProblem | undefined> {
  const refreshes = once<string, string | undefined>();

  return async function checkProvider({ link, user, keyLoginType }) {
    if (!isExternalLoginType(keyLoginType)) return undefined;
    if (!link) return { detail: 'You must re-authenticate with the login provider.' };
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
