// A user's own settings as wire objects: stored texts, defaults where nothing valid is stored.
import * as wire from '../codersdk/settings.ts';

/** What is stored of a user's settings, by key. */
type Stored = ReadonlyMap<string, string>;

/** The stored value if it is one of these; what is no longer valid reads as never set. */
function known<T extends string, D>(stored: Stored, key: string, values: readonly T[], otherwise: D): T | D {
  return values.find((value) => value === stored.get(key)) ?? otherwise;
}

/** codersdk.UserAppearanceSettings. Golden: users-appearance */
export const presentAppearance = (stored: Stored): wire.UserAppearanceSettings => ({
  theme_preference: stored.get('theme_preference') ?? '',
  theme_mode: known(stored, 'theme_mode', wire.THEME_MODES, ''),
  theme_light: known(stored, 'theme_light', wire.THEME_SLOTS, ''),
  theme_dark: known(stored, 'theme_dark', wire.THEME_SLOTS, ''),
  terminal_font: known(stored, 'terminal_font', wire.TERMINAL_FONTS, ''),
});

/** codersdk.UserPreferenceSettings. Golden: users-preferences */
export const presentPreferences = (stored: Stored): wire.UserPreferenceSettings => ({
  task_notification_alert_dismissed: stored.get('preference_task_notification_alert_dismissed') === 'true',
  thinking_display_mode: known(stored, 'preference_thinking_display_mode', wire.THINKING_DISPLAY_MODES, 'auto'),
  shell_tool_display_mode: known(
    stored,
    'preference_shell_tool_display_mode',
    wire.TOOL_DISPLAY_MODES,
    'always_collapsed',
  ),
  code_diff_display_mode: known(stored, 'preference_code_diff_display_mode', wire.TOOL_DISPLAY_MODES, ''),
  agent_chat_send_shortcut: known(stored, 'preference_agent_chat_send_shortcut', wire.CHAT_SEND_SHORTCUTS, 'enter'),
});
