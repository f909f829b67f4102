// How an account signs in, and what its identity provider said of it.
import type { ActorCtx } from '../ctx.ts';
import { ApiError, badRequest, forbidden } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { userObject } from '../rbac/policy.ts';
import { findLinkClaims } from '../store/user-links.ts';
import type { UserRow } from '../store/users.ts';

/** The login type of the caller. Golden: users-extras @throws ApiError 403 for anybody else, for owners too */
export function loginType(ctx: ActorCtx, target: UserRow): string {
  if (target.id !== ctx.actor.user.id) {
    throw new ApiError(403, "You are not authorized to view this user's login type.");
  }
  return target.loginType;
}

/**
 * The caller's claims, merged from ID token and user info, as of the last login through the provider.
 * Golden: session-authmethods-github, rbac-matrix-*
 * @throws ApiError 400 for accounts of another login type, 403 without read_personal, 404 before the first login
 */
export async function oidcClaims(ctx: ActorCtx): Promise<Record<string, unknown>> {
  const { user, subject } = ctx.actor;
  if (user.loginType !== 'oidc') throw badRequest('User is not an OIDC user.');
  if (!can(subject, 'read_personal', userObject(user))) throw forbidden();
  const claims = await findLinkClaims(ctx.db, user.id, user.loginType);
  if (!claims) throw new ApiError(404, 'You have not signed in through OpenID Connect yet, so no claims are known.');
  return claims.merged_claims ?? {};
}
