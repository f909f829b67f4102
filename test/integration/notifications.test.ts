// Notification preferences, and web push without a push service.
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseInstant, SECOND } from '../../src/clock.ts';
import { NOTIFICATION_TEMPLATES } from '../../src/codersdk/notification-templates.ts';
import { auditLogs } from '../../src/store/schema.ts';
import { notificationPreferences } from '../../src/store/schema-belongings.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
let auditor: TestUser;
let userAdmin: TestUser;

beforeAll(async () => {
  t = await startApp();
  auditor = await aUser(t, { roles: ['auditor'] });
  userAdmin = await aUser(t, { roles: ['user-admin'] });
});

const CREATED = '4e19c0ac-94e1-4532-9515-d1801aa283b2';
const DELETED = 'f44d9314-ad03-4bc8-95d0-5cad491da6b6';
const path = (name: string) => `/api/v2/users/${name}/notifications/preferences`;
const map = (template_disabled_map: Record<string, unknown>) => ({ template_disabled_map });
const rowsOf = (userId: string) =>
  t.db.select().from(notificationPreferences).where(eq(notificationPreferences.userId, userId));

describe('GET and PUT /users/{user}/notifications/preferences', () => {
  test('null until anything is set; the path may end in a slash', async () => {
    const { client } = await aUser(t);
    for (const url of [path('me'), `${path('me')}/`]) {
      const answer = await client.get(url);
      expect([answer.status, answer.text]).toEqual([200, 'null\n']);
    }
    expect((await client.put(path('me'), map({}))).text).toBe('null\n');
  });

  test('templates that are not given stay; only what was ever set is listed', async () => {
    const { client } = await aUser(t);
    const first = await client.put(path('me'), map({ [DELETED]: true }));
    expect(first.status).toBe(200);
    expect(first.body).toEqual([{ id: DELETED, disabled: true, updated_at: expect.any(String) }]);
    t.clock.advance(SECOND);
    await client.put(path('me'), map({ [CREATED.toUpperCase()]: true }));
    t.clock.advance(SECOND);
    const third = await client.put(path('me'), map({ [DELETED]: false }));
    expect(third.body).toEqual([
      { id: DELETED, disabled: false, updated_at: expect.any(String) },
      { id: CREATED, disabled: true, updated_at: expect.any(String) },
    ]);
    expect(parseInstant(third.body[0].updated_at)).toBeGreaterThan(parseInstant(first.body[0].updated_at));
    expect((await client.get(path('me'))).body).toEqual(third.body);
    expect((await client.put(path('me'), {})).body).toEqual(third.body);
  });

  test('every built-in template can be switched off at once', async () => {
    const { client } = await aUser(t);
    const ids = NOTIFICATION_TEMPLATES.map(({ id }) => id);
    const answer = await client.put(path('me'), map(Object.fromEntries(ids.map((id) => [id, true]))));
    expect(answer.status).toBe(200);
    expect(answer.body.map(({ id }: { id: string }) => id).sort()).toEqual([...ids].sort());
  });

  test.each([
    ['no body', undefined, 'Request body must be valid JSON.'],
    ['a value that is not true or false', map({ [CREATED]: 'yes' }), 'Request body must be valid JSON.'],
    ['an id that is no UUID', map({ [CREATED]: true, welcome: true }), 'Unable to parse notification template UUID.'],
    [
      'an unknown template',
      map({ [CREATED]: true, '11111111-1111-4111-8111-111111111111': true }),
      'There is no notification template 11111111-1111-4111-8111-111111111111.',
    ],
    [
      'a template given twice',
      map({ [CREATED]: true, [CREATED.toUpperCase()]: false }),
      `Notification template ${CREATED} is given more than once.`,
    ],
  ])('400 for %s, and nothing is stored', async (_what, body, message) => {
    const { client, id } = await aUser(t);
    const answer = await client.put(path('me'), body);
    expect([answer.status, answer.body.message]).toEqual([400, message]);
    expect(await rowsOf(id)).toEqual([]);
  });

  test('401 without a session', async () => {
    expect((await t.anonymous.get(path('me'))).status).toBe(401);
    expect((await t.anonymous.put(path('me'), {})).status).toBe(401);
  });

  test('an owner reads and writes those of others', async () => {
    const { username } = await aUser(t);
    expect((await t.owner.put(path(username), map({ [CREATED]: true }))).status).toBe(200);
    expect((await t.owner.get(path(username))).body).toHaveLength(1);
  });

  test('403 for other administrators, 404 for members; nothing is stored', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    for (const { client } of [userAdmin, auditor]) {
      expect((await client.get(path(other.username))).status).toBe(403);
      expect((await client.put(path(other.username), map({ [CREATED]: true }))).status).toBe(403);
      expect((await client.put(path(other.username), map({}))).status).toBe(403);
      expect((await client.put(path(other.username), map({ x: true }))).status).toBe(400);
    }
    expect((await one.client.get(path(other.username))).status).toBe(404);
    expect((await one.client.put(path(other.username), map({ [CREATED]: true }))).status).toBe(404);
    expect(await rowsOf(other.id)).toEqual([]);
  });

  test('a change is in no audit log', async () => {
    const { client, id } = await aUser(t);
    await client.put(path('me'), map({ [CREATED]: true }));
    const entries = await t.db.select().from(auditLogs).where(eq(auditLogs.resourceId, id));
    expect(entries.map(({ action, resourceType }) => `${action} ${resourceType}`)).toEqual([
      'create user',
      'create api_key',
    ]);
    expect(await rowsOf(id)).toHaveLength(1);
  });
});

