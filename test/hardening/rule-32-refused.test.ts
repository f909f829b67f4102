// Rule 32: the audit log has what was refused, with who, from where and when; never a password, and never without bound.
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { MINUTE } from '../../src/clock.ts';
import { withClient } from '../../src/postgres/client.ts';
import { auditLogs, users } from '../../src/store/schema.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import type { Answer, TestClient } from '../support/client.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';

const V2 = '/api/v2';
const WRONG = 'Wrong-But-Recognizable-1!';
const OTHER = 'AnotherSecurePassword!';

let t: TestApp;
let member: TestUser;
let userAdmin: TestUser;
let auditor: TestUser;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  t = await startApp({ onLog: (line) => lines.push(line) });
  member = await aUser(t, { username: 'member' });
  userAdmin = await aUser(t, { roles: ['user-admin'] });
  auditor = await aUser(t, { roles: ['auditor'] });
});

interface Entry {
  action: string;
  resource_type: string;
  resource_id: string;
  resource_target: string;
  status_code: number;
  description: string;
  diff: unknown;
  additional_fields: unknown;
  user: { id: string };
  ip: string;
  request_id: string;
  user_agent: string;
}

const read = async (): Promise<{ audit_logs: Entry[]; count: number }> =>
  (await t.owner.get(`${V2}/audit?limit=50`)).body;

/** What a request adds to the log, read as a client would: with the next request. */
async function added(work: () => Promise<Answer>): Promise<{ answer: Answer; entries: Entry[] }> {
  const before = await read();
  const answer = await work();
  const after = await read();
  return { answer, entries: after.audit_logs.slice(0, after.count - before.count) };
}

const login = (email: string, password: string) => t.anonymous.post(`${V2}/users/login`, { email, password });

describe('sign-ins of known accounts', () => {
  const failing: [string, () => Promise<TestUser>, password: string, status: number][] = [
    ['a wrong password', () => aUser(t), WRONG, 401],
    ['an account without a password', () => aUser(t, { login_type: 'github' }), WRONG, 401],
    [
      'a suspended account',
      async () => {
        const user = await aUser(t);
        await t.owner.put(`${V2}/users/${user.id}/status/suspend`);
        return user;
      },
      PASSWORD,
      401,
    ],
    [
      'another login type',
      async () => {
        const user = await aUser(t);
        await t.db.update(users).set({ loginType: 'none' }).where(eq(users.id, user.id));
        return user;
      },
      PASSWORD,
      403,
    ],
  ];
  test.each(failing)('%s', async (_, make, password, status) => {
    const user = await make();
    const { answer, entries } = await added(() => login(user.email, password));
    expect(answer.status).toBe(status);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      action: 'login',
      resource_type: 'api_key',
      resource_id: '00000000-0000-0000-0000-000000000000',
      resource_target: '',
      status_code: 401,
      description: '{user} unsuccessfully attempted to login',
      diff: {},
      additional_fields: {},
      user: { id: user.id },
      ip: '127.0.0.1',
      request_id: answer.headers['x-coder-request-id'],
    });
    expect((await t.owner.get(`${V2}/users/${user.id}`)).body.last_seen_at).toBe('0001-01-01T00:00:00Z');
  });

  test('leave a line for programs that block addresses, as those of unknown accounts do', async () => {
    const user = await aUser(t);
    lines.length = 0;
    await login(user.email, WRONG);
    const { entries } = await added(() => login('nobody@example.com', WRONG));
    expect(entries).toEqual([]);
    expect(lines.filter(({ msg }) => msg === 'sign-in failed')).toMatchObject([
      { level: 30, account: user.username, email: user.email, ip: '127.0.0.1', reason: 'wrong password' },
      { level: 30, email: 'nobody@example.com', ip: '127.0.0.1', reason: 'unknown account' },
    ]);
    expect(JSON.stringify(lines)).not.toContain(WRONG);
  });

  test("by a password tried with somebody else's session, whose attempt it was", async () => {
    const user = await aUser(t);
    const convert = (client: TestClient, name: string) =>
      client.post(`${V2}/users/${name}/convert-login`, { to_type: 'oidc', password: WRONG });
    const { answer, entries } = await added(() => convert(auditor.client, user.username));
    expect(answer.status).toBe(401);
    expect(entries).toMatchObject([
      { action: 'login', resource_target: user.username, status_code: 401, user: { id: auditor.id } },
    ]);
    // A proof of one's own that failed is no sign-in.
    expect((await added(() => convert(user.client, 'me'))).entries).toEqual([]);
    expect((await login(user.email, PASSWORD)).status).toBe(201);
  });

  test('with a stored text that is no password hash are as those with a wrong password; the log tells why', async () => {
    const user = await aUser(t);
    await t.db
      .update(users)
      .set({ hashedPassword: 'x'.repeat(60) })
      .where(eq(users.id, user.id));
    lines.length = 0;
    const { answer, entries } = await added(() => login(user.email, PASSWORD));
    expect([answer.status, answer.body.message]).toEqual([401, 'Incorrect email or password.']);
    expect(entries).toMatchObject([{ action: 'login', status_code: 401, user: { id: user.id } }]);
    expect(lines.find(({ msg }) => msg === 'sign-in failed')).toMatchObject({ reason: 'unusable password hash' });
  });

  test('by a one-time passcode, for known addresses alone', async () => {
    const user = await aUser(t);
    const change = (email: string) =>
      t.anonymous.post(`${V2}/users/otp/change-password`, { email, one_time_passcode: WRONG, password: OTHER });
    const { answer, entries } = await added(() => change(user.email));
    expect(answer.status).toBe(400);
    expect(entries).toMatchObject([
      {
        action: 'write',
        resource_type: 'user',
        resource_target: user.username,
        status_code: 400,
        user: { id: user.id },
      },
    ]);
    expect((await added(() => change('nobody@example.com'))).entries).toEqual([]);
    expect((await login(user.email, PASSWORD)).status).toBe(201);
  });
});

