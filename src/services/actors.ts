// Who acts, and changes that give or take power: they rely on nothing that was read before their transaction began.
import { type Actor, type ActorCtx, type Ctx, withTx } from '../ctx.ts';
import { ApiError, forbidden, limitedKey, notFound, SIGNED_OUT, unauthenticated } from '../errors.ts';
import { decide, decidePower, type Verdict } from '../rbac/authorize.ts';
import type { RbacObject } from '../rbac/objects.ts';
import { isOwner } from '../rbac/owners.ts';
import {
  couldGrantAll,
  DEFAULT_ORG_MEMBER_ROLES,
  effectiveRoles,
  type RoleOptions,
  type RoleRef,
} from '../rbac/roles.ts';
import { type ActorRow, findActor } from '../store/actors.ts';
import { retrySerializable } from '../store/db.ts';
import { lockPeople } from '../store/locks.ts';
import { listMemberships, type Membership } from '../store/organizations.ts';
import { findLockedUser, type LockedUser, type UserRow } from '../store/users.ts';

/** All roles of a user with these memberships. */
function rolesOf(user: UserRow, memberships: readonly Membership[]): RoleRef[] {
  return effectiveRoles({
    siteRoles: user.roles,
    memberships: memberships.map((membership) => ({ ...membership, isServiceAccount: user.isServiceAccount })),
    defaultOrgMemberRoles: DEFAULT_ORG_MEMBER_ROLES,
  });
}

/** What a user may do with a key. */
export function actorOf(
  { user, keyId, expiresAt, scopes, allowList, memberships }: ActorRow,
  options: RoleOptions,
): Actor {
  return {
    user,
    keyId,
    keyExpiresAt: expiresAt,
    subject: { userId: user.id, roles: rolesOf(user, memberships), scopes, allowList, options },
  };
}

/** All roles that a user holds, those of its memberships included. */
export const rolesHeldBy = async (ctx: Ctx, user: UserRow): Promise<RoleRef[]> =>
  rolesOf(user, await listMemberships(ctx.db, user.id));

/**
 * Requires a permission.
 * @param refusal the answer for callers whose roles or key do not allow it at all
 * @throws ApiError that, or 403 for what only owners may do to owners and for what is beyond a limited key
 */
export function requirePermission(
  ctx: ActorCtx,
  action: string,
  object: RbacObject,
  refusal: () => ApiError = forbidden,
): void {
  refuse(decide(ctx.actor.subject, action, object), refusal);
}

function refuse(verdict: Verdict, refusal: () => ApiError): void {
  if (verdict === 'limited-key') throw limitedKey();
  if (verdict === 'owners-only') throw forbidden();
  if (verdict === 'forbidden') throw refusal();
}

/**
 * Requires what no role gives but something else permits, such as a password that is known.
 * @throws ApiError 403 for what only owners may do to owners and for what is beyond a limited key
 */
export function requirePower(ctx: ActorCtx, action: string, object: RbacObject): void {
  refuse(decidePower(ctx.actor.subject, action, object), forbidden);
}

/**
 * Requires that the caller could have granted every role of an account before coming into it.
 * @throws ApiError 403
 */
export function requireCouldGrant(ctx: ActorCtx, held: readonly RoleRef[]): void {
  if (couldGrantAll(ctx.actor.subject.roles, held)) return;
  throw new ApiError(403, 'Forbidden.', { detail: 'The account has a role that you could not grant.' });
}

/** 401 for a caller whose key has ended, or who may not act any more, since the request began. */
export const endedMeanwhile = ({ config }: Ctx): ApiError =>
  unauthenticated(config.accessUrl, SIGNED_OUT, 'The key was ended while the request was under way.');

/** The actor as of now. @throws ApiError 401 when the key has ended meanwhile or its user may not act any more */
async function actorNow(ctx: ActorCtx): Promise<Actor> {
  const row = await findActor(ctx.db, ctx.actor.keyId, ctx.actor.keyExpiresAt);
  if (!row) throw endedMeanwhile(ctx);
  return actorOf(row, ctx.config.rbac);
}

/**
 * A transaction for a change that gives power: its ctx has the actor as of now, who can neither be demoted, suspended nor
 * deleted, and whose key does not end, until the change is made. Decide in `work`, with that actor.
 * @throws ApiError 401 when the actor's key has ended or the actor may not act any more
 */
export function withActor<T>(ctx: ActorCtx, work: (ctx: ActorCtx) => Promise<T>): Promise<T> {
  return withTx(ctx, async (ctx) => {
    await lockPeople(ctx.db, { actor: ctx.actor.user.id });
    return work({ ...ctx, actor: await actorNow(ctx) });
  });
}

/** An account that is acted on, locked, with all its roles. */
export type LockedAccount = LockedUser & { readonly held: readonly RoleRef[] };

/**
 * As `withActor`, for a change of an account, which is locked and read anew. Decide in `work`, with that account.
 * @param mayLoseOwner also locks all owners if the account is one, so that parallel changes see who of them is left
 * @throws ApiError 401 as `withActor`, 404 when the account was deleted meanwhile
 */
export function withAccount<T>(
  ctx: ActorCtx,
  target: Pick<UserRow, 'id' | 'roles'>,
  work: (ctx: ActorCtx, account: LockedAccount) => Promise<T>,
  { mayLoseOwner = false } = {},
): Promise<T> {
  const BECAME_OWNER = Symbol('became an owner');
  const attempt = (owners: boolean) =>
    withTx(ctx, async (ctx) => {
      await lockPeople(ctx.db, { actor: ctx.actor.user.id, target: target.id, owners });
      const actor = await actorNow(ctx);
      const user = await findLockedUser(ctx.db, target.id);
      if (!user) throw notFound();
      if (mayLoseOwner && !owners && isOwner(user)) return BECAME_OWNER;
      return work({ ...ctx, actor }, { ...user, held: await rolesHeldBy(ctx, user) });
    });
  // An owner who was made after the owners were listed is locked out of order; who then waits in a circle starts again.
  return retrySerializable(async () => {
    const result = await attempt(mayLoseOwner && isOwner(target));
    return result === BECAME_OWNER ? ((await attempt(true)) as T) : (result as T);
  });
}
