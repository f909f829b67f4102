// Which notifications a user wants, and web push, which this deployment does not deliver.

import { NOTIFICATION_TEMPLATES } from '../codersdk/notification-templates.ts';
import type { UpdateUserNotificationPreferences, WebpushSubscription } from '../codersdk/notifications.ts';
import { type ActorCtx, nowText } from '../ctx.ts';
import { ApiError, badRequest, forbidden } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { parseUuid } from '../golang/uuids.ts';
import { can } from '../rbac/authorize.ts';
import { userOwned } from '../rbac/objects.ts';
import {
  listNotificationPreferences,
  type NotificationPreferenceRow,
  upsertNotificationPreferences,
} from '../store/notifications.ts';
import type { UserRow } from '../store/users.ts';
import { withAccount } from './actors.ts';
import { endpointProblem } from './webpush-endpoint.ts';

const TEMPLATE_IDS: ReadonlySet<string> = new Set(NOTIFICATION_TEMPLATES.map(({ id }) => id));

function requirePreferences(ctx: ActorCtx, target: UserRow, action: 'read' | 'update'): void {
  if (!can(ctx.actor.subject, action, userOwned('notification_preference', target.id))) throw forbidden();
}

/** The templates that a user ever set. Golden: rbac-notifications @throws ApiError 403 without the right to read them */
export async function notificationPreferences(ctx: ActorCtx, target: UserRow): Promise<NotificationPreferenceRow[]> {
  requirePreferences(ctx, target, 'read');
  return listNotificationPreferences(ctx.db, target.id);
}

/** The map of a request with its ids in one spelling. @throws ApiError 400 for what is no UUID or named twice */
function templateMap(input: UpdateUserNotificationPreferences): Map<string, boolean> {
  const disabled = new Map<string, boolean>();
  for (const [written, off] of Object.entries(input.template_disabled_map)) {
    const id = parseUuid(written);
    if (id === undefined) {
      throw badRequest('Unable to parse notification template UUID.', { detail: `${quoted(written)} is not a UUID` });
    }
    if (disabled.has(id)) throw badRequest(`Notification template ${id} is given more than once.`);
    disabled.set(id, off);
  }
  return disabled;
}

/**
 * Switches templates off or on again, all or none; templates that are not given stay. Golden: rbac-notifications
 * @returns every template that the user ever set
 * @throws ApiError 400 for an id that is no UUID or no template, 403 without notification_preference.update
 */
export async function updateNotificationPreferences(
  ctx: ActorCtx,
  target: UserRow,
  input: UpdateUserNotificationPreferences,
): Promise<NotificationPreferenceRow[]> {
  const disabled = templateMap(input);
  requirePreferences(ctx, target, 'update');
  requirePreferences(ctx, target, 'read');
  const set = new Set((await listNotificationPreferences(ctx.db, target.id)).map(({ templateId }) => templateId));
  for (const id of disabled.keys()) {
    // Those that came with an import may be of templates that this product sends nothing by.
    if (!TEMPLATE_IDS.has(id) && !set.has(id)) throw badRequest(`There is no notification template ${id}.`);
  }
  return withAccount(ctx, target, async (ctx) => {
    requirePreferences(ctx, target, 'update');
    requirePreferences(ctx, target, 'read');
    if (disabled.size > 0) await upsertNotificationPreferences(ctx.db, target.id, disabled, nowText(ctx));
    return listNotificationPreferences(ctx.db, target.id);
  });
}

/**
 * Refuses a push subscription: the deployment has no push key (`webpush_public_key` of GET /buildinfo is empty), so a
 * message could never be sent. Golden: rbac-notifications
 * @throws ApiError always: 400 for a bad endpoint, 403 without webpush_subscription.create, else 400
 */
export function subscribe(ctx: ActorCtx, target: UserRow, input: WebpushSubscription): never {
  const problem = endpointProblem(input.endpoint);
  if (problem !== undefined) throw badRequest('Invalid webpush endpoint.', { detail: problem });
  if (!can(ctx.actor.subject, 'create', userOwned('webpush_subscription', target.id))) throw forbidden();
  throw badRequest('Web push is not available on this deployment.');
}

/**
 * Ends a push subscription, of which there are none.
 * @throws ApiError always: 403 without webpush_subscription.read and .delete, else 404 (golden: rbac-notifications)
 */
export function unsubscribe(ctx: ActorCtx, target: UserRow): never {
  const subscriptions = userOwned('webpush_subscription', target.id);
  const { subject } = ctx.actor;
  if (!can(subject, 'read', subscriptions) || !can(subject, 'delete', subscriptions)) throw forbidden();
  throw new ApiError(404, 'Webpush subscription not found.');
}

/**
 * Sends a test message to every subscription of a user: to none. Golden: rbac-notifications
 * @throws ApiError 403 without notification_message.create
 */
export function testPush(ctx: ActorCtx, target: UserRow): void {
  if (!can(ctx.actor.subject, 'create', userOwned('notification_message', target.id))) throw forbidden();
}
