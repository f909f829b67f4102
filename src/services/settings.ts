// A user's own settings: how the web UI looks and behaves, and the values that forms remember.

import * as wire from '../codersdk/settings.ts';
import type { ActorCtx } from '../ctx.ts';
import { badRequest } from '../errors.ts';
import { QueryReader, type QueryTerms } from '../golang/search.ts';
import { bareUserObject, type RbacObject, userObject } from '../rbac/objects.ts';
import { listAutofillParameters, readUserConfigs, writeUserConfigs } from '../store/settings.ts';
import type { UserRow } from '../store/users.ts';
import { requirePermission, withAccount } from './actors.ts';

/** Themes of old clients that follow the system by themselves: choosing one ends the mode that a newer client set. */
const LEGACY_AUTO_THEMES = new Set(['auto', 'auto-protan-deuter', 'auto-tritan']);
const ALERT_DISMISSED = 'preference_task_notification_alert_dismissed';

/** Texts by key, as stored: what is no longer valid among them, answers leave out. */
export type StoredSettings = ReadonlyMap<string, string>;

const requireRead = (ctx: ActorCtx, target: UserRow) => requirePermission(ctx, 'read_personal', bareUserObject(target));

/**
 * Writes values and gives what is stored afterwards, in one transaction. How a page looks to somebody is in no audit log (golden: audit-account/appearance).
 * @param objectOf what the settings are a part of: `userObject` guards those of owners
 * @throws ApiError 403 without the right to change and to read them, 404 when the user was deleted meanwhile
 */
async function write(
  ctx: ActorCtx,
  target: UserRow,
  objectOf: (user: UserRow) => RbacObject,
  values: Record<string, string>,
): Promise<StoredSettings> {
  const authorize = (ctx: ActorCtx, user: UserRow) => {
    requirePermission(ctx, 'update_personal', objectOf(user));
    requireRead(ctx, user);
  };
  authorize(ctx, target);
  return withAccount(ctx, target, async (ctx, account) => {
    authorize(ctx, account);
    const before = await readUserConfigs(ctx.db, target.id);
    if (Object.keys(values).length === 0) return before;
    await writeUserConfigs(ctx.db, target.id, values);
    return new Map([...before, ...Object.entries(values)]);
  });
}

/** What is stored of a user's settings: how the web UI looks and behaves. @throws ApiError 403 without read_personal */
export async function readSettings(ctx: ActorCtx, target: UserRow): Promise<StoredSettings> {
  requireRead(ctx, target);
  return readUserConfigs(ctx.db, target.id);
}

/**
 * Sets theme and font. Without a mode the slots are ignored and the mode stays; with one, empty slots stay.
 * Golden: users-appearance
 * @returns the settings as stored
 * @throws ApiError 400 for an unknown font, 403 without update_personal
 */
export async function updateAppearance(
  ctx: ActorCtx,
  target: UserRow,
  input: wire.UpdateUserAppearanceSettingsRequest,
): Promise<StoredSettings> {
  if (!(wire.TERMINAL_FONTS as readonly string[]).includes(input.terminal_font)) {
    throw badRequest('Unsupported font family.');
  }
  const { theme_preference, theme_mode, theme_light, theme_dark, terminal_font } = input;
  const mode =
    theme_mode !== ''
      ? { theme_mode, ...(theme_light !== '' && { theme_light }), ...(theme_dark !== '' && { theme_dark }) }
      : LEGACY_AUTO_THEMES.has(theme_preference) && { theme_mode: '' };
  return write(ctx, target, userObject, { theme_preference, ...mode, terminal_font });
}

/** The preferences that are one of several words, in the order in which a bad one is reported. */
const CHOICES = [
  ['thinking_display_mode', 'thinking display mode', wire.THINKING_DISPLAY_MODES],
  ['shell_tool_display_mode', 'shell tool display mode', wire.TOOL_DISPLAY_MODES],
  ['code_diff_display_mode', 'code diff display mode', wire.TOOL_DISPLAY_MODES],
  ['agent_chat_send_shortcut', 'agent chat send shortcut', wire.CHAT_SEND_SHORTCUTS],
] as const;

/**
 * Sets the preferences that are given; absent and empty ones stay. Golden: users-preferences
 * @returns the preferences as stored
 * @throws ApiError 400 naming the first bad value (then nothing is stored), 403 without update_personal
 */
export async function updatePreferences(
  ctx: ActorCtx,
  target: UserRow,
  input: wire.UpdateUserPreferenceSettingsRequest,
): Promise<StoredSettings> {
  const values: Record<string, string> = {};
  if (input.task_notification_alert_dismissed !== undefined) {
    values[ALERT_DISMISSED] = String(input.task_notification_alert_dismissed);
  }
  for (const [field, name, allowed] of CHOICES) {
    const value = input[field];
    if (value === '') continue;
    if (!(allowed as readonly string[]).includes(value)) {
      throw badRequest(`Invalid ${name}.`, {
        validations: [{ field, detail: `must be one of: ${allowed.join(', ')}` }],
      });
    }
    values[`preference_${field}`] = value;
  }
  return write(ctx, target, bareUserObject, values);
}

/**
 * Values of a user's earlier workspaces of a template: this product has no workspaces, so there are those that came
 * with an import. Golden: users-extras
 * @throws ApiError 400 for a missing, repeated or malformed template id or another parameter, 403 without read_personal
 */
export async function autofillParameters(
  ctx: ActorCtx,
  target: UserRow,
  query: QueryTerms,
): Promise<{ name: string; value: string }[]> {
  const reader = new QueryReader(query);
  const templateId = reader.uuid('template_id');
  if (templateId === undefined && reader.problems.length === 0) {
    reader.problems.push({
      field: 'template_id',
      detail: 'Query param "template_id" is required and cannot be empty',
    });
  }
  reader.refuseUnknown();
  if (reader.problems.length > 0) throw badRequest('Invalid query parameters.', { validations: reader.problems });
  requireRead(ctx, target);
  return templateId === undefined ? [] : listAutofillParameters(ctx.db, target.id, templateId);
}
