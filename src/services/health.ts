// The report on health, and which of its sections an owner does not want to be warned of.
import { HEALTH_SECTIONS, type UpdateHealthSettings } from '../codersdk/health.ts';
import { type ActorCtx, nowText } from '../ctx.ts';
import { badRequest } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { once } from '../in-flight.ts';
import { debugInfoObject, deploymentConfigObject } from '../rbac/objects.ts';
import type { Db } from '../store/db.ts';
import { readSetting, writeSetting } from '../store/site-settings.ts';
import { requirePermission, withActor } from './actors.ts';
import { audit, SETTINGS_ID } from './audit.ts';
import { type Finding, runChecks } from './checks.ts';

const KEY = 'health_settings';
/** Reports that are asked for while one is made are that one. */
const running = once<Db, Finding[]>();

/** Whether the caller may change the settings; told before the body is read. @throws ApiError 403 */
export const requireMayChangeHealth = (ctx: ActorCtx): void =>
  requirePermission(ctx, 'update', deploymentConfigObject());

async function dismissed(ctx: Pick<ActorCtx, 'db'>): Promise<UpdateHealthSettings['dismissed_healthchecks']> {
  return JSON.parse((await readSetting(ctx.db, KEY)) ?? '[]') as string[] | null;
}

/** What was found, and what is dismissed. @throws ApiError 403 without debug_info.read, 400 for another format */
export async function healthReport(ctx: ActorCtx, format: string) {
  requirePermission(ctx, 'read', debugInfoObject());
  if (!['', 'json', 'simple', 'text'].includes(format)) {
    throw badRequest(`Invalid format option ${quoted(format)}.`, {
      detail: 'Allowed values are: "json", "simple".',
    });
  }
  const findings = await running(ctx.db, () => runChecks(ctx));
  return { findings, at: nowText(ctx), dismissed: new Set((await dismissed(ctx).catch(() => null)) ?? []) };
}

/** @throws ApiError 403 without debug_info.read */
export async function healthSettings(ctx: ActorCtx): Promise<string[]> {
  requirePermission(ctx, 'read', debugInfoObject());
  return (await dismissed(ctx)) ?? [];
}

/**
 * Replaces the dismissed sections.
 * @returns false when nothing changes
 * @throws ApiError 403 without deployment_config.update, 400 for an unknown section
 */
export async function updateHealthSettings(ctx: ActorCtx, input: UpdateHealthSettings): Promise<boolean> {
  requireMayChangeHealth(ctx);
  const { dismissed_healthchecks: sections } = input;
  const unknown = sections?.find((name) => !(HEALTH_SECTIONS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw badRequest('Failed to validate health settings.', { detail: `unknown healthcheck section: ${unknown}` });
  const before = await dismissed(ctx);
  if (JSON.stringify(before) === JSON.stringify(sections)) return false;
  await withActor(ctx, async (ctx) => {
    requireMayChangeHealth(ctx);
    await writeSetting(ctx.db, KEY, JSON.stringify(sections));
    await audit(ctx, {
      action: 'write',
      resourceType: 'health_settings',
      resourceId: SETTINGS_ID,
      resourceTarget: '',
      // A list that was never set is none. Golden: audit-settings/health
      before: { dismissed_healthchecks: before?.length ? before : undefined },
      after: { dismissed_healthchecks: sections },
    });
  });
  return true;
}
