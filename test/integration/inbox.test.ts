// The inbox: who is told of what, what lies in it and who may read it; messages that people send.
import { beforeAll, describe, expect, test } from 'vitest';
import { HOUR, SECOND } from '../../src/clock.ts';
import { TEMPLATES } from '../../src/codersdk/notification-templates.ts';
import { deliverInbox } from '../../src/services/deliveries.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
let userAdmin: TestUser;

beforeAll(async () => {
  t = await startApp();
  userAdmin = await aUser(t, { roles: ['user-admin'] });
});

const INBOX = '/api/v2/notifications/inbox';

/** What lies in an inbox once everything is delivered. */
async function inboxOf({ client }: Pick<TestUser, 'client'>, query = '') {
  await deliverInbox(t.deps);
  const answer = await client.get(`${INBOX}${query}`);
  expect(answer.status).toBe(200);
  return answer.body as {
    notifications: { id: string; title: string; content: string; read_at: string | null; created_at: string }[];
    unread_count: number;
  };
}

const titles = async (user: Pick<TestUser, 'client'>, query = '') =>
  (await inboxOf(user, query)).notifications.map(({ title }) => title);
const owner = () => ({ client: t.owner });
const custom = ({ client }: TestUser, title: string, message = 'text') =>
  client.post('/api/v2/notifications/custom', { content: { title, message } });
const queued = async (userId: string): Promise<number> =>
  (await t.pool.query('select count(*)::int as n from notification_messages where user_id = $1', [userId])).rows[0].n;

describe('what becomes of an account', () => {
  test('owners and user administrators are told, auditors, members and the account itself are not', async () => {
    const auditor = await aUser(t, { roles: ['auditor'] });
    const one = await aUser(t, { name: 'One *1* {{base_url}}' });
    const about = `?targets=${one.id}`;
    const created = await inboxOf(owner(), about);
    expect(created.notifications).toMatchObject([
      {
        template_id: TEMPLATES.created.id,
        title: `User account "${one.username}" created`,
        content: `New user account **${one.username}** has been created.\n\nThis new user account was created for **One *1* {{base_url}}** by ****.`,
        targets: [one.id],
        icon: 'DEFAULT_ICON_ACCOUNT',
        read_at: null,
      },
    ]);
    expect(await titles(userAdmin, about)).toHaveLength(1);
    expect((await inboxOf(auditor)).notifications).toEqual([]);
    expect((await inboxOf(one)).notifications).toEqual([]);
  });

  test('suspended and activated people hear of it themselves; doing it again says nothing new', async () => {
    const one = await aUser(t);
    for (const what of ['suspend', 'suspend', 'activate']) {
      expect((await userAdmin.client.put(`/api/v2/users/${one.username}/status/${what}`)).status).toBe(200);
      t.clock.advance(SECOND);
    }
    const again = await t.anonymous.post('/api/v2/users/login', { email: one.email, password: one.password });
    const own = await inboxOf({ client: t.as(again.body.session_token) });
    expect(own.notifications.map(({ title }) => title).sort()).toEqual([
      `Your account "${one.username}" has been activated`,
      `Your account "${one.username}" has been suspended`,
    ]);
    expect((await titles(owner(), `?targets=${one.id}`)).sort()).toEqual([
      `User account "${one.username}" activated`,
      `User account "${one.username}" created`,
      `User account "${one.username}" suspended`,
    ]);
  });

  test('of a deleted account its administrators are told, and what waited for it is gone', async () => {
    const one = await aUser(t);
    await custom(one, 'Never read');
    expect((await t.owner.delete(`/api/v2/users/${one.id}`)).status).toBe(200);
    expect(await titles(owner(), `?targets=${one.id}&templates=${TEMPLATES.deleted.id}`)).toHaveLength(1);
    expect(await queued(one.id)).toBe(0);
  });

  test('a change that is undone tells nobody', async () => {
    const before = await queued(t.ownerId);
    const { username } = await aUser(t);
    expect(await queued(t.ownerId)).toBe(before + 1);
    const taken = { username, email: 'another@example.com', password: 'SomeSecurePassword!' };
    expect((await t.owner.post('/api/v2/users', { ...taken, organization_ids: [t.organizationId] })).status).toBe(409);
    expect(await queued(t.ownerId)).toBe(before + 1);
  });
});

