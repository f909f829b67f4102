// How the deployment presents itself: stored as one setting of the site, shown to clients and on the server's own pages.
import { UpdateAppearanceConfig } from '../codersdk/appearance.ts';
import type { ActorCtx, Ctx } from '../ctx.ts';
import { ApiError, badRequest } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { deploymentConfigObject } from '../rbac/objects.ts';
import { readSetting, writeSetting } from '../store/site-settings.ts';
import { requirePermission, withActor } from './actors.ts';
import { audit, SETTINGS_ID } from './audit.ts';

const KEY = 'appearance';

export type Appearance = UpdateAppearanceConfig;

/** What is stored, empty where nothing is. */
export async function readAppearance(ctx: Pick<Ctx, 'db'>): Promise<Appearance> {
  return UpdateAppearanceConfig.parse(JSON.parse((await readSetting(ctx.db, KEY)) ?? '{}'));
}

/** Whether the caller may change it; told before the body is read. @throws ApiError 403 without deployment_config.update */
export const requireMayChangeAppearance = (ctx: ActorCtx): void =>
  requirePermission(
    ctx,
    'update',
    deploymentConfigObject(),
    () => new ApiError(403, 'Insufficient permissions to update appearance'),
  );

/** @throws ApiError 400 for what is no `#` with six hex digits (golden: deploy-appearance) */
function checkColor(color: string): void {
  const message = `Invalid color format: ${quoted(color)}`;
  if (!/^#.{6}$/s.test(color)) throw badRequest(message, { detail: 'expected # prefix and 6 characters' });
  if (!/^#[0-9a-fA-F]{6}$/.test(color)) throw badRequest(message, { detail: 'expected hexadecimal digits' });
}

/**
 * PUT /appearance: replaces all of it. Of colours only those of announcements are looked at, as recorded.
 * @throws ApiError 400 for a colour, 403 without deployment_config.update
 */
export async function updateAppearance(ctx: ActorCtx, input: Appearance): Promise<Appearance> {
  requireMayChangeAppearance(ctx);
  for (const banner of input.announcement_banners) checkColor(banner.background_color);
  await withActor(ctx, async (ctx) => {
    requireMayChangeAppearance(ctx);
    const before = await readAppearance(ctx);
    await writeSetting(ctx.db, KEY, JSON.stringify(input));
    await audit(ctx, {
      action: 'write',
      resourceType: 'appearance',
      resourceId: SETTINGS_ID,
      resourceTarget: '',
      before: { ...before },
      after: { ...input },
    });
  });
  return input;
}
