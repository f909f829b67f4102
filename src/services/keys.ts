// API keys: making them, reading them, and ending them. Tokens by request are made in tokens.ts.
import { instantText, microsOf } from '../clock.ts';
import { randomTokenName } from '../codersdk/derived-names.ts';
import { newKey } from '../crypto/tokens.ts';
import { type ActorCtx, type Ctx, nowText, withTx } from '../ctx.ts';
import { conflict, forbidden, limitedKey, notFound } from '../errors.ts';
import { NS } from '../golang/durations.ts';
import { quoted } from '../golang/quote.ts';
import { decide } from '../rbac/authorize.ts';
import { mayMakeKey } from '../rbac/limited-keys.ts';
import { allKeysObject, keyObject, newKeyObject, type RbacObject } from '../rbac/objects.ts';
import { UNLIMITED } from '../rbac/scopes.ts';
import { visible } from '../rbac/visible.ts';
import * as store from '../store/keys.ts';
import { insertKey, type KeyConditions } from '../store/new-keys.ts';
import { EPOCH } from '../store/schema.ts';
import type { UserRow } from '../store/users.ts';
import { endedMeanwhile, requirePermission, withAccount } from './actors.ts';
import { type AuditEntry, audit, auditRow } from './audit.ts';

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
  event?: Pick<AuditEntry, 'action' | 'userId' | 'status'>;
  /** What was checked before and must still be true when the key is stored. */
  conditions?: KeyConditions;
}

/** A condition of a new key did not hold any more when it was to be stored, so there is none. */
export class KeyOutdated extends Error {}

const NO_ADDRESS = '0.0.0.0';
/** How many random names may be taken before we give up: there are over a million. */
const NAME_TRIES = 10;

/** Whole seconds of a lifetime as stored; anything shorter than one counts as one (docs/differences.md 10). */
const lifetimeSeconds = (ns: bigint): number => Math.max(1, Number(ns / NS.s));

const nameTaken = (name: string) =>
  conflict(`A token with name ${quoted(name)} already exists.`, {
    validations: [{ field: 'name', detail: 'This value is already in use and should be unique.' }],
  });

/**
 * Makes and stores a key; without scopes it may do all that its user may.
 * @returns the key's text, which exists nowhere else, and its id
 * @throws ApiError 404 when the user was deleted meanwhile, 409 for a taken token name; KeyOutdated
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
      expiresAt: instantText(now + microsOf(request.lifetimeNs)),
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
        status: 201,
        ...event,
        ...auditedAs({ id, userId: row.userId, tokenName }),
        ...(event.action === 'create' && { after: auditedKey({ ...row, lastUsed: EPOCH }) }),
      });
    const outcome = await insertKey(ctx.db, row, log, request.conditions);
    if (outcome === 'stored') return { id, key };
    if (outcome === 'no-user' && !request.conditions) throw notFound();
    if (outcome === 'no-user' || outcome === 'outdated') throw new KeyOutdated();
    if (request.tokenName || tries === NAME_TRIES) throw nameTaken(tokenName);
  }
}

/** The fields of a key that the audit log compares. Golden: audit-keys */
const auditedKey = (key: Pick<store.KeyRow, 'userId' | 'createdAt' | 'expiresAt' | 'lastUsed'>) => ({
  user_id: key.userId,
  created_at: key.createdAt,
  expires_at: key.expiresAt,
  last_used: key.lastUsed,
});

/** What an entry about a key is about. The API shows its user's id; the key's own is kept beside it. */
const auditedAs = ({ id, userId, tokenName }: Pick<store.KeyRow, 'id' | 'userId' | 'tokenName'>) => ({
  resourceType: 'api_key' as const,
  resourceId: userId,
  keyId: id,
  resourceTarget: tokenName,
});

/** @throws ApiError 403 for the built-in account, whose keys nobody makes (golden: rbac-system-user) */
export function refuseSystemUser(target: UserRow): void {
  if (target.isSystem) throw forbidden();
}

/**
 * Makes a key with the key in use, for its own user or for somebody else.
 * @param authorize decides; for somebody else once more on what is stored when the key is
 * @throws ApiError what `authorize` throws; 401 when the key in use ended meanwhile or its user may not act any more
 */
export async function issueByKey(
  ctx: ActorCtx,
  target: UserRow,
  authorize: (ctx: ActorCtx, target: UserRow) => void,
  request: Omit<KeyRequest, 'userId' | 'conditions'>,
): Promise<string> {
  authorize(ctx, target);
  const { user, keyId, keyExpiresAt } = ctx.actor;
  if (target.id !== user.id) {
    return withAccount(ctx, target, async (ctx, account) => {
      authorize(ctx, account);
      return (await issueKey(ctx, { ...request, userId: account.id })).key;
    });
  }
  try {
    const conditions = { parent: { id: keyId, expiresAt: keyExpiresAt }, onlyActive: true };
    const { key } = await issueKey(ctx, { ...request, userId: user.id, conditions });
    return key;
  } catch (err) {
    if (err instanceof KeyOutdated) throw endedMeanwhile(ctx);
    throw err;
  }
}

