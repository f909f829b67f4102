// How accounts sign in: their login type, the claims of a provider, and permits to convert them.
import { eq } from 'drizzle-orm';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { MINUTE, parseInstant, SECOND } from '../../src/clock.ts';
import type { Ctx } from '../../src/ctx.ts';
import { CONVERT_LOGIN_COOKIE, isConversionState, requirePermit } from '../../src/services/sso/convert.ts';
import { auditLogs, siteSettings, users } from '../../src/store/schema.ts';
import { userLinks } from '../../src/store/schema-credentials.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { TestClient } from '../support/client.ts';
import { aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
let auditor: TestUser;

beforeAll(async () => {
  t = await startApp();
  auditor = await aUser(t, { roles: ['auditor'] });
});

/** A user of an identity provider, as if the provider had been configured. */
async function oidcUser(): Promise<TestUser> {
  const user = await aUser(t, { login_type: 'none' });
  await t.db.update(users).set({ loginType: 'oidc' }).where(eq(users.id, user.id));
  return user;
}

describe('GET /users/{user}/login-type', () => {
  const path = (name: string) => `/api/v2/users/${name}/login-type`;

  test('is told to oneself, by any name of the path', async () => {
    const [person, bot] = [await aUser(t), await aUser(t, { login_type: 'none' })];
    for (const name of ['me', person.id, person.username.toUpperCase()]) {
      const answer = await person.client.get(path(name));
      expect([answer.status, answer.body]).toEqual([200, { login_type: 'password' }]);
    }
    expect((await bot.client.get(path('me'))).body).toEqual({ login_type: 'none' });
  });

  test('401 without a session, 403 for owners and auditors about others, 404 for members', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    expect((await t.anonymous.get(path('me'))).status).toBe(401);
    for (const client of [t.owner, auditor.client]) {
      const answer = await client.get(path(other.username));
      expect([answer.status, answer.body]).toEqual([
        403,
        { message: "You are not authorized to view this user's login type." },
      ]);
    }
    expect((await one.client.get(path(other.username))).status).toBe(404);
  });
});

describe('GET /users/oidc-claims', () => {
  const PATH = '/api/v2/users/oidc-claims';

  test('shows the merged claims of the last login and not their sources', async () => {
    const { id, client } = await oidcUser();
    const merged = { sub: 's-1', email: 'a@b.example', groups: ['x', { y: null }], age: 1.5, none: null };
    await t.db.insert(userLinks).values({
      userId: id,
      loginType: 'oidc',
      linkedId: 'https://issuer.example||s-1',
      claims: { id_token_claims: { sub: 's-1' }, user_info_claims: { groups: [] }, merged_claims: merged },
    });
    const answer = await client.get(PATH);
    expect([answer.status, answer.body]).toEqual([200, { claims: merged }]);
  });

  test('400 for accounts of other login types, even with a link', async () => {
    const { id, client } = await aUser(t);
    await t.db.insert(userLinks).values({ userId: id, loginType: 'oidc', claims: { merged_claims: { sub: 'x' } } });
    const answer = await client.get(PATH);
    expect([answer.status, answer.body]).toEqual([400, { message: 'User is not an OIDC user.' }]);
  });

  test('401 without a session', async () => {
    expect((await t.anonymous.get(PATH)).status).toBe(401);
  });

  test('404 for an OIDC user who never signed in', async () => {
    const { client } = await oidcUser();
    const answer = await client.get(PATH);
    expect(answer.status).toBe(404);
    expect(answer.body.message).toMatch(/not signed in/);
  });
});

const convertPath = (name: string) => `/api/v2/users/${name}/convert-login`;

/** The permit's cookie of an answer: its value and its attributes. */
function permitCookie(headers: Record<string, unknown>): { value: string; attributes: string } {
  const cookies = [headers['set-cookie']].flat().map(String);
  const [, value = '', attributes = ''] =
    cookies.map((text) => new RegExp(`^${CONVERT_LOGIN_COOKIE}=([^;]*); (.*)$`).exec(text)).find(Boolean) ?? [];
  return { value, attributes };
}