describe('web push', () => {
  const subscription = (name: string) => `/api/v2/users/${name}/webpush/subscription`;
  const body = (endpoint: string) => ({ endpoint, auth_key: 'a', p256dh_key: 'b' });
  const GOOD = 'https://push.example/1';

  test('POST test answers 204: there is nobody to send to', async () => {
    const { client, username } = await aUser(t);
    const answer = await client.post('/api/v2/users/me/webpush/test');
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await t.owner.post(`/api/v2/users/${username}/webpush/test`)).status).toBe(204);
  });

  test.each([
    [body('http://push.example/1'), 'Invalid webpush endpoint.', 'endpoint URL scheme must be https'],
    [body(''), 'Invalid webpush endpoint.', 'endpoint must be an absolute URL'],
    [body(GOOD), 'Web push is not available on this deployment.', undefined],
    [undefined, 'Request body must be valid JSON.', expect.any(String)],
  ])('POST subscription with %j: 400', async (request, message, detail) => {
    const { client } = await aUser(t);
    const answer = await client.post(subscription('me'), request);
    expect([answer.status, answer.body.message, answer.body.detail]).toEqual([400, message, detail]);
  });

  test('401 without a session', async () => {
    expect((await t.anonymous.post(subscription('me'), body(GOOD))).status).toBe(401);
    expect((await t.anonymous.delete(subscription('me'), { endpoint: GOOD })).status).toBe(401);
    expect((await t.anonymous.post('/api/v2/users/me/webpush/test')).status).toBe(401);
  });

  test('403 for administrators who may not, 404 for members about others', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    for (const [{ client }, status] of [
      [userAdmin, 403],
      [auditor, 403],
      [one, 404],
    ] as const) {
      expect((await client.post(`/api/v2/users/${other.username}/webpush/test`)).status).toBe(status);
      expect((await client.post(subscription(other.username), body(GOOD))).status).toBe(status);
      expect((await client.delete(subscription(other.username), { endpoint: GOOD })).status).toBe(status);
    }
  });

  test('DELETE subscription: 400 without a body, else 404, since there is none', async () => {
    const { client, username } = await aUser(t);
    expect((await client.delete(subscription('me'))).status).toBe(400);
    for (const [caller, name] of [
      [client, 'me'],
      [t.owner, username],
    ] as const) {
      const answer = await caller.delete(subscription(name), { endpoint: GOOD });
      expect([answer.status, answer.body]).toEqual([404, { message: 'Webpush subscription not found.' }]);
    }
  });
});
