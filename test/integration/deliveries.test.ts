// Delivery of notifications by mail and webhook: what is sent, how often it is tried, and by whom.
import { expect, onTestFinished, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../src/clock.ts';
import { TEMPLATES } from '../../src/codersdk/notification-templates.ts';
import { deleteOutdated } from '../../src/jobs.ts';
import { createMailer } from '../../src/mail/mailer.ts';
import { deliverInbox, deliverOthers } from '../../src/services/deliveries.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';
import { startSmtp } from '../support/smtp.ts';
import { startWebhook } from '../support/webhook.ts';

const DAY = 24 * HOUR;

const custom = ({ client }: Pick<TestUser, 'client'>, title: string, message = 'text') =>
  client.post('/api/v2/notifications/custom', { content: { title, message } });

/** An app that sends by webhook, and the receiver. */
async function withWebhook(answer?: (nth: number) => number, env: Record<string, string> = {}) {
  const webhook = await startWebhook(answer);
  onTestFinished(async () => void (await webhook.close()));
  const t = await startApp({
    env: { CODER_NOTIFICATIONS_METHOD: 'webhook', CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT: webhook.url, ...env },
  });
  return { t, webhook };
}

const states = async (t: TestApp, method: string) =>
  (
    await t.pool.query<{ status: string; attempts: number }>(
      'select status, attempts from notification_messages where method = $1 order by created_at',
      [method],
    )
  ).rows;

test('a webhook gets the documented payload, the inbox a copy', async () => {
  const { t, webhook } = await withWebhook();
  const bob = await aUser(t, { name: 'Bob B' });
  await deliverOthers(t.deps);
  await deliverInbox(t.deps);
  const [post] = webhook.received;
  expect(post).toMatchObject({
    type: 'application/json',
    body: {
      _version: '1.1',
      payload: {
        _version: '1.2',
        notification_name: 'User account created',
        notification_template_id: TEMPLATES.created.id,
        user_id: t.ownerId,
        user_email: 'owner@example.com',
        user_name: 'owner',
        user_username: 'owner',
        labels: { created_account_name: bob.username, created_account_user_name: 'Bob B', initiator: '' },
        data: { user: { id: bob.id, email: bob.email, name: 'Bob B' } },
        targets: [bob.id],
      },
      title: `User account "${bob.username}" created`,
      body_markdown: expect.stringContaining('for **Bob B** by'),
      body: expect.stringContaining('for Bob B by'),
    },
  });
  expect(post?.id).toBe(post?.body.msg_id);
  expect((await t.owner.get('/api/v2/notifications/inbox')).body.unread_count).toBe(1);
});

test('what fails is tried again after growing pauses, as often as is set, and then given up', async () => {
  const { t, webhook } = await withWebhook(() => 500, { CODER_NOTIFICATIONS_MAX_SEND_ATTEMPTS: '3' });
  await custom({ client: t.owner }, 'Never');
  const attempts: number[] = [];
  for (const pause of [0, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, MINUTE]) {
    t.clock.advance(pause);
    await deliverOthers(t.deps);
    attempts.push(webhook.received.length);
  }
  expect(attempts).toEqual([1, 1, 2, 2, 3, 3]);
  expect(new Set(webhook.received.map(({ id }) => id)).size).toBe(1);
  expect(await states(t, 'webhook')).toEqual([{ status: 'failed', attempts: 3 }]);
});

test('of replicas at work at once each message is with one; a lease that has run out goes to the next', async () => {
  const { t, webhook } = await withWebhook();
  for (let i = 0; i < 30; i++) await custom({ client: t.owner }, `Message ${i}`);
  await Promise.all([1, 2, 3].map(() => deliverOthers(t.deps)));
  expect(webhook.received).toHaveLength(30);
  await custom({ client: t.owner }, 'Leased');
  await t.pool.query(`update notification_messages set due_at = $1 where title = 'Leased'`, [
    new Date(t.clock.now() / 1000 + 120_000).toISOString(),
  ]);
  await deliverOthers(t.deps);
  expect(webhook.received).toHaveLength(30);
  t.clock.advance(121 * SECOND);
  await deliverOthers(t.deps);
  expect(webhook.received).toHaveLength(31);
});

test('a template goes by its own method; what is paused or switched off meanwhile is not sent', async () => {
  const { t, webhook } = await withWebhook();
  const pause = (notifier_paused: boolean) => t.owner.put('/api/v2/notifications/settings', { notifier_paused });
  await pause(true);
  await custom({ client: t.owner }, 'Held');
  await deliverOthers(t.deps);
  expect(webhook.received).toEqual([]);
  await t.owner.put('/api/v2/users/me/notifications/preferences', {
    template_disabled_map: { [TEMPLATES.custom.id]: true },
  });
  await pause(false);
  await deliverOthers(t.deps);
  expect(webhook.received).toEqual([]);
  expect(await states(t, 'webhook')).toEqual([{ status: 'unwanted', attempts: 0 }]);
  await t.owner.put(`/api/v2/notifications/templates/${TEMPLATES.test.id}/method`, { method: 'inbox' });
  await t.owner.post('/api/v2/notifications/test');
  await deliverOthers(t.deps);
  await deliverInbox(t.deps);
  expect(webhook.received).toEqual([]);
  const tests = await t.owner.get(`/api/v2/notifications/inbox?templates=${TEMPLATES.test.id}`);
  expect(tests.body.notifications).toHaveLength(1);
});

test('a mail has a text and an HTML part in which names are no markup; a relay that refuses it is not asked again', async () => {
  let refusing = false;
  const smtp = await startSmtp({ answer: (line) => (refusing && /^RCPT/.test(line) ? '550 nobody here' : undefined) });
  const t = await startApp({
    env: { CODER_EMAIL_SMARTHOST: `127.0.0.1:${smtp.port}`, CODER_EMAIL_FROM: 'Coder <coder@example.com>' },
  });
  const mailer = createMailer(t.config.email, t.deps.log);
  onTestFinished(async () => {
    await mailer.close(0);
    await smtp.close();
  });
  const deps = { ...t.deps, mailer };
  const bob = await aUser(t, { name: 'Bob <i>' });
  await deliverOthers(deps);
  const [mail] = smtp.mails;
  expect(mail?.to).toEqual(['owner@example.com']);
  expect(mail?.raw).toContain(`Subject: =?UTF-8?Q?User_account_=22${bob.username}=22_created?=`);
  expect(mail?.raw).toMatch(/multipart\/alternative/);
  expect(mail?.decoded).toContain('for Bob <i> by');
  expect(mail?.decoded).toContain('<strong>Bob &lt;i&gt;</strong>');
  expect(mail?.decoded).toContain('/deployment/users?filter=status%3Aactive');
  refusing = true;
  await custom({ client: t.owner }, 'Refused');
  await deliverOthers(deps);
  expect((await states(t, 'smtp')).map(({ status }) => status)).toEqual(['sent', 'failed']);
});

test('without a relay and an endpoint messages go to the inbox alone', async () => {
  const t = await startApp();
  await custom({ client: t.owner }, 'Inbox');
  expect([await states(t, 'smtp'), await states(t, 'webhook')]).toEqual([[], []]);
  expect(await states(t, 'inbox')).toHaveLength(1);
});

test('handled messages are kept for a week, those in inboxes for a year; what waits stays', async () => {
  const t = await startApp();
  await custom({ client: t.owner }, 'Delivered');
  await deliverInbox(t.deps);
  await custom({ client: t.owner }, 'Waiting');
  const kept = async () => [
    (await states(t, 'inbox')).map(({ status }) => status),
    (await t.pool.query('select title from inbox_notifications')).rows.length,
  ];
  t.clock.advance(6 * DAY);
  await deleteOutdated(t.deps);
  expect(await kept()).toEqual([['sent', 'pending'], 1]);
  t.clock.advance(2 * DAY);
  await deleteOutdated(t.deps);
  expect(await kept()).toEqual([['pending'], 1]);
  t.clock.advance(360 * DAY);
  await deleteOutdated(t.deps);
  expect(await kept()).toEqual([['pending'], 0]);
});