describe('POST /users/{user}/convert-login', () => {
  test('gives a state and a signed cookie for five minutes, and leaves the account as it is', async () => {
    const { id, client, email, password } = await aUser(t);
    const answer = await client.post(convertPath('me'), { to_type: 'oidc', password });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      state_string: expect.stringMatching(/^convert-[A-Za-z0-9]{32}$/),
      expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      to_type: 'oidc',
      user_id: id,
    });
    expect(isConversionState(answer.body.state_string)).toBe(true);
    const expires = parseInstant(answer.body.expires_at);
    const left = expires - t.clock.now();
    expect(left).toBeGreaterThan(5 * MINUTE - 10 * SECOND);
    expect(left).toBeLessThanOrEqual(5 * MINUTE);

    const { value, attributes } = permitCookie(answer.headers);
    expect(attributes).toBe(`Path=/; Expires=${new Date(expires / 1000).toUTCString()}; HttpOnly; SameSite=Lax`);
    const { rows } = await t.pool.query(`select value from site_settings where key = 'deployment_id'`);
    expect(decodeProtectedHeader(value).alg).toBe('HS512');
    expect(decodeJwt(value)).toEqual({
      iss: rows[0].value,
      sub: answer.body.state_string,
      state: answer.body.state_string,
      aud: id,
      user_id: id,
      exp: expires / SECOND,
      nbf: expires / SECOND - 301,
      iat: expires / SECOND - 300,
      jti: expect.any(String),
      from_login_type: 'password',
      to_login_type: 'oidc',
      password: expect.stringMatching(/^[\w-]{43}$/),
    });

    expect((await client.get('/api/v2/users/me/login-type')).body.login_type).toBe('password');
    expect((await t.anonymous.post('/api/v2/users/login', { email, password })).status).toBe(201);
  });

  test('the signing key is 64 random bytes, encrypted, and stays the same', async () => {
    const stored = () => t.db.select().from(siteSettings).where(eq(siteSettings.key, 'oauth_convert_signing_key'));
    const { client, password } = await aUser(t);
    await client.post(convertPath('me'), { to_type: 'oidc', password });
    const first = await stored();
    expect(first[0]?.value).toMatch(/^v1:/);
    expect(t.deps.secretBox.decryptBytes(first[0]?.value ?? '')).toHaveLength(64);
    await client.post(convertPath('me'), { to_type: 'github', password });
    expect(await stored()).toEqual(first);
  });

  test('whoever sees the user and knows the password may ask; a dormant user wakes', async () => {
    const { username, password } = await aUser(t, { user_status: 'dormant' });
    for (const client of [t.owner, auditor.client]) {
      expect((await client.post(convertPath(username), { to_type: 'github', password })).status).toBe(201);
    }
    expect((await t.owner.get(`/api/v2/users/${username}`)).body.status).toBe('active');
  });

  test.each([
    [{ to_type: 'none', password: 'wrong' }, 'Cannot convert to login type "none".'],
    [{ to_type: 'password', password: 'x' }, 'Cannot convert to login type "password".'],
    [{ to_type: 'token', password: 'x' }, 'Cannot convert to login type "token".'],
    [{ to_type: 'OIDC', password: 'x' }, 'Unknown login type "OIDC".'],
    [{}, 'Validation failed.'],
    ['', 'Request body must be valid JSON.'],
  ])('400 for %j, without a cookie', async (body, message) => {
    const { client } = await aUser(t);
    const answer = await client.post(convertPath('me'), body);
    expect([answer.status, answer.body.message]).toEqual([400, message]);
    expect(permitCookie(answer.headers).value).toBe('');
  });

  test('401 for a wrong password, an account without one, a suspended user, and without a session', async () => {
    const [person, bot, suspended] = [await aUser(t), await aUser(t, { login_type: 'none' }), await aUser(t)];
    await t.owner.put(`/api/v2/users/${suspended.username}/status/suspend`);
    const ask = (name: string, password: string) => t.owner.post(convertPath(name), { to_type: 'oidc', password });
    for (const [name, password, message] of [
      [person.username, 'wrong', 'Incorrect email or password.'],
      [bot.username, person.password, 'Incorrect email or password.'],
      [
        suspended.username,
        suspended.password,
        'Your account is suspended. Contact an admin to reactivate your account.',
      ],
    ] as const) {
      const answer = await ask(name, password);
      expect([answer.status, answer.body.message]).toEqual([401, message]);
      expect(permitCookie(answer.headers).value).toBe('');
    }
    expect((await t.anonymous.post(convertPath('me'), { to_type: 'oidc', password: 'x' })).status).toBe(401);
  });

  test("403 for an owner's account unless the caller is one, whatever the password", async () => {
    const owner = await aUser(t, { roles: ['owner'] });
    for (const password of [owner.password, 'wrong']) {
      expect((await auditor.client.post(convertPath(owner.username), { to_type: 'oidc', password })).status).toBe(403);
    }
    const own = await owner.client.post(convertPath('me'), { to_type: 'oidc', password: owner.password });
    expect(own.status).toBe(201);
  });

  test('403 for the right password while passwords are off, 401 for a wrong one', async () => {
    const { token, password } = await aUser(t);
    const passwords = { ...t.config.passwords, authDisabled: true };
    const app = await buildApp({ ...t.deps, config: { ...t.config, passwords }, pool: t.pool, strictResponses: true });
    const client = new TestClient(app, { 'coder-session-token': token });
    const refused = await client.post(convertPath('me'), { to_type: 'oidc', password });
    const wrong = await client.post(convertPath('me'), { to_type: 'oidc', password: 'wrong' });
    await app.close();
    expect([refused.status, refused.body]).toEqual([403, { message: 'Password authentication is disabled.' }]);
    expect(wrong.status).toBe(401);
  });

  test('404 for a member about somebody else', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    const answer = await one.client.post(convertPath(other.username), { to_type: 'oidc', password: other.password });
    expect(answer.status).toBe(404);
  });

  test('a permit is in the audit log, a refusal is not', async () => {
    const { client, id, password } = await aUser(t);
    const entries = async () =>
      (await t.db.select().from(auditLogs).where(eq(auditLogs.resourceId, id))).filter(
        ({ resourceType }) => resourceType === 'convert_login',
      );
    await client.post(convertPath('me'), { to_type: 'oidc', password: 'wrong' });
    expect(await entries()).toEqual([]);
    await client.post(convertPath('me'), { to_type: 'oidc', password });
    expect(await entries()).toMatchObject([{ userId: id, action: 'create', statusCode: 201 }]);
  });
});

