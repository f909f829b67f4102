// Signing in and out by password, and the ways to sign in: what each operation answers, and what a refusal leaves behind.
import { beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { Browser, writtenRows } from '../support/browser.ts';
import { aUser } from '../support/factories.ts';

const LOGIN = '/api/v2/users/login';
const WRONG = { message: 'Incorrect email or password.' };

let t: TestApp;
beforeAll(async () => {
  t = await startApp();
});

const logIn = (email: string, password: string, app = t) => app.anonymous.post(LOGIN, { email, password });

describe('POST /users/login', () => {
  it('gives a session by body and by cookie, which works at once and beside earlier ones', async () => {
    const user = await aUser(t);
    const first = await logIn(user.email, user.password);
    expect([first.status, Object.keys(first.body)]).toEqual([201, ['session_token']]);
    const cookies = [first.headers['set-cookie']].flat().map(String);
    expect(cookies).toContainEqual(
      `coder_session_token=${first.body.session_token}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax`,
    );
    const second = await logIn(user.email.toUpperCase(), user.password);
    for (const { body } of [first, second])
      expect((await t.as(body.session_token).get('/api/v2/users/me')).body.id).toBe(user.id);
    expect(second.body.session_token).not.toBe(first.body.session_token);
  });

  it.each([
    [{}, 'Validation failed.'],
    [{ email: 'a@b.test' }, 'Validation failed.'],
    [{ email: 'no address', password: 'x' }, 'Validation failed.'],
    ['', 'Request body must be valid JSON.'],
    [{ email: 5, password: 'x' }, 'Request body must be valid JSON.'],
  ])('400 for %j', async (body, message) => {
    const before = await writtenRows(t);
    const answer = await t.anonymous.post(LOGIN, body);
    expect([answer.status, answer.body.message]).toEqual([400, message]);
    expect(String(answer.headers['set-cookie'])).not.toContain('coder_session_token');
    expect(await writtenRows(t)).toEqual(before);
  });

  it('401 alike for a wrong password, nobody, no password at all, and a deleted user: no session is made', async () => {
    const [user, bot, gone] = [await aUser(t), await aUser(t, { login_type: 'none' }), await aUser(t)];
    await t.owner.delete(`/api/v2/users/${gone.username}`);
    const before = (await writtenRows(t)).keys;
    for (const [email, password] of [
      [user.email, 'wrong'],
      ['nobody@example.com', PASSWORD],
      [bot.email, PASSWORD],
      [gone.email, gone.password],
    ] as const) {
      const answer = await logIn(email, password);
      expect([answer.status, answer.body]).toEqual([401, WRONG]);
    }
    expect((await writtenRows(t)).keys).toBe(before);
    expect((await logIn(user.email, user.password)).status).toBe(201);
  });

  it('wakes a dormant user and keeps a suspended one out', async () => {
    const dormant = await aUser(t, { user_status: 'dormant' });
    expect((await logIn(dormant.email, dormant.password)).status).toBe(201);
    expect((await t.owner.get(`/api/v2/users/${dormant.username}`)).body.status).toBe('active');
    await t.owner.put(`/api/v2/users/${dormant.username}/status/suspend`);
    const before = (await writtenRows(t)).keys;
    const answer = await logIn(dormant.email, dormant.password);
    expect([answer.status, answer.body.message]).toEqual([
      401,
      'Your account is suspended. Contact an admin to reactivate your account.',
    ]);
    expect((await writtenRows(t)).keys).toBe(before);
  });

  it('403 for the right password alone while passwords are off', async () => {
    const user = await aUser(t);
    const off = await startApp({ env: { CODER_DISABLE_PASSWORD_AUTH: 'true' }, url: t.config.postgres.url ?? '' });
    const before = (await writtenRows(t)).keys;
    expect((await logIn(user.email, user.password, off)).body.message).toBe('Password authentication is disabled.');
    expect((await logIn(user.email, 'wrong', off)).body).toEqual(WRONG);
    expect((await writtenRows(t)).keys).toBe(before);
  });
});

describe('POST /users/logout', () => {
  it('ends the session in use alone, and takes it from the browser', async () => {
    const user = await aUser(t);
    const [one, other] = [await logIn(user.email, user.password), await logIn(user.email, user.password)];
    const answer = await t.as(one.body.session_token).post('/api/v2/users/logout');
    expect([answer.status, answer.body]).toEqual([200, { message: 'Logged out!' }]);
    expect(String(answer.headers['set-cookie'])).toContain('coder_session_token=; Path=/; Max-Age=0');
    const gone = await t.as(one.body.session_token).get('/api/v2/users/me');
    expect([gone.status, gone.body.detail]).toEqual([401, 'API key is invalid.']);
    for (const token of [other.body.session_token, user.token])
      expect((await t.as(token).get('/api/v2/users/me')).status).toBe(200);
  });

  it('401 without a session, and for one that has ended', async () => {
    const user = await aUser(t);
    const { session_token } = (await logIn(user.email, user.password)).body;
    await t.as(session_token).post('/api/v2/users/logout');
    expect((await t.as(session_token).post('/api/v2/users/logout')).status).toBe(401);
    expect((await t.anonymous.post('/api/v2/users/logout')).status).toBe(401);
    expect((await new Browser(t, { coder_session_token: session_token }).get('/api/v2/users/me')).status).toBe(401);
  });
});

describe('the first user', () => {
  const FIRST = '/api/v2/users/first';
  const someone = { email: 'first@example.com', username: 'first-one', password: PASSWORD };

  it('is an owner and a member of the default organization, and there is one only', async () => {
    const app = await startApp({ empty: true });
    expect((await app.anonymous.get(FIRST)).status).toBe(404);
    const made = await app.anonymous.post(FIRST, someone);
    expect([made.status, Object.keys(made.body).sort()]).toEqual([201, ['organization_id', 'user_id']]);
    const { session_token } = (await logIn(someone.email, PASSWORD, app)).body;
    expect((await app.as(session_token).get('/api/v2/users/me')).body).toMatchObject({
      id: made.body.user_id,
      roles: [{ name: 'owner' }],
      organization_ids: [made.body.organization_id],
    });
    expect((await app.anonymous.get(FIRST)).status).toBe(200);
    const again = await app.anonymous.post(FIRST, { ...someone, email: 'b@example.com', username: 'second' });
    expect([again.status, again.body.message]).toEqual([409, 'The initial user has already been created.']);
    expect((await writtenRows(app)).users).toBe(1);
  });

  it.each([{ password: 'short' }, { username: 'me' }, { email: 'none' }])('400 for %j: nobody is made', async (bad) => {
    const app = await startApp({ empty: true });
    expect((await app.anonymous.post(FIRST, { ...someone, ...bad })).status).toBe(400);
    expect((await writtenRows(app)).users).toBe(0);
    expect((await app.anonymous.get(FIRST)).status).toBe(404);
  });
});

describe('GET /users/authmethods', () => {
  it('says which ways are on, to anybody', async () => {
    expect((await t.anonymous.get('/api/v2/users/authmethods')).body).toEqual({
      password: { enabled: true },
      github: { enabled: false, default_provider_configured: false },
      oidc: { enabled: false, signInText: '', iconUrl: '' },
    });
    const env = {
      CODER_DISABLE_PASSWORD_AUTH: 'true',
      CODER_OIDC_ISSUER_URL: 'http://127.0.0.1:9',
      CODER_OIDC_CLIENT_ID: 'app',
      CODER_OIDC_SIGN_IN_TEXT: 'Corp',
      CODER_OIDC_ICON_URL: '/icon.svg',
      CODER_OAUTH2_GITHUB_CLIENT_ID: 'app',
      CODER_OAUTH2_GITHUB_ALLOW_EVERYONE: 'true',
    };
    const app = await startApp({ env, url: t.config.postgres.url ?? '' });
    expect((await app.anonymous.get('/api/v2/users/authmethods')).body).toEqual({
      password: { enabled: false },
      github: { enabled: true, default_provider_configured: false },
      oidc: { enabled: true, signInText: 'Corp', iconUrl: '/icon.svg' },
    });
  });
});
