// Tells people what happened: puts messages into the queue, in the transaction of what they tell of.
import { createHash } from 'node:crypto';
import { type NotificationTemplateText, TEMPLATES } from '../codersdk/notification-templates.ts';
import type { Config } from '../config.ts';
import { type Ctx, nowText } from '../ctx.ts';
import { enqueue, type Recipients } from '../store/notification-queue.ts';
import type { UserRow } from '../store/users.ts';
import { messageQueued } from '../watch/events.ts';
import { textsOf } from './notification-texts.ts';

interface Message {
  labels?: Record<string, string>;
  data?: object;
  targets?: string[];
}

/** The methods by which this deployment delivers. */
const availableMethods = ({ email, notifications }: Config): string[] => [
  'inbox',
  ...(email ? ['smtp'] : []),
  ...(notifications.webhookEndpoint === undefined ? [] : ['webhook']),
];

/** Two messages are equal that say the same to the same person on one day (UTC): the second is dropped. */
const markOf = (day: string, ...parts: unknown[]): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([day, ...parts]))
    .digest();

async function notify(
  ctx: Ctx,
  to: Recipients,
  template: NotificationTemplateText,
  { labels = {}, data, targets }: Message,
): Promise<void> {
  const { method, inboxEnabled } = ctx.config.notifications;
  const now = nowText(ctx);
  const texts = textsOf(template, labels, ctx.config.accessUrl);
  await enqueue(
    ctx.db,
    to,
    { method, inbox: inboxEnabled, available: availableMethods(ctx.config) },
    {
      templateId: template.id,
      targets: targets ?? null,
      ...texts,
      labels,
      data: data ?? null,
      sealedLabels: null,
      mark: markOf(now.slice(0, 10), template.id, texts, targets ?? null, data ?? null),
    },
    now,
  );
  messageQueued.tell(undefined);
}

type AccountEvent = 'created' | 'suspended' | 'activated' | 'deleted';

const YOURS = { suspended: TEMPLATES.yoursSuspended, activated: TEMPLATES.yoursActivated } as const;

/**
 * Tells all owners and user administrators what became of an account; who was suspended or activated hears of it, too.
 * Call it in the transaction of the change. Golden: notify-user-events
 * @param by whoever did it
 */
export async function notifyOfAccount(
  ctx: Ctx,
  event: AccountEvent,
  account: Pick<UserRow, 'id' | 'username' | 'name' | 'email'>,
  by: Pick<UserRow, 'name'>,
): Promise<void> {
  const message = {
    labels: {
      [`${event}_account_name`]: account.username,
      [`${event}_account_user_name`]: account.name,
      initiator: by.name,
    },
    data: { user: { id: account.id, name: account.name, email: account.email } },
    targets: [account.id],
  };
  await notify(ctx, { adminsBut: account.id }, TEMPLATES[event], message);
  if (event === 'suspended' || event === 'activated') await notify(ctx, { userId: account.id }, YOURS[event], message);
}

/** A message to somebody who wants to see that messages arrive; each one is another. Golden: notify-send */
export const notifyTest = (ctx: Ctx, userId: string): Promise<void> =>
  notify(ctx, { userId }, TEMPLATES.test, { data: { timestamp: nowText(ctx) } });

/** A message that somebody sends to himself. Golden: notify-send */
export const notifyCustom = (ctx: Ctx, userId: string, title: string, message: string): Promise<void> =>
  notify(ctx, { userId }, TEMPLATES.custom, { labels: { custom_title: title, custom_message: message } });