describe('a permit at the return from the provider', () => {
  const ctx = (): Ctx => ({
    ...t.deps,
    origin: { requestId: crypto.randomUUID(), ip: '127.0.0.1', network: '127.0.0.1', userAgent: 'test' },
    actor: undefined,
  });

  /** A user's permit to become an OIDC user, with the arguments under which it holds. */
  async function aPermit() {
    const user = await aUser(t);
    const answer = await user.client.post(convertPath('me'), { to_type: 'oidc', password: user.password });
    return {
      jwt: permitCookie(answer.headers).value,
      state: String(answer.body.state_string),
      user: { id: user.id, loginType: 'password' },
      toType: 'oidc' as const,
    };
  }

  /** The permit of another set of claims under a key, signed as permits are. */
  async function forged(jwt: string, changes: Record<string, unknown>, key?: Uint8Array): Promise<string> {
    const { rows } = await t.pool.query(`select value from site_settings where key = 'oauth_convert_signing_key'`);
    const signingKey = key ?? t.deps.secretBox.decryptBytes(rows[0].value);
    return new SignJWT({ ...decodeJwt(jwt), ...changes }).setProtectedHeader({ alg: 'HS512' }).sign(signingKey);
  }

  const INVALID =
    'Using an invalid jwt to authorize this action. Ensure there is only 1 coder deployment and try again.';
  const MISMATCH = 'Request to convert login type from password to oidc failed';

  test('holds for its state, account and provider, once more until the account has changed', async () => {
    const permit = await aPermit();
    await expect(requirePermit(ctx(), permit)).resolves.toEqual({ keepTokens: false });
    const converted = { ...permit, user: { ...permit.user, loginType: 'oidc' } };
    const message = 'Request to convert login type from oidc to oidc failed';
    await expect(requirePermit(ctx(), converted)).rejects.toMatchObject({ status: 403, message });
  });

  test.each([undefined, ''])('400 without the cookie (%j)', async (jwt) => {
    await expect(requirePermit(ctx(), { ...(await aPermit()), jwt })).rejects.toMatchObject({
      status: 400,
      message: 'Convert to oauth cookie not found. Missing signed jwt to authorize this action. Please try again.',
    });
  });

  test('400 for what was not signed with the key of this deployment', async () => {
    const permit = await aPermit();
    const [header, payload] = permit.jwt.split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    const hs256 = await new SignJWT(decodeJwt(permit.jwt)).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(64));
    for (const jwt of [
      'no jwt at all',
      'eyJhbGciOiJIUzUxMiIsImtpZCI6Ijk5OSJ9.e30.AAAA',
      `${header}.${payload}.AAAA`,
      unsigned,
      hs256,
      await forged(permit.jwt, {}, Buffer.alloc(64)),
      await forged(permit.jwt, { exp: undefined }),
    ]) {
      await expect(requirePermit(ctx(), { ...permit, jwt })).rejects.toMatchObject({ status: 400, message: INVALID });
    }
  });

  test('403 with different words for another deployment, another state, and another account or provider', async () => {
    const permit = await aPermit();
    const another = { ...permit, user: { ...permit.user, id: crypto.randomUUID() } };
    for (const [attempt, message] of [
      [{ ...permit, jwt: await forged(permit.jwt, { iss: crypto.randomUUID() }) }, /Issuer mismatch\./],
      [{ ...permit, state: `convert-${'A'.repeat(32)}` }, /^Request to convert login type failed\. State mismatch\.$/],
      [another, new RegExp(`^${MISMATCH}$`)],
      [{ ...permit, toType: 'github' as const }, /^Request to convert login type from password to github failed$/],
      [{ ...permit, jwt: await forged(permit.jwt, { to_login_type: 'github' }) }, new RegExp(`^${MISMATCH}$`)],
    ] as const) {
      await expect(requirePermit(ctx(), attempt)).rejects.toMatchObject({
        status: 403,
        message: expect.stringMatching(message),
      });
    }
  });

  test('403 five minutes later', async () => {
    const permit = await aPermit();
    t.clock.advance(5 * MINUTE - 20 * SECOND);
    await expect(requirePermit(ctx(), permit)).resolves.toEqual({ keepTokens: false });
    t.clock.advance(21 * SECOND);
    await expect(requirePermit(ctx(), permit)).rejects.toMatchObject({
      status: 403,
      message: expect.stringMatching(/expired/),
    });
  });
});
