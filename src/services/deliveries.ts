// Delivers what is in the queue of notifications: one round of one replica.
import { instantText, microsOf } from '../clock.ts';
import { NOTIFICATION_TEMPLATES } from '../codersdk/notification-templates.ts';
import type { AppDeps } from '../ctx.ts';
import { NS } from '../golang/durations.ts';
import { plainText } from '../golang/plain-text.ts';
import { notificationMail } from '../mail/templates.ts';
import { postWebhook } from '../outgoing/webhook.ts';
import {
  deliverToInboxes,
  type LeasedMessage,
  leaseMessages,
  postponeMessage,
  settleMessage,
} from '../store/notification-queue.ts';

/** The most messages that one statement puts into inboxes. */
const INBOX_BATCH = 500;
/** The pause after the first failure; each one after that is five times as long, up to the configured one. */
const FIRST_PAUSE_MS = 2000;

type Deps = Pick<AppDeps, 'config' | 'db' | 'clock' | 'log' | 'mailer'>;

/** Puts everything that is due into inboxes. Whoever else is at work on a message keeps it. */
export async function deliverInbox({ db, clock }: Pick<Deps, 'db' | 'clock'>): Promise<void> {
  while ((await deliverToInboxes(db, instantText(clock()), INBOX_BATCH)) === INBOX_BATCH);
}

/** What a webhook gets. Source: the documented payload of notifications by webhook. */
function webhookBody(message: LeasedMessage): object {
  const { id, templateId, title, content, labels, data, targets, actions } = message;
  return {
    _version: '1.1',
    msg_id: id,
    payload: {
      _version: '1.2',
      notification_name: NOTIFICATION_TEMPLATES.find((one) => one.id === templateId)?.name ?? '',
      notification_template_id: templateId,
      user_id: message.userId,
      user_email: message.email,
      user_name: message.name || message.username,
      user_username: message.username,
      actions,
      labels,
      data,
      targets,
    },
    title: plainText(title),
    title_markdown: title,
    body: plainText(content),
    body_markdown: content,
  };
}

type Outcome = 'sent' | 'refused' | 'failed' | 'unwanted';

async function sendMail({ config, mailer }: Deps, message: LeasedMessage, signal: AbortSignal): Promise<Outcome> {
  const { email, name, username, title, content, actions } = message;
  // Service accounts have no address.
  if (email === '') return 'unwanted';
  const mail = notificationMail({
    to: email,
    name: name || username,
    title: plainText(title),
    content,
    plain: plainText(content),
    actions,
    accessUrl: config.accessUrl,
  });
  const late = new Promise<Outcome>((resolve) =>
    signal.addEventListener('abort', () => resolve('failed'), { once: true }),
  );
  return Promise.race([mailer.send(mail), late]);
}

async function sendWebhook({ config, log }: Deps, message: LeasedMessage, signal: AbortSignal): Promise<Outcome> {
  const { webhookEndpoint } = config.notifications;
  if (webhookEndpoint === undefined) return 'failed';
  const answer = await postWebhook(webhookEndpoint, message.id, webhookBody(message), signal);
  if (answer.outcome === 'failed') log.warn({ reason: answer.reason }, 'a notification could not be posted');
  return answer.outcome;
}

async function deliver(deps: Deps, message: LeasedMessage): Promise<void> {
  const { db, clock, log } = deps;
  const { maxSendAttempts, retryIntervalNs, dispatchTimeoutNs } = deps.config.notifications;
  const signal = AbortSignal.timeout(Number(dispatchTimeoutNs / NS.ms));
  const send = message.method === 'smtp' ? sendMail : sendWebhook;
  const outcome = message.unwanted ? 'unwanted' : await send(deps, message, signal);
  if (outcome === 'sent' || outcome === 'unwanted') return settleMessage(db, message.id, outcome);
  if (outcome === 'refused' || message.attempts + 1 >= maxSendAttempts) {
    log.error({ id: message.id, method: message.method, attempts: message.attempts + 1 }, 'notification given up');
    return settleMessage(db, message.id, 'failed');
  }
  const pauseMs = Math.min(FIRST_PAUSE_MS * 5 ** message.attempts, Number(retryIntervalNs / NS.ms));
  await postponeMessage(db, message.id, instantText(clock() + pauseMs * 1000));
}

/** Sends what is due by mail and webhook, batch by batch. A message that fails is tried again later, so many times. */
export async function deliverOthers(deps: Deps): Promise<void> {
  const { leaseCount, leasePeriodNs } = deps.config.notifications;
  for (;;) {
    const now = deps.clock();
    const until = instantText(now + microsOf(leasePeriodNs));
    const messages = await leaseMessages(deps.db, instantText(now), until, leaseCount);
    await Promise.all(messages.map((message) => deliver(deps, message)));
    if (messages.length < leaseCount) return;
  }
}
