// The deployment itself: identity, entitlements, settings for clients.
import type { Micros } from '../clock.ts';
import type { NotificationsSettings } from '../codersdk/deployment.ts';
import type { Config } from '../config.ts';
import { type ActorCtx, type Ctx, nowText } from '../ctx.ts';
import { forbidden } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { deploymentConfigObject, deploymentStatsObject, proxiesObject } from '../rbac/objects.ts';
import { checkWrites } from '../store/readiness.ts';
import { readSetting, writeSetting } from '../store/site-settings.ts';
import { countActiveUsers } from '../store/users.ts';
import { withActor } from './actors.ts';
import { audit, SETTINGS_ID } from './audit.ts';

/** The id that a deployment has from its first start on. */
export const deploymentId = async (ctx: Ctx): Promise<string> => (await readSetting(ctx.db, 'deployment_id')) ?? '';

/** This server as the one region of the deployment, at a moment. @throws ApiError 403 without workspace_proxy.read */
export async function regions(ctx: ActorCtx): Promise<{ deploymentId: string; at: string }> {
  if (!can(ctx.actor.subject, 'read', proxiesObject())) throw forbidden();
  return { deploymentId: await deploymentId(ctx), at: nowText(ctx) };
}

/** What entitlements are about; how many people there are only for callers with a session (docs/differences.md 37). */
export const entitlements = async (ctx: Ctx, { signedIn }: { signedIn: boolean }) => ({
  refreshedAt: nowText(ctx),
  activeUsers: signedIn ? await countActiveUsers(ctx.db) : undefined,
  encrypts: ctx.secretBox.enabled,
});

/** Passes while writes succeed. @throws what keeps them from it; rule: docs/differences.md 17, 33 */
export const assertReady = (ctx: Ctx, withinMs: number): Promise<void> => checkWrites(ctx.db, withinMs);

/** What does not work although the server does: undefined when everything does. */
export function impairment({ idp }: Ctx): string | undefined {
  const problem = idp.oidc?.problem();
  return problem === undefined ? undefined : `The OpenID Connect provider cannot be used: ${problem}.`;
}

/** Whether the caller may know how the deployment is set up. */
export const mayReadConfig = (ctx: ActorCtx): boolean => can(ctx.actor.subject, 'read', deploymentConfigObject());

/** The settings of the deployment, secrets among them. @throws ApiError 403 without deployment_config.read */
export function deploymentConfig(ctx: ActorCtx): Config {
  if (!mayReadConfig(ctx)) throw forbidden();
  return ctx.config;
}

/** What of a deployment's usual settings is there. @throws ApiError 403 without deployment_config.read */
export function setup(ctx: ActorCtx) {
  const { accessUrl, email, oidc, github, postgres, encryption } = deploymentConfig(ctx);
  const isEmbedded = postgres.url === undefined;
  return {
    accessUrl,
    isHttps: /^https:/i.test(accessUrl),
    sendsMail: email !== null,
    hasProvider: oidc !== null || github !== null,
    isEmbedded,
    isEncrypted: isEmbedded || encryption.keys.length > 0,
  };
}

/** The moment that the statistics of the deployment are about. @throws ApiError 403 without deployment_stats.read */
export function deploymentStats(ctx: ActorCtx): Micros {
  if (!can(ctx.actor.subject, 'read', deploymentStatsObject())) throw forbidden();
  return ctx.clock();
}

const NOTIFICATIONS = 'notifications_settings';

/** GET /notifications/settings */
export async function notificationsSettings(ctx: Ctx): Promise<NotificationsSettings> {
  return JSON.parse((await readSetting(ctx.db, NOTIFICATIONS)) ?? '{"notifier_paused":false}') as NotificationsSettings;
}

/**
 * PUT /notifications/settings. What is stored already answers 304 to anybody signed in; nothing stored equals nothing.
 * @returns false when nothing changes
 * @throws ApiError 403 without deployment_config.update (golden: session-companions)
 */
export async function updateNotificationsSettings(ctx: ActorCtx, settings: NotificationsSettings): Promise<boolean> {
  const text = JSON.stringify({ notifier_paused: settings.notifier_paused });
  const stored = await readSetting(ctx.db, NOTIFICATIONS);
  if (stored === text) return false;
  if (!can(ctx.actor.subject, 'update', deploymentConfigObject())) throw forbidden();
  await withActor(ctx, async (ctx) => {
    if (!can(ctx.actor.subject, 'update', deploymentConfigObject())) throw forbidden();
    await writeSetting(ctx.db, NOTIFICATIONS, text);
    await audit(ctx, {
      action: 'write',
      resourceType: 'notifications_settings',
      resourceId: SETTINGS_ID,
      resourceTarget: '',
      // Pausing alone is told field by field. Golden: audit-settings/unpause
      ...(settings.notifier_paused && { before: { notifier_paused: false }, after: { notifier_paused: true } }),
    });
  });
  return true;
}
