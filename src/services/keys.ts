// API keys: making them, reading them, and ending them. Tokens by request are made in tokens.ts.
import { instantText } from '../clock.ts';
import { randomTokenName } from '../codersdk/derived-names.ts';
import { newKey } from '../crypto/tokens.ts';
import { type ActorCtx, type Ctx, nowText, withTx } from '../ctx.ts';
import { conflict, forbidden, notFound } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { can } from '../rbac/authorize.ts';
import { keyObject, newKeyObject, userObject } from '../rbac/policy.ts';
import { isUnlimited, type KeyReach, UNLIMITED } from '../rbac/scopes.ts';
import { visible } from '../rbac/visible.ts';
import * as store from '../store/keys.ts';
import { insertKey } from '../store/new-keys.ts';
import type { UserRow } from '../store/users.ts';
import { type AuditEntry, audit, auditRow } from './audit.ts';
import { requireOwnerFor } from './owners.ts';

export type KeyKind = 'session' | 'key' | 'token';

interface KeyRequest {
  userId: string;
  /** What the key is to its user: made by signing in, by POST keys, or a named token. */
  kind: KeyKind;
  loginType: string;
  lifetimeNs: bigint;
  /** For tokens: '' or missing gives a random one. */
  tokenName?: string;
  scopes?: readonly string[];
  allowList?: readonly string[];
  /** The address of the client that signs in; keys made otherwise have none until they are used. */
  ip?: string;
  /** Notes the new key in the audit log, in the statement that stores it. Without it the caller must. */
  event?: Pick<AuditEntry, 'action' | 'userId'> & { target?: string };
}

const SECOND_NS = 1_000_000_000n;
const NO_ADDRESS = '0.0.0.0';
/** How many random names may be taken before we give up: there are over a million. */
const NAME_TRIES = 10;

/** Whole seconds of a lifetime as stored; anything shorter than one counts as one (docs/differences.md 10). */
const lifetimeSeconds = (ns: bigint): number => Math.max(1, Number(ns / SECOND_NS));

const nameTaken = (name: string) =>
  conflict(`A token with name ${quoted(name)} already exists.`, {
    validations: [{ field: 'name', detail: 'This value is already in use and should be unique.' }],
  });

/**
 * Makes and stores a key; without scopes it may do all that its user may.
 * @returns the key's text, which exists nowhere else, and its id
 * @throws ApiError 404 when the user was deleted meanwhile, 409 for a taken token name
 */
export async function issueKey(ctx: Ctx, request: KeyRequest): Promise<{ id: string; key: string }> {
  const { id, key, hashedSecret } = newKey();
  const now = ctx.clock();
  for (let tries = 1; ; tries++) {
    const tokenName = request.tokenName || (request.kind === 'token' ? randomTokenName() : '');
    const row = {
      id,
      hashedSecret,
      userId: request.userId,
      createdAt: instantText(now),
      expiresAt: instantText(now + Number(request.lifetimeNs / 1000n)),
      loginType: request.loginType,
      kind: request.kind,
      lifetimeSeconds: lifetimeSeconds(request.lifetimeNs),
      ipAddress: request.ip ?? NO_ADDRESS,
      tokenName,
      scopes: [...(request.scopes ?? UNLIMITED.scopes)],
      allowList: [...(request.allowList ?? UNLIMITED.allowList)],
    };
    const { event } = request;
    const log =
      event &&
      auditRow(ctx, {
        action: event.action,
        ...(event.userId !== undefined && { userId: event.userId }),
        resourceType: 'api_key',
        resourceId: id,
        resourceTarget: event.target ?? tokenName,
        status: 201,
        after: auditedKey(row),
      });
    const outcome = await insertKey(ctx.db, row, log);
    if (outcome === 'stored') return { id, key };
    if (outcome === 'no-user') throw notFound();
    if (request.tokenName || tries === NAME_TRIES) throw nameTaken(tokenName);
  }
}

/** The fields of a key that the audit log compares. */
const auditedKey = (key: KeyReach & { userId: string; loginType: string; tokenName: string; expiresAt: string }) => ({
  user_id: key.userId,
  login_type: key.loginType,
  token_name: key.tokenName,
  scopes: key.scopes,
  allow_list: key.allowList,
  expires_at: key.expiresAt,
});

/** @throws ApiError 403 for the built-in account, whose keys nobody makes (golden: rbac-system-user) */
export function refuseSystemUser(target: UserRow): void {
  if (target.isSystem) throw forbidden();
}

/**
 * Makes a session key of the default token lifetime for the user in the path; it may do all that its user may, so a
 * limited key may not make one.
 * @throws ApiError 403 without the right, for limited keys, and for an owner's key unless the caller is one
 */
