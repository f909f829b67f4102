// Wire types of notification preferences and web push, and the built-in notification templates.
import { z } from 'zod';
import { Time, Uuid } from './common.ts';
import { MAX_LABEL, MAX_PREFERENCES, MAX_URL, MAX_WORD } from './sizes.ts';
import { goBool, goMap, goString } from './wire.ts';

/** The built-in templates whose delivery a user can switch off, by their fixed ids. */
export const NOTIFICATION_TEMPLATES = [
  { id: '4e19c0ac-94e1-4532-9515-d1801aa283b2', name: 'User account created' },
  { id: 'f44d9314-ad03-4bc8-95d0-5cad491da6b6', name: 'User account deleted' },
  { id: 'b02ddd82-4733-4d02-a2d7-c36f3598997d', name: 'User account suspended' },
  { id: '9f5af851-8408-4e73-a7a1-c6502ba46689', name: 'User account activated' },
  { id: '6a2f0609-9b69-4d36-a989-9f5925b6cbff', name: 'Your account has been suspended' },
  { id: '1a6a6bea-ee0a-43e2-9e7c-eabdb53730e4', name: 'Your account has been activated' },
  { id: '62f86a30-2330-4b61-a26d-311ff3b608cf', name: 'One-time passcode' },
  { id: 'f517da0b-cdc9-410f-ab89-a86107c420ed', name: 'Workspace deleted' },
] as const;

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
