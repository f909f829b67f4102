// Rule 37: refusals tell nothing about others. Whether an account, a name or an address exists cannot be learned from status,
// text or work by who may not list users. Work is counted (password hashes, statements), not timed.
import argon2 from 'argon2';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import type { Answer } from '../support/client.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
let member: TestUser;
let hidden: TestUser;
beforeAll(async () => {
  t = await startApp();
  member = await aUser(t);
  hidden = await aUser(t, { username: 'hidden', email: 'hidden@example.com' });
});
afterEach(() => vi.restoreAllMocks());

/** As accounts bring it along. */
const OLD_HASH = `$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0$${'A'.repeat(86)}`;
const UNKNOWN_ID = '3c9e7f52-8f0b-4f57-9c2c-5d1f6a0b7e11';

/** What a client can tell of an answer. */
const told = ({ status, body, headers }: Answer) => ({ status, body, challenge: headers['www-authenticate'] });

/** What a request costs before its answer is on its way. */
async function costOf(request: () => Promise<Answer>) {
  const hashes = [vi.spyOn(argon2, 'hash'), vi.spyOn(argon2, 'verify')];
  const statements = [vi.spyOn(t.pool, 'query'), vi.spyOn(t.pool, 'connect')];
  const later: (() => Promise<unknown>)[] = [];
  vi.spyOn(t.deps.behind, 'run').mockImplementation((_, work) => void later.push(work));
  const answer = await request();
  const count = (spies: { mock: { calls: unknown[] } }[]) => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  const cost = { hashes: count(hashes), statements: count(statements) };
  vi.restoreAllMocks();
  for (const work of later) await work();
  return { answer: told(answer), cost };
}

describe('to strangers, a known and an unknown address are the same in words and in work', () => {
  const post = (path: string, body: object) => t.anonymous.post(`/api/v2/users/${path}`, body);
  const requests: [string, (email: string) => Promise<Answer>, status: number][] = [
    ['signing in', (email) => post('login', { email, password: 'Wrong-Password-1' }), 401],
    ['asking for a reset', (email) => post('otp/request', { email }), 204],
    [
      'resetting',
      (email) => post('otp/change-password', { email, one_time_passcode: 'x', password: 'AnotherSecurePassword!' }),
      400,
    ],
    [
      'resetting to a weak password',
      (email) => post('otp/change-password', { email, one_time_passcode: 'x', password: 'x' }),
      400,
    ],
  ];
  test.each(requests)('%s', async (_, request, status) => {
    const suspended = await aUser(t);
    await t.owner.put(`/api/v2/users/${suspended.id}/status/suspend`);
    const external = await aUser(t, { login_type: 'github' });
    const withCode = await aUser(t);
    await t.anonymous.post('/api/v2/users/otp/request', { email: withCode.email });
    // Whether hashes of the older form exist is looked up once a minute, whoever signs in.
    const imported = await aUser(t);
    await t.pool.query('update users set hashed_password = $2 where id = $1', [imported.id, OLD_HASH]);
    await post('login', { email: imported.email, password: 'Wrong-Password-1' });
    await t.deps.behind.settled();
    const unknown = await costOf(() => request('nobody@example.com'));
    expect(unknown.answer.status).toBe(status);
    for (const { email } of [hidden, suspended, external, imported, withCode]) {
      expect(await costOf(() => request(email))).toEqual(unknown);
    }
  });
});

describe('to a member', () => {
  const OPERATIONS = [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/roles'],
    ['PUT', '/roles'],
    ['PUT', '/profile'],
    ['PUT', '/password'],
    ['PUT', '/email'],
    ['PUT', '/status/suspend'],
    ['PUT', '/status/activate'],
    ['GET', '/keys'],
    ['POST', '/keys'],
    ['GET', '/keys/tokens'],
    ['POST', '/keys/tokens'],
    ['GET', '/organizations'],
    ['GET', '/organizations/coder'],
    ['GET', '/login-type'],
    ['POST', '/convert-login'],
    ['GET', '/gitsshkey'],
    ['GET', '/appearance'],
    ['GET', '/secrets'],
    ['GET', '/notifications/preferences'],
  ] as const;

  test.each(OPERATIONS)('%s /users/{user}%s is the same for somebody hidden and for nobody', async (method, path) => {
    const answers = await Promise.all(
      ['hidden', 'HIDDEN', hidden.id, 'nobody', UNKNOWN_ID].map((user) =>
        member.client.send(method, `/api/v2/users/${user}${path}`, method === 'GET' ? undefined : {}),
      ),
    );
    expect(answers[0]?.status).toBe(404);
    for (const answer of answers) expect(told(answer)).toEqual(told(answers[0] as Answer));
  });

  test.each([
    ['GET', ''],
    ['POST', ''],
    ['DELETE', ''],
    ['PUT', '/roles'],
  ] as const)(
    '%s a member of another organization is the same for who is in it and who is not',
    async (method, path) => {
      const organization = await t.owner.post('/api/v2/organizations', { name: aName('other') });
      const base = `/api/v2/organizations/${organization.body.name}/members`;
      await t.owner.post(`${base}/hidden`);
      const answers = await Promise.all(
        ['hidden', hidden.id, 'nobody', UNKNOWN_ID].map((user) =>
          member.client.send(method, `${base}/${user}${path}`, method === 'GET' ? undefined : {}),
        ),
      );
      expect(answers[0]?.status).toBe(404);
      for (const answer of answers) expect(told(answer)).toEqual(told(answers[0] as Answer));
    },
  );

  test.each<[string, object]>([
    ['as it should be', {}],
    ['with a weak password', { password: 'x' }],
    ['in an unknown organization', { organization_ids: [UNKNOWN_ID] }],
    ['with a bad status', { user_status: 'gone' }],
    ['with a role', { roles: ['owner'] }],
    ['with a bad login type', { login_type: 'zz', password: '' }],
  ])('creating a user %s tells nothing of taken names and addresses', async (_, overrides) => {
    const create = (username: string, email: string) =>
      member.client.post('/api/v2/users', {
        username,
        email,
        password: PASSWORD,
        organization_ids: [t.organizationId],
        ...overrides,
      });
    const free = told(await create('free-name', 'free@example.com'));
    expect(free.status).toBeGreaterThanOrEqual(400);
    expect(told(await create('hidden', 'free@example.com'))).toEqual(free);
    expect(told(await create('free-name', 'hidden@example.com'))).toEqual(free);
  });

  test('renaming oneself tells nothing of taken names', async () => {
    const rename = (username: string) => member.client.put('/api/v2/users/me/profile', { username, name: '' });
    const free = told(await rename('free-name'));
    expect(free.status).toBe(404);
    expect(told(await rename('hidden'))).toEqual(free);
  });

  test('a question to the permission engine tells nothing of ids', async () => {
    const check = async (id: string) => {
      const object = { resource_type: 'user', resource_id: id };
      return (await member.client.post('/api/v2/authcheck', { checks: { x: { object, action: 'read' } } })).body;
    };
    expect(await check(hidden.id)).toEqual({ x: false });
    expect(await check(UNKNOWN_ID)).toEqual({ x: false });
  });
});