/**
 * Makes a session key of the default token lifetime for the user in the path; it may do all that its user may, so a
 * limited key may not make one.
 * @throws ApiError 403 without the right, for limited keys, and for an owner's key unless the caller is one
 */
export async function createSessionKey(ctx: ActorCtx, target: UserRow): Promise<string> {
  refuseSystemUser(target);
  const authorize = (ctx: ActorCtx, target: UserRow) => {
    requirePermission(ctx, 'create', newKeyObject(target));
    if (!mayMakeKey(ctx.actor.subject, UNLIMITED)) throw limitedKey();
  };
  return issueByKey(ctx, target, authorize, {
    kind: 'key',
    loginType: 'password',
    lifetimeNs: ctx.config.tokens.defaultLifetimeNs,
    event: { action: 'create' },
  });
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
 * Lists leave out what the caller may not see, but other people's keys that only the limits of the key in use hide are
 * refused: whoever asks for them would take the answer for all there is.
 * @throws ApiError 403
 */
function refuseHidden(ctx: ActorCtx, object: RbacObject): void {
  if (decide(ctx.actor.subject, 'read', object) === 'limited-key') throw limitedKey();
}

/**
 * The tokens that the caller may see, each with its owner's name.
 * @throws ApiError 403 as `refuseHidden`
 */
export async function listTokens(ctx: ActorCtx, target: UserRow, include: Included) {
  refuseHidden(ctx, include.all ? allKeysObject() : newKeyObject(target));
  const rows = visible(ctx.actor.subject, 'read', 'api_key');
  return store.listTokens(ctx.db, filterOf(ctx, target, include), rows);
}

/**
 * The key of this id, whoever owns it.
 * @throws ApiError 404 when there is none or the caller may not do all of `actions`, 403 for somebody else's by a limited key
 */
export async function getKey(ctx: ActorCtx, id: string, ...actions: string[]): Promise<store.KeyRow> {
  const key = await store.findKey(ctx.db, id);
  if (!key) throw notFound();
  for (const action of actions) requirePermission(ctx, action, keyObject(key), notFound);
  return key;
}

/** The user's token of this name. @throws ApiError 404 when there is none, else as `getKey` */
export async function getToken(ctx: ActorCtx, target: UserRow, name: string): Promise<store.KeyRow> {
  const token = await store.findToken(ctx.db, target.id, name);
  if (!token) throw notFound();
  requirePermission(ctx, 'read', keyObject(token), notFound);
  return token;
}

/** Changes a key: somebody else's with rights that still hold then. */
function changeKey(ctx: ActorCtx, key: store.KeyRow, actions: string[], change: (ctx: ActorCtx) => Promise<void>) {
  if (key.userId === ctx.actor.user.id) return withTx(ctx, change);
  return withAccount(ctx, { id: key.userId, roles: [] }, async (ctx) => {
    for (const action of actions) requirePermission(ctx, action, keyObject(key), notFound);
    await change(ctx);
  });
}

/** Deletes a key. @throws ApiError 404 when there is none or the caller may not delete it */
export async function deleteKey(ctx: ActorCtx, id: string): Promise<void> {
  const actions = ['delete'];
  const key = await getKey(ctx, id, ...actions);
  await changeKey(ctx, key, actions, async (ctx) => {
    const deleted = await store.deleteKey(ctx.db, id);
    if (!deleted) throw notFound();
    await audit(ctx, {
      action: 'delete',
      ...auditedAs(key),
      before: auditedKey(deleted),
      status: 204,
    });
  });
}

/** Ends a key now; one that has expired stays as it is. @throws ApiError 404 when the caller may not read and change it */
export async function expireKey(ctx: ActorCtx, id: string): Promise<void> {
  const actions = ['read', 'update'];
  const key = await getKey(ctx, id, ...actions);
  const now = nowText(ctx);
  await changeKey(ctx, key, actions, async (ctx) => {
    const before = await store.expireKey(ctx.db, id, now);
    if (before === undefined) return;
    await audit(ctx, {
      action: 'write',
      ...auditedAs(key),
      before: { expires_at: before },
      after: { expires_at: now },
      status: 204,
    });
  });
}

/** The sessions and keys of a user that the caller may see. @throws ApiError 403 as `refuseHidden` */
export async function listKeys(ctx: ActorCtx, target: UserRow, include: { expired: boolean }): Promise<store.KeyRow[]> {
  refuseHidden(ctx, newKeyObject(target));
  const filter = filterOf(ctx, target, { all: false, expired: include.expired });
  return store.listKeys(ctx.db, filter, visible(ctx.actor.subject, 'read', 'api_key'));
}

/**
 * Ends all sessions and keys of a user but the one in use.
 * @returns how many ended
 * @throws ApiError 403 when the caller may not read and change them all
 */
export async function expireOtherKeys(ctx: ActorCtx, target: UserRow): Promise<number> {
  const authorize = (ctx: ActorCtx, target: UserRow) => {
    requirePermission(ctx, 'read', newKeyObject(target));
    requirePermission(ctx, 'update', newKeyObject(target));
  };
  authorize(ctx, target);
  return withAccount(ctx, target, async (ctx, account) => {
    authorize(ctx, account);
    const ended = await store.expireOtherKeys(ctx.db, target.id, ctx.actor.keyId, nowText(ctx));
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
