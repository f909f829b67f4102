// Wire types of a user's own settings: appearance, preferences, and what forms are filled in with.
import { z } from 'zod';
import { MAX_QUERY_PARAMETER, MAX_THEME, MAX_WORD } from './sizes.ts';
import { goString, optionalBool, required, rule, text } from './wire.ts';

export const THEME_MODES = ['sync', 'single'] as const;
export const THEME_SLOTS = [
  'light',
  'light-protan-deuter',
  'light-tritan',
  'dark',
  'dark-protan-deuter',
  'dark-tritan',
] as const;
export const TERMINAL_FONTS = [
  'geist-mono',
  'ibm-plex-mono',
  'fira-code',
  'source-code-pro',
  'jetbrains-mono',
] as const;
export const THINKING_DISPLAY_MODES = ['auto', 'preview', 'always_expanded', 'always_collapsed'] as const;
export const TOOL_DISPLAY_MODES = ['auto', 'always_expanded', 'always_collapsed'] as const;
export const CHAT_SEND_SHORTCUTS = ['enter', 'modifier_enter'] as const;

const TerminalFontName = z.enum(['', ...TERMINAL_FONTS]).meta({ id: 'codersdk.TerminalFontName' });

/** A text of an answer that has one of these values once it was set. */
const orEmpty = <const T extends readonly string[]>(values: T) => z.enum(['', ...values] as ['', ...T]);

export const UserAppearanceSettings = z
  .object({
    theme_preference: text(MAX_THEME),
    theme_mode: orEmpty(THEME_MODES),
    theme_light: orEmpty(THEME_SLOTS),
    theme_dark: orEmpty(THEME_SLOTS),
    terminal_font: TerminalFontName,
  })
  .meta({ id: 'codersdk.UserAppearanceSettings' });
export type UserAppearanceSettings = z.infer<typeof UserAppearanceSettings>;

/** A text that may be left out, else one of these values. */
const oneOf = (values: readonly string[]) =>
  goString(MAX_WORD)
    .refine((v) => v === '' || values.includes(v), rule('oneof'))
    .meta({ enum: ['', ...values] });

/** Both slots must be chosen when they follow the system. Golden: users-appearance */
export const UpdateUserAppearanceSettingsRequest = z
  .object({
    theme_preference: required(goString(MAX_THEME)),
    theme_mode: oneOf(THEME_MODES),
    theme_light: oneOf(THEME_SLOTS),
    theme_dark: oneOf(THEME_SLOTS),
    terminal_font: required(goString(MAX_WORD)),
  })
  .superRefine((body, ctx) => {
    if (body.theme_mode !== 'sync') return;
    for (const field of ['theme_light', 'theme_dark'] as const) {
      if (body[field] === '')
        ctx.addIssue({ code: 'custom', path: [field], params: { tag: 'required_if' }, input: '' });
    }
  })
  .meta({ id: 'codersdk.UpdateUserAppearanceSettingsRequest' });
export type UpdateUserAppearanceSettingsRequest = z.output<typeof UpdateUserAppearanceSettingsRequest>;

export const UserPreferenceSettings = z
  .object({
    task_notification_alert_dismissed: z.boolean(),
    thinking_display_mode: z.enum(THINKING_DISPLAY_MODES).meta({ id: 'codersdk.ThinkingDisplayMode' }),
    shell_tool_display_mode: z.enum(TOOL_DISPLAY_MODES),
    code_diff_display_mode: orEmpty(TOOL_DISPLAY_MODES),
    agent_chat_send_shortcut: z.enum(CHAT_SEND_SHORTCUTS).meta({ id: 'codersdk.AgentChatSendShortcut' }),
  })
  .meta({ id: 'codersdk.UserPreferenceSettings' });
export type UserPreferenceSettings = z.infer<typeof UserPreferenceSettings>;

/** What is left out or empty stays as it is; the operation itself says which values it takes. */
export const UpdateUserPreferenceSettingsRequest = z
  .object({
    task_notification_alert_dismissed: optionalBool(),
    thinking_display_mode: goString(MAX_WORD),
    shell_tool_display_mode: goString(MAX_WORD),
    code_diff_display_mode: goString(MAX_WORD),
    agent_chat_send_shortcut: goString(MAX_WORD),
  })
  .meta({ id: 'codersdk.UpdateUserPreferenceSettingsRequest' });
export type UpdateUserPreferenceSettingsRequest = z.output<typeof UpdateUserPreferenceSettingsRequest>;

/** Query parameters of the autofill operation, for the contract document. */
export const AutofillQuery = z.object({
  template_id: text(MAX_QUERY_PARAMETER).meta({ required: true }).describe('Template ID'),
});