type Case = [name: string, work: () => Promise<Answer>, status: number, entry: string | undefined];
const by =
  (client: () => TestClient, method: 'PUT' | 'DELETE' | 'PATCH' | 'POST', path: string, body?: unknown) => () =>
    client().send(method, `${V2}${path}`, body);
const asOwner = () => t.owner;
const asAdmin = () => userAdmin.client;
const asAuditor = () => auditor.client;
const asMember = () => member.client;

const CASES: Case[] = [
  ['suspending oneself', by(asOwner, 'PUT', '/users/me/status/suspend'), 400, 'write user owner 400'],
  ['suspending as auditor', by(asAuditor, 'PUT', '/users/member/status/suspend'), 403, 'write user member 403'],
  ['activating as auditor', by(asAuditor, 'PUT', '/users/member/status/activate'), 403, 'write user member 403'],
  ['unknown roles', by(asOwner, 'PUT', '/users/member/roles', { roles: ['nope'] }), 400, 'write user member 400'],
  ['own roles', by(asOwner, 'PUT', '/users/me/roles', { roles: [] }), 400, 'write user owner 400'],
  ['a broken body', by(asOwner, 'PUT', '/users/member/roles', '{'), 400, 'write user member 400'],
  [
    'a taken name',
    by(asOwner, 'PUT', '/users/member/profile', { username: 'owner', name: '' }),
    409,
    'write user member 409',
  ],
  ['a bad name', by(asOwner, 'PUT', '/users/member/profile', { username: 'a b' }), 400, 'write user member 400'],
  ['renaming oneself', by(asMember, 'PUT', '/users/me/profile', { username: 'other' }), 404, 'write user member 404'],
  [
    'a profile as auditor',
    by(asAuditor, 'PUT', '/users/member/profile', { username: 'member' }),
    403,
    'write user member 403',
  ],
  [
    'a wrong old password',
    by(asMember, 'PUT', '/users/me/password', { password: OTHER, old_password: WRONG }),
    400,
    'write user member 400',
  ],
  [
    "an owner's password",
    by(asAdmin, 'PUT', '/users/owner/password', { password: OTHER }),
    400,
    'write user owner 400',
  ],
  [
    "somebody's password as auditor",
    by(asAuditor, 'PUT', '/users/member/password', { password: OTHER }),
    404,
    'write user member 404',
  ],
  [
    'an address as auditor',
    by(asAuditor, 'PUT', '/users/member/email', { email: 'x@y.example' }),
    403,
    'write user member 403',
  ],
  [
    'converting an owner',
    by(asAdmin, 'POST', '/users/owner/convert-login', { to_type: 'oidc', password: WRONG }),
    403,
    'create convert_login owner 403',
  ],
  ['deleting oneself', by(asOwner, 'DELETE', '/users/me'), 403, 'delete user owner 403'],
  ['deleting an owner', by(asAdmin, 'DELETE', '/users/owner'), 403, 'delete user owner 403'],
  ['deleting as auditor', by(asAuditor, 'DELETE', '/users/member'), 403, 'delete user member 403'],
  ['an SSH key as auditor', by(asAuditor, 'PUT', '/users/member/gitsshkey'), 403, 'write git_ssh_key member 403'],
  ['a key of an owner', by(asAdmin, 'POST', '/users/owner/keys'), 403, 'create api_key owner 403'],
  ['a token of an owner', by(asAdmin, 'POST', '/users/owner/keys/tokens', {}), 403, 'create api_key owner 403'],
  ["ending an owner's keys", by(asAdmin, 'POST', '/users/owner/keys/expire-all'), 403, 'write api_key owner 403'],
  [
    'unknown roles of a member',
    by(asOwner, 'PUT', '/organizations/coder/members/member/roles', { roles: ['nope'] }),
    400,
    'write organization_member member 400',
  ],
  [
    'own roles in an organization',
    by(asOwner, 'PUT', '/organizations/coder/members/me/roles', { roles: [] }),
    400,
    'write organization_member owner 400',
  ],
  ['leaving', by(asMember, 'DELETE', '/organizations/coder/members/me'), 400, 'delete organization_member member 400'],
  [
    'an organization',
    by(asMember, 'PATCH', '/organizations/coder', { name: 'x' }),
    403,
    'write organization coder 403',
  ],
  ['the default organization', by(asOwner, 'DELETE', '/organizations/coder'), 400, 'delete organization coder 400'],
  [
    'notifications',
    by(asMember, 'PUT', '/notifications/settings', { notifier_paused: true }),
    403,
    'write notifications_settings  403',
  ],
  // Whoever may not see the target did not attempt anything on it.
  ['an unknown user', by(asOwner, 'PUT', '/users/nobody/status/suspend'), 404, undefined],
  ['a user whom the caller cannot see', by(asMember, 'PUT', '/users/owner/status/suspend'), 404, undefined],
  ['nobody', by(() => t.anonymous, 'PUT', '/users/owner/status/suspend'), 401, undefined],
  [
    'creating',
    by(asMember, 'POST', '/users', { username: 'x', email: 'x@y.example', password: OTHER }),
    400,
    undefined,
  ],
  ['what changes nothing', by(asMember, 'PUT', '/notifications/settings', '{'), 400, undefined],
];