export async function createSessionKey(ctx: ActorCtx, target: UserRow): Promise<string> {
  const { actor } = ctx;
  refuseSystemUser(target);
  if (!can(actor.subject, 'create', newKeyObject(target.id)) || !isUnlimited(actor.subject)) throw forbidden();
  requireOwnerFor(actor, target);
  const { key } = await issueKey(ctx, {
    userId: target.id,
    kind: 'key',
    loginType: 'password',
    lifetimeNs: ctx.config.tokens.defaultLifetimeNs,
    event: { action: 'create', target: target.username },
  });
  return key;
}

/** What a list of keys is asked to include. */
interface Included {
  all: boolean;
  expired: boolean;
}

const filterOf = (ctx: ActorCtx, target: UserRow, include: Included): store.KeyFilter => ({
  userId: include.all ? undefined : target.id,
  liveAt: include.expired ? undefined : nowText(ctx),
});

/**
 * The tokens that the caller may see, each with its owner's name. Names are looked up together: if the caller may not
 * read even one of the owners, all are "" (golden: keys-allow-list-force/keys-all-without-names).
 */
export async function listTokens(ctx: ActorCtx, target: UserRow, include: Included) {
  const { subject } = ctx.actor;
  const tokens = await store.listTokens(ctx.db, filterOf(ctx, target, include), visible(subject, 'read', 'api_key'));
  const named = tokens.every((token) => can(subject, 'read', userObject({ id: token.userId })));
  return named ? tokens : tokens.map((token) => ({ ...token, username: '' }));
}

/** The key of this id, whoever owns it. @throws ApiError 404 when there is none or the caller may not do all of `actions` */
export async function getKey(ctx: ActorCtx, id: string, ...actions: string[]): Promise<store.KeyRow> {
  const key = await store.findKey(ctx.db, id);
  if (!key || !actions.every((action) => can(ctx.actor.subject, action, keyObject(key)))) throw notFound();
  return key;
}

/** The user's token of this name. @throws ApiError 404 when there is none or the caller may not read it */
export async function getToken(ctx: ActorCtx, target: UserRow, name: string): Promise<store.KeyRow> {
  const token = await store.findToken(ctx.db, target.id, name);
  if (!token || !can(ctx.actor.subject, 'read', keyObject(token))) throw notFound();
  return token;
}

const targetName = (key: store.KeyRow) => key.tokenName || key.id;

/** Deletes a key. @throws ApiError 404 when there is none or the caller may not delete it */
export async function deleteKey(ctx: ActorCtx, id: string): Promise<void> {
  const key = await getKey(ctx, id, 'delete');
  await withTx(ctx, async (ctx) => {
    if (!(await store.deleteKey(ctx.db, id))) throw notFound();
    await audit(ctx, {
      action: 'delete',
      resourceType: 'api_key',
      resourceId: id,
      resourceTarget: targetName(key),
      before: auditedKey(key),
      status: 204,
    });
  });
}

/** Ends a key now; one that has expired stays as it is. @throws ApiError 404 when the caller may not read and change it */
export async function expireKey(ctx: ActorCtx, id: string): Promise<void> {
  const key = await getKey(ctx, id, 'read', 'update');
  const now = nowText(ctx);
  await withTx(ctx, async (ctx) => {
    if (!(await store.expireKey(ctx.db, id, now))) return;
    await audit(ctx, {
      action: 'write',
      resourceType: 'api_key',
      resourceId: id,
      resourceTarget: targetName(key),
      before: { expires_at: key.expiresAt },
      after: { expires_at: now },
      status: 204,
    });
  });
}

/** The sessions and keys of a user that the caller may see. */
export async function listKeys(ctx: ActorCtx, target: UserRow, include: { expired: boolean }): Promise<store.KeyRow[]> {
  const filter = filterOf(ctx, target, { all: false, expired: include.expired });
  return store.listKeys(ctx.db, filter, visible(ctx.actor.subject, 'read', 'api_key'));
}

/**
 * Ends all sessions and keys of a user but the one in use.
 * @returns how many ended
 * @throws ApiError 403 when the caller may not read and change them all
 */
export async function expireOtherKeys(ctx: ActorCtx, target: UserRow): Promise<number> {
  const { subject, keyId } = ctx.actor;
  const keys = newKeyObject(target.id);
  if (!can(subject, 'read', keys) || !can(subject, 'update', keys)) throw forbidden();
  requireOwnerFor(ctx.actor, target);
  return withTx(ctx, async (ctx) => {
    const ended = await store.expireOtherKeys(ctx.db, target.id, keyId, nowText(ctx));
    if (ended.length > 0) {
      await audit(ctx, {
        action: 'write',
        resourceType: 'api_key',
        resourceId: target.id,
        resourceTarget: target.username,
        after: { expired_keys: ended },
      });
    }
    return ended.length;
  });
}
