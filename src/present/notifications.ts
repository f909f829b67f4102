// Notification preferences as wire objects, field by field.
import type { NotificationPreference } from '../codersdk/notifications.ts';
import type { NotificationPreferenceRow } from '../store/notifications.ts';

/** The list of codersdk.NotificationPreference; nothing ever set is shown as null. Golden: rbac-notifications */
export const presentNotificationPreferences = (rows: NotificationPreferenceRow[]): NotificationPreference[] | null =>
  rows.length === 0
    ? null
    : rows.map((row) => ({ id: row.templateId, disabled: row.disabled, updated_at: row.updatedAt }));
