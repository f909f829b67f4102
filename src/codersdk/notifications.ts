// Wire types of notifications: templates, preferences, inbox, messages that are sent, and web push.
import { z } from 'zod';
import { Time, Uuid } from './common.ts';
import { MAX_LABEL, MAX_PREFERENCES, MAX_QUERY_PARAMETER, MAX_URL, MAX_WORD } from './sizes.ts';
import { goBool, goMap, goString } from './wire.ts';

export const NotificationPreference = z
  .object({ id: Uuid, disabled: z.boolean(), updated_at: Time })
  .meta({ id: 'codersdk.NotificationPreference' });
export type NotificationPreference = z.infer<typeof NotificationPreference>;

/** Null until anything was set. */
export const NotificationPreferences = z.array(NotificationPreference).nullable();

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
    name: z.string(),
    title_template: z.string(),
    body_template: z.string(),
    actions: z.string(),
    group: z.string(),
    method: z.string(),
    kind: z.string(),
    enabled_by_default: z.boolean(),
  })
  .meta({ id: 'codersdk.NotificationTemplate' });
export type NotificationTemplate = z.infer<typeof NotificationTemplate>;

export const NotificationMethodsResponse = z
  .object({ available: z.array(z.string()), default: z.string() })
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
    targets: z.array(Uuid).nullable(),
    title: z.string(),
    content: z.string(),
    icon: z.string(),
    actions: z.array(z.object({ label: z.string(), url: z.string() }).meta({ id: 'codersdk.InboxNotificationAction' })),
    read_at: Time.nullable(),
    created_at: Time,
  })
  .meta({ id: 'codersdk.InboxNotification' });
export type InboxNotification = z.infer<typeof InboxNotification>;

export const ListInboxNotificationsResponse = z
  .object({ notifications: z.array(InboxNotification), unread_count: z.int() })
  .meta({ id: 'codersdk.ListInboxNotificationsResponse' });

export const UpdateInboxNotificationReadStatusRequest = z
  .object({ is_read: goBool() })
  .meta({ id: 'codersdk.UpdateInboxNotificationReadStatusRequest' });
export type UpdateInboxNotificationReadStatusRequest = z.output<typeof UpdateInboxNotificationReadStatusRequest>;

export const UpdateInboxNotificationReadStatusResponse = z
  .object({ notification: InboxNotification, unread_count: z.int() })
  .meta({ id: 'codersdk.UpdateInboxNotificationReadStatusResponse' });

/** What the watch sends for each message that arrives. */
export const GetInboxNotificationResponse = z
  .object({ notification: InboxNotification, unread_count: z.int() })
  .meta({ id: 'codersdk.GetInboxNotificationResponse' });

const text = (description: string) =>
  z.string().meta({ maxLength: MAX_QUERY_PARAMETER }).optional().describe(description);

/** Query parameters of the inbox, for the contract document. */
export const InboxQuery = z.object({
  targets: text('Comma-separated list of target IDs to filter notifications'),
  templates: text('Comma-separated list of template IDs to filter notifications'),
  read_status: text('Filter notifications by read status. Possible values: read, unread, all'),
  starting_before: text('ID of the last notification from the current page. Notifications returned will be older'),
});

/** The same and the form of texts. */
export const WatchQuery = InboxQuery.extend({
  format: text('Define the output format for notifications title and body: plaintext or markdown'),
});
