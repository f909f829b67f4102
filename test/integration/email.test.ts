// Changing e-mail addresses: who may, and who is told. One's own address is proven: test/hardening, rule 31.
import { desc, eq } from 'drizzle-orm';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseInstant } from '../../src/clock.ts';
import { auditLogs, users } from '../../src/store/schema.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
let userAdmin: TestUser;
beforeAll(async () => {
  t = await startApp();
  userAdmin = await aUser(t, { roles: ['user-admin'] });
});
beforeEach(() => {
  t.mails.length = 0;
});

const path = (user: string) => `/api/v2/users/${user}/email`;
const anAddress = () => `${aName('mail')}@example.org`;
const login = (email: string) => t.anonymous.post('/api/v2/users/login', { email, password: PASSWORD });
const addressOf = async ({ id }: { id: string }) => (await t.owner.get(`/api/v2/users/${id}`)).body.email;

describe('PUT /users/{user}/email', () => {
  test("somebody's address changes at once, and the next login takes the new one", async () => {
    const user = await aUser(t);
    const { body: before } = await user.client.get('/api/v2/users/me');
    t.clock.advance(5_000_000);
    const email = anAddress();
    const answer = await t.owner.put(path(user.id), { email });
    expect([answer.status, answer.body]).toEqual([200, { ...before, email, updated_at: answer.body.updated_at }]);
    expect(parseInstant(answer.body.updated_at)).toBeGreaterThan(parseInstant(before.updated_at));
    expect((await login(user.email)).status).toBe(401);
    expect((await login(email)).status).toBe(201);
  });

  test('the old address is told, once', async () => {
    const user = await aUser(t, { name: 'Ada' });
    const email = anAddress();
    await t.owner.put(path(user.id), { email });
    expect(t.mails).toHaveLength(1);
    expect(t.mails[0]).toMatchObject({
      to: user.email,
      subject: 'The e-mail address of your Coder account has changed',
    });
    expect(t.mails[0]?.text).toContain(`Hi Ada, the address of your account at ${t.config.accessUrl} is now ${email}`);
  });

  test('letter case alone may change; the same address again changes and tells nothing', async () => {
    const user = await aUser(t);
    const email = user.email.toUpperCase();
    expect((await t.owner.put(path(user.id), { email })).body.email).toBe(email);
    t.mails.length = 0;
    t.clock.advance(5_000_000);
    const { body: before } = await t.owner.get(`/api/v2/users/${user.id}`);
    const answer = await t.owner.put(path(user.id), { email });
    expect([answer.status, answer.body.updated_at]).toEqual([200, before.updated_at]);
    expect(t.mails).toEqual([]);
  });

  test.each([undefined, '', 'wrong'])("one's own address stays with the password %j", async (password) => {
    for (const user of [await aUser(t), await aUser(t, { roles: ['owner'] })]) {
      const answer = await user.client.put(path('me'), { email: anAddress(), password });
      expect([answer.status, answer.body.validations[0].field]).toEqual([400, 'password']);
      expect(await addressOf(user)).toBe(user.email);
    }
    expect(t.mails).toEqual([]);
  });

  test.each(['', 'x', 'a@b', 'Ada <ada@example.org>', 'ada@example.org '])('%j is no address', async (email) => {
    const user = await aUser(t);
    const answer = await t.owner.put(path(user.username), { email });
    expect([answer.status, answer.body.message, answer.body.validations[0].field]).toEqual([
      400,
      'Validation failed.',
      'email',
    ]);
  });

  test('an owner and a user administrator set addresses of members without a password', async () => {
    for (const client of [t.owner, userAdmin.client]) {
      const user = await aUser(t);
      const email = anAddress();
      expect((await client.put(path(user.username), { email })).status).toBe(200);
      expect(await addressOf(user)).toBe(email);
      expect(t.mails.at(-1)?.to).toBe(user.email);
    }
  });

  test("an owner's address is set by owners alone", async () => {
    const owner = await aUser(t, { roles: ['owner'] });
    const answer = await userAdmin.client.put(path(owner.username), { email: anAddress() });
    expect([answer.status, answer.body.message]).toEqual([403, 'Forbidden.']);
    expect(await addressOf(owner)).toBe(owner.email);
    expect((await t.owner.put(path(owner.username), { email: anAddress() })).status).toBe(200);
  });

  test('readers of users may not set addresses; members do not even see the user', async () => {
    const user = await aUser(t);
    for (const [roles, status] of [
      [['auditor'], 403],
      [['template-admin'], 403],
      [[], 404],
    ] as const) {
      const caller = await aUser(t, { roles });
      expect((await caller.client.put(path(user.username), { email: anAddress() })).status).toBe(status);
    }
    expect(await addressOf(user)).toBe(user.email);
  });

  test("a limited key sets nobody else's address, whatever its user may do", async () => {
    const user = await aUser(t);
    const token = await t.owner.post('/api/v2/users/me/keys/tokens', { scopes: ['user:*'] });
    const client = t.as(token.body.key);
    expect((await client.get(`/api/v2/users/${user.id}`)).status).toBe(200);
    expect((await client.put(path(user.username), { email: anAddress() })).status).toBe(403);
    expect(await addressOf(user)).toBe(user.email);
  });

  test('a service account has no address to change, and whoever signs in elsewhere cannot prove a password', async () => {
    const service = await aUser(t, { service_account: true, login_type: 'none' });
    expect((await t.owner.put(path(service.username), { email: anAddress() })).status).toBe(400);
    expect((await t.owner.put(path('prebuilds'), { email: anAddress() })).status).toBe(400);
    const external = await aUser(t, { login_type: 'github' });
    await t.db.update(users).set({ loginType: 'none' }).where(eq(users.id, external.id));
    expect((await external.client.put(path('me'), { email: anAddress(), password: PASSWORD })).status).toBe(400);
    expect((await t.owner.put(path(external.username), { email: anAddress() })).status).toBe(200);
  });

  test('a taken address is a conflict, in any letter case; that of a deleted user is free', async () => {
    const [user, other] = [await aUser(t), await aUser(t)];
    const email = other.email.toUpperCase();
    const answer = await t.owner.put(path(user.id), { email });
    expect([answer.status, answer.body.validations[0].field]).toEqual([409, 'email']);
    expect(t.mails).toEqual([]);
    await t.owner.delete(`/api/v2/users/${other.id}`);
    expect((await t.owner.put(path(user.id), { email })).status).toBe(200);
  });

  test('of several who want one address at once exactly one gets it', async () => {
    const email = anAddress();
    const wanting = [await aUser(t), await aUser(t), await aUser(t)];
    const answers = await Promise.all(wanting.map((user) => t.owner.put(path(user.username), { email })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(t.mails).toHaveLength(1);
  });

  test('a deleted user keeps its address', async () => {
    const user = await aUser(t);
    await t.owner.delete(`/api/v2/users/${user.id}`);
    expect((await t.owner.put(path(user.id), { email: anAddress() })).status).toBe(404);
  });

  test('a one-time passcode that was mailed to the old address is void', async () => {
    const user = await aUser(t);
    await t.anonymous.post('/api/v2/users/otp/request', { email: user.email });
    const passcode = /otp=([0-9a-f-]+)/.exec(t.mails[0]?.text ?? '')?.[1];
    const email = anAddress();
    await t.owner.put(path(user.username), { email });
    const answer = await t.anonymous.post('/api/v2/users/otp/change-password', {
      email,
      one_time_passcode: passcode,
      password: 'AnotherSecurePassword!',
    });
    expect([answer.status, answer.body.message]).toEqual([400, 'Incorrect email or one-time passcode.']);
  });

  test('the audit log says what changed', async () => {
    const user = await aUser(t);
    const email = anAddress();
    await userAdmin.client.put(path(user.username), { email });
    const [entry] = await t.db
      .select()
      .from(auditLogs)
      .where(eq(auditLogs.resourceId, user.id))
      .orderBy(desc(auditLogs.time))
      .limit(1);
    expect(entry).toMatchObject({ action: 'write', resourceType: 'user', userId: userAdmin.id });
    expect(entry?.diff).toEqual({ email: { old: user.email, new: email, secret: false } });
  });
});

test('passwords cannot be guessed here without end', async () => {
  const limited = await startApp({ env: { CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'false' } });
  const answer = await limited.owner.put(path('me'), {});
  expect([answer.status, answer.headers['x-ratelimit-limit']]).toEqual([400, '60']);
});
