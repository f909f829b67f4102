// Which operation writes which entries into the audit log, and that none is written for what did not happen.
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { auditLogs } from '../../src/store/schema.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import type { Answer } from '../support/client.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';

const V2 = '/api/v2';
const SKILLS = '/api/experimental/users/me/skills';
const skill = (body: string) => ({ content: `---\nname: n\n---\n${body}` });

let t: TestApp;
let mel: TestUser;
beforeAll(async () => {
  t = await startApp();
  mel = await aUser(t, { username: 'mel' });
});

/** What an operation added to the log, as "action resource target status"; refusals are rule 32's (test/hardening). */
async function entriesOf(work: () => Promise<Answer>): Promise<{ status: number; entries: string[] }> {
  const known = (await t.db.select({ id: auditLogs.id }).from(auditLogs)).map(({ id }) => id);
  const { status } = await work();
  const rows = await t.db
    .select()
    .from(auditLogs)
    .where(sql`not (${auditLogs.id} = any(${sql.param(known)}::uuid[])) and ${auditLogs.statusCode} < 400`);
  return {
    status,
    entries: rows
      .map((row) => `${row.action} ${row.resourceType} ${row.resourceTarget.split(' ', 1)[0]} ${row.statusCode}`)
      .sort(),
  };
}

/** Operations in order, each working on what those before it left. */
const OPERATIONS: [name: string, work: () => Promise<Answer>, status: number, entries: string[]][] = [
  [
    'creating a user',
    () =>
      t.owner.post(`${V2}/users`, {
        username: 'bob',
        email: 'bob@example.com',
        password: PASSWORD,
        organization_ids: [t.organizationId],
      }),
    201,
    ['create user bob 201'],
  ],
  [
    'the first login, which wakes the user',
    () => t.anonymous.post(`${V2}/users/login`, { email: 'bob@example.com', password: PASSWORD }),
    201,
    ['login api_key  201', 'write user bob 200'],
  ],
  [
    'another login',
    () => t.anonymous.post(`${V2}/users/login`, { email: 'bob@example.com', password: PASSWORD }),
    201,
    ['login api_key  201'],
  ],
  [
    'logging out',
    async () => (await loggedIn()).post(`${V2}/users/logout`),
    200,
    ['login api_key  201', 'logout api_key  200'],
  ],
  [
    'a profile',
    () => t.owner.put(`${V2}/users/bob/profile`, { username: 'bob', name: 'Bob' }),
    200,
    ['write user bob 200'],
  ],
  [
    'an address',
    () => t.owner.put(`${V2}/users/bob/email`, { email: 'bob2@example.com' }),
    200,
    ['write user bob 200'],
  ],
  ['a status', () => t.owner.put(`${V2}/users/bob/status/suspend`), 200, ['write user bob 200']],
  ['site roles', () => t.owner.put(`${V2}/users/bob/roles`, { roles: ['auditor'] }), 200, ['write user bob 200']],
  [
    'roles in an organization',
    () => t.owner.put(`${V2}/organizations/coder/members/bob/roles`, { roles: ['organization-auditor'] }),
    200,
    ['write organization_member bob 200'],
  ],
  [
    'a password',
    () => t.owner.put(`${V2}/users/bob/password`, { password: 'AnotherSecurePassword!' }),
    204,
    ['write user bob 204'],
  ],
  [
    'asking for a one-time passcode',
    () => t.anonymous.post(`${V2}/users/otp/request`, { email: 'bob2@example.com' }),
    204,
    ['request_password_reset user bob 204'],
  ],
  [
    'a password by passcode',
    () =>
      t.anonymous.post(`${V2}/users/otp/change-password`, {
        email: 'bob2@example.com',
        one_time_passcode: /otp=([0-9a-f-]+)/.exec(t.mails.at(-1)?.text ?? '')?.[1],
        password: 'YetAnotherSecurePassword!',
      }),
    204,
    ['write user bob 204'],
  ],
  ['a session key', () => t.owner.post(`${V2}/users/mel/keys`), 201, ['create api_key  201']],
  [
    'a token',
    () => mel.client.post(`${V2}/users/me/keys/tokens`, { token_name: 'ci' }),
    201,
    ['create api_key ci 201'],
  ],
  [
    'expiring a token',
    async () => mel.client.put(`${V2}/users/me/keys/${await tokenId()}/expire`),
    204,
    ['write api_key ci 204'],
  ],
  [
    'deleting a token',
    async () => mel.client.delete(`${V2}/users/me/keys/${await tokenId()}`),
    204,
    ['delete api_key ci 204'],
  ],
  [
    'a secret',
    () => mel.client.post(`${V2}/users/me/secrets`, { name: 's', value: 'v' }),
    201,
    ['create user_secret s 201'],
  ],
  [
    'changing a secret',
    () => mel.client.patch(`${V2}/users/me/secrets/s`, { value: 'w' }),
    200,
    ['write user_secret s 200'],
  ],
  ['deleting a secret', () => mel.client.delete(`${V2}/users/me/secrets/s`), 204, ['delete user_secret s 204']],
  ['a skill', () => mel.client.post(SKILLS, skill('a')), 201, ['create user_skill n 201']],
  ['replacing a skill', () => mel.client.patch(`${SKILLS}/n`, skill('b')), 200, ['write user_skill n 200']],
  ['deleting a skill', () => mel.client.delete(`${SKILLS}/n`), 204, ['delete user_skill n 204']],
  ['a new SSH key', () => mel.client.put(`${V2}/users/me/gitsshkey`), 200, ['write git_ssh_key ssh-ed25519 200']],
  [
    'appearance',
    () => mel.client.put(`${V2}/users/me/appearance`, { theme_preference: 'dark', terminal_font: 'fira-code' }),
    200,
    [],
  ],
  [
    'an organization',
    () => t.owner.post(`${V2}/organizations`, { name: 'labs' }),
    201,
    ['create organization labs 201', 'create organization_member owner 201'],
  ],
  [
    'changing an organization',
    () => t.owner.patch(`${V2}/organizations/labs`, { icon: '/x.png' }),
    200,
    ['write organization labs 200'],
  ],
  ['a member', () => t.owner.post(`${V2}/organizations/labs/members/mel`), 200, ['create organization_member mel 200']],
  [
    'removing a member',
    () => t.owner.delete(`${V2}/organizations/labs/members/mel`),
    204,
    ['delete organization_member mel 204'],
  ],
  ['deleting an organization', () => t.owner.delete(`${V2}/organizations/labs`), 200, ['delete organization labs 200']],
  [
    'the notification settings',
    () => t.owner.put(`${V2}/notifications/settings`, { notifier_paused: true }),
    200,
    ['write notifications_settings  200'],
  ],
  [
    'permitting to convert a login',
    () => mel.client.post(`${V2}/users/me/convert-login`, { to_type: 'oidc', password: PASSWORD }),
    201,
    ['create convert_login oidc 201'],
  ],
  ['deleting a user', () => t.owner.delete(`${V2}/users/bob`), 200, ['delete user bob 200']],
];