describe('POST /notifications/custom and /test', () => {
  test('the same message twice within a day is one, a test each time another', async () => {
    const one = await aUser(t);
    expect((await custom(one, 'Twice')).status).toBe(204);
    expect((await custom(one, 'Twice')).status).toBe(204);
    expect(await titles(one)).toEqual(['Twice']);
    t.clock.advance(24 * HOUR);
    const again = await t.anonymous.post('/api/v2/users/login', { email: one.email, password: one.password });
    const client = t.as(again.body.session_token);
    await custom({ ...one, client }, 'Twice');
    expect(await titles({ client })).toEqual(['Twice', 'Twice']);
    const login = await t.anonymous.post('/api/v2/users/login', { email: 'owner@example.com', password: one.password });
    t.owner = t.as(login.body.session_token);
    const test = `?templates=${TEMPLATES.test.id}`;
    for (const _ of [1, 2]) {
      expect((await t.owner.post('/api/v2/notifications/test')).status).toBe(204);
      t.clock.advance(SECOND);
    }
    expect(await titles(owner(), test)).toEqual(['A test notification', 'A test notification']);
    userAdmin = await aUser(t, { roles: ['user-admin'] });
  });

  test.each([
    [{}, 'content is required'],
    [{ content: { title: 'x'.repeat(121), message: 'm' } }, "'content.title' must be less than 120 characters"],
    [{ content: { title: '🦊'.repeat(121), message: 'm' } }, "'content.title' must be less than 120 characters"],
    [{ content: { title: 't', message: 'm'.repeat(2001) } }, "'content.message' must be less than 2000 characters"],
    [{ content: { title: 't' } }, "provide a non-empty 'content.title' and 'content.message'"],
  ])('400 for %j, and nothing is sent', async (body, detail) => {
    const one = await aUser(t);
    const answer = await one.client.post('/api/v2/notifications/custom', body);
    expect([answer.status, answer.body.detail]).toEqual([400, detail]);
    expect(await queued(one.id)).toBe(0);
  });

  test('letters of any script are counted as people count them', async () => {
    const one = await aUser(t);
    expect((await custom(one, '🦊'.repeat(120), 'ä'.repeat(2000))).status).toBe(204);
    expect(await titles(one)).toEqual(['🦊'.repeat(120)]);
  });

  test('403 for everybody but owners who ask for a test', async () => {
    for (const { client, id } of [await aUser(t), userAdmin]) {
      const before = await queued(id);
      expect((await client.post('/api/v2/notifications/test')).status).toBe(403);
      expect(await queued(id)).toBe(before);
    }
  });

  test('what somebody switched off is not sent, also not after it was switched on again', async () => {
    const one = await aUser(t);
    const set = (off: boolean) =>
      one.client.put('/api/v2/users/me/notifications/preferences', {
        template_disabled_map: { [TEMPLATES.custom.id]: off },
      });
    await custom(one, 'Before');
    await set(true);
    await custom(one, 'Off');
    expect(await titles(one)).toEqual([]);
    await set(false);
    expect(await titles(one)).toEqual([]);
    await custom(one, 'On');
    expect(await titles(one)).toEqual(['On']);
  });

  test('while delivery is paused messages wait', async () => {
    const one = await aUser(t);
    const pause = (notifier_paused: boolean) => t.owner.put('/api/v2/notifications/settings', { notifier_paused });
    await pause(true);
    await custom(one, 'Later');
    expect(await titles(one)).toEqual([]);
    await pause(false);
    expect(await titles(one)).toEqual(['Later']);
  });
});

describe('the inbox', () => {
  test('pages of 25, newest first, each message once', async () => {
    const one = await aUser(t);
    for (let i = 0; i < 27; i++) await custom(one, `Message ${i}`);
    const first = await inboxOf(one);
    expect([first.notifications.length, first.unread_count]).toEqual([25, 27]);
    expect(first.notifications[0]?.title).toBe('Message 26');
    const rest = await inboxOf(one, `?starting_before=${first.notifications.at(-1)?.id}`);
    expect(rest.notifications.map(({ title }) => title)).toEqual(['Message 1', 'Message 0']);
  });

  test('two replicas that deliver at once put each message there once', async () => {
    const one = await aUser(t);
    for (let i = 0; i < 20; i++) await custom(one, `Message ${i}`);
    await Promise.all([1, 2, 3, 4].map(() => deliverInbox(t.deps)));
    expect((await inboxOf(one)).unread_count).toBe(20);
  });

  test('nobody but an owner marks the messages of others, and nobody reads them', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    await custom(one, 'Private');
    const [message] = (await inboxOf(one)).notifications;
    const path = `${INBOX}/${message?.id}/read-status`;
    for (const { client } of [other, userAdmin]) {
      expect((await client.put(path, { is_read: true })).status).toBe(404);
      expect((await inboxOf(one)).unread_count).toBe(1);
      expect(await titles({ client }, `?templates=${TEMPLATES.custom.id}`)).toEqual([]);
    }
    const read = await t.owner.put(path, { is_read: true });
    expect([read.status, read.body.notification.user_id]).toEqual([200, one.id]);
    expect((await inboxOf(one)).unread_count).toBe(0);
  });

  test('an unknown message and a page that starts before somebody else’s', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    await custom(one, 'Mine');
    await custom(other, 'Theirs');
    const [theirs] = (await inboxOf(other)).notifications;
    expect(await titles(one, `?starting_before=${theirs?.id}`)).toEqual(['Mine']);
    const unknown = await one.client.put(`${INBOX}/11111111-1111-4111-8111-111111111111/read-status`, {
      is_read: true,
    });
    expect(unknown.status).toBe(404);
  });

  test('403 for a key without the right', async () => {
    const one = await aUser(t);
    const token = await one.client.post('/api/v2/users/me/keys/tokens', { token_name: 'n', scopes: ['user:read'] });
    const client = t.as(token.body.key);
    expect((await client.get(INBOX)).status).toBe(403);
    expect((await client.put(`${INBOX}/mark-all-as-read`)).status).toBe(403);
    expect((await custom({ ...one, client }, 'No')).status).toBe(403);
    expect(await queued(one.id)).toBe(0);
  });
});
