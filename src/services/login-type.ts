// How an account signs in, and what its identity provider said of it.
import type { ActorCtx } from '../ctx.ts';
import { ApiError, badRequest, forbidden } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { userObject } from '../rbac/objects.ts';
import { findLinkClaims, type LinkClaims } from '../store/user-links.ts';
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
 * @throws ApiError 400 for accounts of another login type, 403 without user.read, 404 before the first login
 */
export async function oidcClaims(ctx: ActorCtx): Promise<Record<string, unknown>> {
  const { user, subject } = ctx.actor;
  if (!can(subject, 'read', userObject(user))) throw forbidden();
  if (user.loginType !== 'oidc') throw badRequest('User is not an OIDC user.');
  const claims = await findLinkClaims(ctx.db, user.id, user.loginType);
  if (!claims) throw new ApiError(404, 'You have not signed in through OpenID Connect yet, so no claims are known.');
  return claims.merged_claims ?? {};
}

/**
 * What the provider said of a user at the last login, by source. Source: GET /debug/{user}/debug-link
 * @throws ApiError 403 without debug_info.read, 400 for accounts of another login type, 404 before the first login
 */
export async function linkOf(ctx: ActorCtx, target: UserRow): Promise<LinkClaims> {
  if (!can(ctx.actor.subject, 'read', { type: 'debug_info' })) throw forbidden();
  if (target.loginType !== 'oidc') throw badRequest('User is not an OIDC user.');
  const claims = await findLinkClaims(ctx.db, target.id, target.loginType);
  if (!claims)
    throw new ApiError(404, 'The user has not signed in through OpenID Connect yet, so no claims are known.');
  return claims;
}