test.each(CASES)('refused: %s', async (_, work, status, expected) => {
  const { answer, entries } = await added(work);
  expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
  expect(entries.map((e) => `${e.action} ${e.resource_type} ${e.resource_target} ${e.status_code}`)).toEqual(
    expected === undefined ? [] : [expected],
  );
  for (const entry of entries) {
    expect(entry).toMatchObject({ diff: {}, ip: '127.0.0.1', request_id: answer.headers['x-coder-request-id'] });
    expect(entry.description).toContain(`{user} unsuccessfully attempted to ${entry.action} `);
  }
  expect(JSON.stringify(entries)).not.toMatch(new RegExp(`${WRONG}|${OTHER}`));
});

describe('a flood of refusals', () => {
  const refusedBy = (client: TestClient) => client.put(`${V2}/users/me/status/suspend`);

  test('leaves ten entries of a kind a minute, and one that says how many more there were', async () => {
    const user = await aUser(t);
    t.clock.advance(2 * MINUTE - (t.clock.now() % MINUTE));
    for (let i = 0; i < 25; i++) expect((await refusedBy(user.client)).status).toBe(400);
    const entriesOf = async () => {
      await t.deps.refusals.settled();
      return t.db.select().from(auditLogs).where(eq(auditLogs.resourceId, user.id));
    };
    const during = (await entriesOf()).filter((row) => row.statusCode === 400);
    expect(during).toHaveLength(10);
    t.clock.advance(MINUTE);
    const refusals = (await entriesOf()).filter((row) => row.statusCode === 400);
    expect(refusals.map((row) => row.additionalFields).filter((f) => JSON.stringify(f) !== '{}')).toEqual([
      { repeated: 15 },
    ]);
    expect((await refusedBy(user.client)).status).toBe(400);
    const after = await entriesOf();
    expect(after.filter((row) => row.statusCode === 400)).toHaveLength(refusals.length + 1);
  });

  test('of ever new kinds is bounded as well, and the log says so', async () => {
    t.clock.advance(2 * MINUTE);
    const count = () => t.db.$count(auditLogs);
    const before = await count();
    const ctx = {
      ...t.deps,
      origin: { requestId: crypto.randomUUID(), ip: '::1', network: '::1', userAgent: '' },
      actor: undefined,
    };
    for (let i = 0; i < 3000; i++) {
      const resourceId = aName('flood');
      const about = { resourceType: 'user', resourceId, resourceTarget: 'x', userId: member.id } as const;
      t.deps.refusals.note(ctx, { action: 'write', ...about, status: 403, operation: 'x' });
    }
    await t.deps.refusals.settled();
    expect((await count()) - before).toBe(1000);
    lines.length = 0;
    t.clock.advance(MINUTE);
    await t.deps.refusals.settled();
    expect(lines).toMatchObject([{ level: 40, dropped: 2000 }]);
    expect((await count()) - before).toBe(1000);
  });
});

test('the answer does not wait for the log, and the log comes as soon as it can', async () => {
  const { url } = t.config.postgres;
  const before = (await read()).count;
  await withClient(url ?? '', async (client) => {
    await client.query('begin');
    await client.query('lock table audit_logs in access exclusive mode');
    expect((await member.client.put(`${V2}/users/me/status/suspend`)).status).toBe(400);
    await client.query('rollback');
  });
  expect((await read()).count).toBe(before + 1);
});
