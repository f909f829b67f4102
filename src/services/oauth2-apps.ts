// Applications that act for people, as an owner enters them, and their secrets.
import { randomUUID } from 'node:crypto';
import type { OAuth2ProviderAppInput } from '../codersdk/oauth2-apps.ts';
import { hashSecret, randomText } from '../crypto/tokens.ts';
import { type ActorCtx, nowText } from '../ctx.ts';
import { ApiError, badRequest, notFound } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { cutTo } from '../golang/text.ts';
import { NIL_UUID, parseUuid, uuidProblem } from '../golang/uuids.ts';
import { oauth2AppObject, oauth2SecretObject } from '../rbac/objects.ts';
import * as store from '../store/oauth2-apps.ts';
import { requirePermission, withActor } from './actors.ts';
import { audit } from './audit.ts';

const appNotFound = () => new ApiError(404, 'OAuth2 application not found.');
const SHOWN_BYTES = 64;
const PREFIX_LENGTH = 10;
const SECRET_LENGTH = 40;
/** So many characters of a secret stay visible. */
const DISPLAYED = 6;

function idOf(text: string): string {
  const id = parseUuid(text);
  if (id !== undefined) return id;
  throw badRequest(`Invalid UUID ${quoted(cutTo(text, SHOWN_BYTES))}.`, {
    detail: uuidProblem(text),
  });
}

const audited = ({ id, name, callbackUrl, icon }: store.OAuth2AppRow) => ({
  id,
  name,
  callback_url: callbackUrl,
  icon,
});

/** Gates of changes: they answer before the body is read. @throws ApiError 403 */
export const requireApps = (ctx: ActorCtx, action: 'create' | 'update' | 'delete'): void =>
  requirePermission(ctx, action, oauth2AppObject());
const requireSecrets = (ctx: ActorCtx, action: 'create' | 'read' | 'delete'): void =>
  requirePermission(ctx, action, oauth2SecretObject());

/**
 * The applications; with `userId` those that the user lets act: none yet, since nothing acts for anybody.
 * @throws ApiError 403 without oauth2_app.read, 400 for a bad user id
 */
export async function listApps(ctx: ActorCtx, userId: string): Promise<store.OAuth2AppRow[]> {
  requirePermission(ctx, 'read', oauth2AppObject());
  if (userId === '') return store.listApps(ctx.db);
  if (parseUuid(userId) === undefined)
    throw badRequest('Invalid user UUID', { detail: `queried user_id="${NIL_UUID}"` });
  return [];
}

/** @throws ApiError 403 without oauth2_app.read, 400 for what is no UUID, 404 */
export async function getApp(ctx: ActorCtx, id: string): Promise<store.OAuth2AppRow> {
  requirePermission(ctx, 'read', oauth2AppObject());
  const app = await store.findApp(ctx.db, idOf(id));
  if (!app) throw appNotFound();
  return app;
}

/** @throws ApiError 403 without oauth2_app.create */
export async function createApp(ctx: ActorCtx, input: OAuth2ProviderAppInput): Promise<store.OAuth2AppRow> {
  requireApps(ctx, 'create');
  const now = nowText(ctx);
  const { name, callback_url: callbackUrl, icon } = input;
  const app = { id: randomUUID(), name, callbackUrl, icon, createdAt: now, updatedAt: now };
  await withActor(ctx, async (ctx) => {
    requireApps(ctx, 'create');
    await store.insertApp(ctx.db, app);
    await audit(ctx, {
      action: 'create',
      resourceType: 'oauth2_provider_app',
      resourceId: app.id,
      resourceTarget: name,
      after: audited(app),
      status: 201,
    });
  });
  return app;
}

/** Replaces all that can be changed. @throws ApiError 403 without oauth2_app.update, 400, 404 */
export async function updateApp(ctx: ActorCtx, id: string, input: OAuth2ProviderAppInput): Promise<store.OAuth2AppRow> {
  requireApps(ctx, 'update');
  const changes = {
    name: input.name,
    callbackUrl: input.callback_url,
    icon: input.icon,
    updatedAt: nowText(ctx),
  };
  return withActor(ctx, async (ctx) => {
    requireApps(ctx, 'update');
    const before = await store.lockApp(ctx.db, idOf(id));
    if (!before) throw appNotFound();
    const after = { ...before, ...changes };
    await store.updateApp(ctx.db, before.id, changes);
    await audit(ctx, {
      action: 'write',
      resourceType: 'oauth2_provider_app',
      resourceId: before.id,
      resourceTarget: after.name,
      before: audited(before),
      after: audited(after),
    });
    return after;
  });
}

/** Deletes an application with its secrets. @throws ApiError 403 without oauth2_app.delete, 400, 404 */
export async function deleteApp(ctx: ActorCtx, id: string): Promise<void> {
  requireApps(ctx, 'delete');
  await withActor(ctx, async (ctx) => {
    requireApps(ctx, 'delete');
    const app = await store.lockApp(ctx.db, idOf(id));
    if (!app) throw appNotFound();
    await store.deleteApp(ctx.db, app.id);
    await audit(ctx, {
      action: 'delete',
      resourceType: 'oauth2_provider_app',
      resourceId: app.id,
      resourceTarget: app.name,
      before: audited(app),
      status: 204,
    });
  });
}

/** @throws ApiError 403 without oauth2_app_secret.read, 400, 404 */
export async function listSecrets(ctx: ActorCtx, id: string): Promise<store.OAuth2SecretRow[]> {
  requireSecrets(ctx, 'read');
  return store.listSecrets(ctx.db, (await getApp(ctx, id)).id);
}

/** Makes a secret, which is shown once: only its hash is kept. @throws ApiError 403 without oauth2_app_secret.create, 400, 404 */
export async function createSecret(ctx: ActorCtx, id: string): Promise<{ id: string; full: string }> {
  requireSecrets(ctx, 'create');
  const [prefix, secret] = [randomText(PREFIX_LENGTH), randomText(SECRET_LENGTH)];
  const displayed = secret.slice(-DISPLAYED);
  const secretId = randomUUID();
  await withActor(ctx, async (ctx) => {
    requireSecrets(ctx, 'create');
    const app = await store.lockApp(ctx.db, idOf(id));
    if (!app) throw appNotFound();
    await store.insertSecret(ctx.db, {
      id: secretId,
      appId: app.id,
      prefix,
      hashedSecret: hashSecret(secret),
      displayed,
      createdAt: nowText(ctx),
    });
    await audit(ctx, {
      action: 'create',
      resourceType: 'oauth2_provider_app_secret',
      resourceId: secretId,
      resourceTarget: displayed,
      status: 201,
    });
  });
  return { id: secretId, full: `coder_${prefix}_${secret}` };
}

/** @throws ApiError 403 without oauth2_app_secret.delete, 400 for what are no UUIDs, 404 */
export async function deleteSecret(ctx: ActorCtx, id: string, secretId: string): Promise<void> {
  requireSecrets(ctx, 'delete');
  await withActor(ctx, async (ctx) => {
    requireSecrets(ctx, 'delete');
    const app = await store.lockApp(ctx.db, idOf(id));
    if (!app) throw appNotFound();
    const secret = await store.deleteSecret(ctx.db, app.id, idOf(secretId));
    if (!secret) throw notFound();
    await audit(ctx, {
      action: 'delete',
      resourceType: 'oauth2_provider_app_secret',
      resourceId: secret.id,
      resourceTarget: secret.displayed,
      status: 204,
    });
  });
}
