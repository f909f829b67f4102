// Notifications as wire objects, field by field: preferences, templates, the inbox.
import type { NotificationTemplateText } from '../codersdk/notification-templates.ts';
import type { InboxNotification, NotificationPreference, NotificationTemplate } from '../codersdk/notifications.ts';
import { plainText } from '../golang/plain-text.ts';
import type { InboxRow } from '../store/inbox.ts';
import type { NotificationPreferenceRow } from '../store/notifications.ts';

/** The list of codersdk.NotificationPreference; nothing ever set is shown as null. Golden: rbac-notifications */
export const presentNotificationPreferences = (rows: NotificationPreferenceRow[]): NotificationPreference[] | null =>
  rows.length === 0
    ? null
    : rows.map((row) => ({ id: row.templateId, disabled: row.disabled, updated_at: row.updatedAt }));

/** codersdk.NotificationTemplate. @param method the chosen one, empty for the default. Golden: notify-settings */
export const presentNotificationTemplate = (
  { id, name, title, body, actions, group, kind }: NotificationTemplateText,
  method: string,
): NotificationTemplate => ({
  id,
  name,
  title_template: title,
  body_template: body,
  actions: JSON.stringify(actions),
  group,
  method,
  kind,
  enabled_by_default: true,
});

/** codersdk.InboxNotification. Golden: notify-inbox */
export const presentInboxMessage = (row: InboxRow, asPlainText = false): InboxNotification => ({
  id: row.id,
  user_id: row.userId,
  template_id: row.templateId,
  targets: row.targets,
  title: asPlainText ? plainText(row.title) : row.title,
  content: asPlainText ? plainText(row.content) : row.content,
  icon: row.icon,
  actions: row.actions.map(({ label, url }) => ({ label, url })),
  read_at: row.readAt,
  created_at: row.createdAt,
});