const loggedIn = async () => {
  const { body } = await t.anonymous.post(`${V2}/users/login`, { email: 'bob@example.com', password: PASSWORD });
  return t.as(body.session_token);
};
const tokenId = async () => (await mel.client.get(`${V2}/users/me/keys/tokens/ci`)).body.id;

describe('what is written', () => {
  test.each(OPERATIONS)('%s', async (_, work, status, entries) => {
    expect(await entriesOf(work)).toEqual({ status, entries });
  });
});

/** Refused or without effect: the log stays as it is. */
const NOTHING: [name: string, work: () => Promise<Answer>, status: number][] = [
  ['reading', () => t.owner.get(`${V2}/users`), 200],
  ['a wrong password', () => t.anonymous.post(`${V2}/users/login`, { email: mel.email, password: 'x' }), 401],
  [
    'a passcode for an unknown address',
    () => t.anonymous.post(`${V2}/users/otp/request`, { email: 'x@example.com' }),
    204,
  ],
  [
    'a taken name',
    () =>
      t.owner.post(`${V2}/users`, {
        username: 'mel',
        email: 'x@example.com',
        password: PASSWORD,
        organization_ids: [t.organizationId],
      }),
    409,
  ],
  ['a taken address', () => t.owner.put(`${V2}/users/mel/email`, { email: 'owner@example.com' }), 409],
  [
    'an address that is to be proven',
    () => mel.client.put(`${V2}/users/me/email`, { email: 'new@example.com', password: PASSWORD }),
    202,
  ],
  ['the same address', () => mel.client.put(`${V2}/users/me/email`, { email: mel.email, password: PASSWORD }), 200],
  ['demoting the last owner', () => t.owner.put(`${V2}/users/${t.ownerId}/roles`, { roles: [] }), 400],
  [
    'a secret over the limit',
    () => mel.client.post(`${V2}/users/me/secrets`, { name: 's', value: 'x'.repeat(24_577) }),
    400,
  ],
  ['a missing secret', () => mel.client.delete(`${V2}/users/me/secrets/${aName()}`), 404],
  ['a missing skill', () => mel.client.patch(`${SKILLS}/n`, skill('a')), 404],
  ['a forbidden secret', () => t.owner.post(`${V2}/users/mel/secrets`, { name: 's', value: 'v' }), 403],
];

describe('what is not written', () => {
  test.each(NOTHING)('%s', async (_, work, status) => {
    expect(await entriesOf(work)).toEqual({ status, entries: [] });
  });
});

test('every entry says who, when, from where and by which request', async () => {
  const answer = await mel.client.send('PUT', `${V2}/users/me/gitsshkey`, undefined, { 'user-agent': 'tester/1' });
  const [entry] = await t.db
    .select()
    .from(auditLogs)
    .where(sql`${auditLogs.requestId}::text = ${answer.headers['x-coder-request-id']}`);
  expect(entry).toMatchObject({ userId: mel.id, ip: '127.0.0.1', userAgent: 'tester/1', organizationId: null });
});

test('no entry holds a password, a key or the hash of one', async () => {
  const text = JSON.stringify(await t.db.select().from(auditLogs));
  expect(text).toContain('hashed_password');
  expect(text).not.toMatch(/SecurePassword|\$argon2|\$pbkdf2|PRIVATE KEY|[0-9A-Za-z]{10}-[0-9A-Za-z]{22}/);
});
