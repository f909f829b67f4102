// Messages that people send: to see that messages arrive, and to themselves.
import type { CustomNotificationRequest } from '../codersdk/notifications.ts';
import type { ActorCtx } from '../ctx.ts';
import { badRequest, forbidden } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { messagesObject, userOwned } from '../rbac/objects.ts';
import { notifyCustom, notifyTest } from './notify.ts';

const MAX_TITLE = 120;
const MAX_MESSAGE = 2000;

/** Sends a test to the caller. @throws ApiError 403 without notification_message.create on the deployment */
export async function sendTest(ctx: ActorCtx): Promise<void> {
  if (!can(ctx.actor.subject, 'create', messagesObject())) throw forbidden();
  await notifyTest(ctx, ctx.actor.user.id);
}

const refuse = (detail: string) => badRequest('Invalid request body', { detail });
const charactersOf = (text: string): number => [...text].length;

/**
 * Sends the caller a message of his own. Golden: notify-send
 * @throws ApiError 400 for a missing, empty or long text, 403 without inbox_notification.create
 */
export async function sendCustom(ctx: ActorCtx, { content }: CustomNotificationRequest): Promise<void> {
  if (!content) throw refuse('content is required');
  const { title, message } = content;
  if (title === '' || message === '') throw refuse("provide a non-empty 'content.title' and 'content.message'");
  if (charactersOf(title) > MAX_TITLE) throw refuse(`'content.title' must be less than ${MAX_TITLE} characters`);
  if (charactersOf(message) > MAX_MESSAGE)
    throw refuse(`'content.message' must be less than ${MAX_MESSAGE} characters`);
  if (!can(ctx.actor.subject, 'create', userOwned('inbox_notification', ctx.actor.user.id))) throw forbidden();
  await notifyCustom(ctx, ctx.actor.user.id, title, message);
}
