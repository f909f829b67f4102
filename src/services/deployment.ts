// The deployment itself: identity, entitlements, settings for clients.
import type { Micros } from '../clock.ts';
import type { NotificationsSettings } from '../codersdk/deployment.ts';
import type { Config } from '../config.ts';
import { type ActorCtx, type Ctx, nowText, withTx } from '../ctx.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { firstTerm, parseQuery, QueryReader, type QueryTerms } from '../golang/search.ts';
import { can } from '../rbac/authorize.ts';
import { deploymentConfigObject, deploymentStatsObject } from '../rbac/objects.ts';
import { checkWrites } from '../store/readiness.ts';
import { readSetting, writeSetting } from '../store/site-settings.ts';
import { countActiveUsers } from '../store/users.ts';
import { audit } from './audit.ts';
import { limitOf, pageOf } from './paging.ts';

/** The id that a deployment has from its first start on. */
export const deploymentId = async (ctx: Ctx): Promise<string> => (await readSetting(ctx.db, 'deployment_id')) ?? '';

/** How much of what is entitled is used. */
export const usage = async (ctx: Ctx) => ({ activeUsers: await countActiveUsers(ctx.db), refreshedAt: nowText(ctx) });

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
  await withTx(ctx, async (ctx) => {
    await writeSetting(ctx.db, NOTIFICATIONS, text);
    await audit(ctx, {
      action: 'write',
      resourceType: 'notifications_settings',
      resourceId: NOTIFICATIONS,
      resourceTarget: NOTIFICATIONS,
      before: stored ? (JSON.parse(stored) as Record<string, unknown>) : {},
      after: { notifier_paused: settings.notifier_paused },
    });
  });
  return true;
}

/** Search keys of workspaces and tasks that clients send; there is nothing to find here. */
const WORKSPACE_KEYS = [
  'owner',
  'name',
  'template',
  'status',
  'has-agent',
  'dormant',
  'last_used_before',
  'last_used_after',
  'organization',
  'id',
  'outdated',
  'param',
  'shared',
  'shared_with_user',
  'shared_with_group',
  'has-ai-task',
  'healthy',
  'has_external_agent',
  'has_ai_task',
  'has-external-agent',
];

/** GET /workspaces on a deployment without any. @throws ApiError 400 for a bad query or page */
export function listWorkspaces(query: QueryTerms) {
  const message = 'Invalid workspace search query.';
  pageOf(query);
  const parsed = parseQuery(firstTerm(query, 'q'), 'name');
  if ('problem' in parsed) throw badRequest(message, { validations: [parsed.problem] });
  const reader = new QueryReader(parsed.terms);
  for (const key of WORKSPACE_KEYS) reader.list(key);
  reader.refuseUnknown();
  if (reader.problems.length > 0) throw badRequest(message, { validations: reader.problems });
  return { workspaces: [], count: 0 };
}

/**
 * GET /organizations/{organization}/provisionerdaemons: none here.
 * @throws ApiError 400 for a bad limit, 404 without provisioner_jobs.read there
 */
export function provisionerDaemons(ctx: ActorCtx, organizationId: string, query: QueryTerms): never[] {
  limitOf(query);
  if (!can(ctx.actor.subject, 'read', { type: 'provisioner_jobs', org: organizationId })) throw notFound();
  return [];
}
