// Wire types of notifications: templates, preferences, inbox, messages that are sent, and web push.
import { z } from 'zod';
import { count } from './answers.ts';
import { QueryText, Time, Uuid } from './common.ts';
import {
  MAX_DESCRIPTION,
  MAX_INBOX_PAGE,
  MAX_KNOWN,
  MAX_LABEL,
  MAX_NOTIFICATION,
  MAX_PREFERENCES,
  MAX_URL,
  MAX_WORD,
} from './sizes.ts';
import { goBool, goMap, goString, list, text } from './wire.ts';

export const NotificationPreference = z
  .object({ id: Uuid, disabled: z.boolean(), updated_at: Time })
  .meta({ id: 'codersdk.NotificationPreference' });
export type NotificationPreference = z.infer<typeof NotificationPreference>;

/** Null until anything was set. */
export const NotificationPreferences = list(NotificationPreference, MAX_KNOWN).nullable();

export const UpdateUserNotificationPreferences = z
  .object({ template_disabled_map: goMap(goBool(), MAX_PREFERENCES, MAX_WORD) })
  .meta({ id: 'codersdk.UpdateUserNotificationPreferences' });
export type UpdateUserNotificationPreferences = z.output<typeof UpdateUserNotificationPreferences>;

export const WebpushSubscription = z
  .object({ endpoint: goString(MAX_URL), auth_key: goString(MAX_LABEL), p256dh_key: goString(MAX_LABEL) })
  .meta({ id: 'codersdk.WebpushSubscription' });
export type WebpushSubscription = z.output<typeof WebpushSubscription>;

export const DeleteWebpushSubscription = z
  .object({ endpoint: goString(MAX_URL) })
  .meta({ id: 'codersdk.DeleteWebpushSubscription' });

export const NotificationTemplate = z
  .object({
    id: Uuid,
    name: text(MAX_LABEL),
    title_template: text(MAX_DESCRIPTION),
    body_template: text(MAX_NOTIFICATION),
    actions: text(MAX_DESCRIPTION),
    group: text(MAX_WORD),
    method: text(MAX_WORD),
    kind: text(MAX_WORD),
    enabled_by_default: z.boolean(),
  })
  .meta({ id: 'codersdk.NotificationTemplate' });
export type NotificationTemplate = z.infer<typeof NotificationTemplate>;

export const NotificationMethodsResponse = z
  .object({ available: list(text(MAX_WORD), MAX_KNOWN), default: text(MAX_WORD) })
  .meta({ id: 'codersdk.NotificationMethodsResponse' });

export const UpdateNotificationTemplateMethod = z
  .object({ method: goString(MAX_WORD) })
  .meta({ id: 'codersdk.UpdateNotificationTemplateMethod' });
export type UpdateNotificationTemplateMethod = z.output<typeof UpdateNotificationTemplateMethod>;

/** Titles have 120 characters at most, messages 2,000: the operation says so itself. Golden: notify-send */
export const CustomNotificationRequest = z
  .object({
    content: z
      .object({ title: goString(MAX_LABEL), message: goString(2000 * 4) })
      .meta({ id: 'codersdk.CustomNotificationContent' })
      .nullish(),
  })
  .meta({ id: 'codersdk.CustomNotificationRequest' });
export type CustomNotificationRequest = z.output<typeof CustomNotificationRequest>;

export const InboxNotification = z
  .object({
    id: Uuid,
    user_id: Uuid,
    template_id: Uuid,
    targets: list(Uuid, MAX_KNOWN).nullable(),
    title: text(MAX_NOTIFICATION),
    content: text(MAX_NOTIFICATION),
    icon: text(MAX_URL),
    actions: list(
      z.object({ label: text(MAX_LABEL), url: z.string() }).meta({ id: 'codersdk.InboxNotificationAction' }),
      MAX_KNOWN,
    ),
    read_at: Time.nullable(),
    created_at: Time,
  })
  .meta({ id: 'codersdk.InboxNotification' });
export type InboxNotification = z.infer<typeof InboxNotification>;

export const ListInboxNotificationsResponse = z
  .object({ notifications: list(InboxNotification, MAX_INBOX_PAGE), unread_count: count() })
  .meta({ id: 'codersdk.ListInboxNotificationsResponse' });

export const UpdateInboxNotificationReadStatusRequest = z
  .object({ is_read: goBool() })
  .meta({ id: 'codersdk.UpdateInboxNotificationReadStatusRequest' });
export type UpdateInboxNotificationReadStatusRequest = z.output<typeof UpdateInboxNotificationReadStatusRequest>;

export const UpdateInboxNotificationReadStatusResponse = z
  .object({ notification: InboxNotification, unread_count: count() })
  .meta({ id: 'codersdk.UpdateInboxNotificationReadStatusResponse' });

/** What the watch sends for each message that arrives. */
export const GetInboxNotificationResponse = z
  .object({ notification: InboxNotification, unread_count: count() })
  .meta({ id: 'codersdk.GetInboxNotificationResponse' });

/** Query parameters of the inbox, for the contract document. */
export const InboxQuery = z.object({
  targets: QueryText('Comma-separated list of target IDs to filter notifications'),
  templates: QueryText('Comma-separated list of template IDs to filter notifications'),
  read_status: QueryText('Filter notifications by read status. Possible values: read, unread, all'),
  starting_before: QueryText('ID of the last notification from the current page. Notifications returned will be older'),
});

/** The same and the form of texts. */
export const WatchQuery = InboxQuery.extend({
  format: QueryText('Define the output format for notifications title and body: plaintext or markdown'),
});
