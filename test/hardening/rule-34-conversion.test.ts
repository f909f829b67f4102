// Rule 34: a conversion of the login type ends what the old one could do, on every way that a conversion can take.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn } from '../support/browser.ts';
import { aUser, type TestUser } from '../support/factories.ts';
import { type Github, startGithub } from '../support/github.ts';
import { type OidcProvider, startOidcProvider } from '../support/oidc-provider.ts';

let t: TestApp;
let oidc: OidcProvider;
let github: Github;

beforeAll(async () => {
  oidc = await startOidcProvider({ accounts: {} });
  github = await startGithub({});
  t = await startApp({ env: { ...oidc.env, ...github.env } });
});

afterAll(async () => {
  await Promise.all([oidc.close(), github.close()]);
});

const WAYS = {
  oidc: { callback: '/api/v2/users/oidc/callback', provider: () => oidc },
  github: { callback: '/api/v2/users/oauth2/github/callback', provider: () => github },
} as const;
type Target = keyof typeof WAYS;

let ids = 100;

/** Somebody with everything that a password can open: sessions, a key, and a named token that a session made. */
async function aPerson() {
  const user = await aUser(t);
  ids += 1;
  oidc.accounts[user.username] = {
    sub: user.username,
    claims: { email: user.email, email_verified: true, preferred_username: user.username },
  };
  github.accounts[user.username] = {
    id: ids,
    login: user.username,
    emails: [{ email: user.email, primary: true, verified: true }],
  };
  const logInAgain = async () =>
    String(
      (await t.anonymous.post('/api/v2/users/login', { email: user.email, password: user.password })).body
        .session_token,
    );
  const [session, other] = [await logInAgain(), await logInAgain()];
  const key = String((await t.as(session).post('/api/v2/users/me/keys')).body.key);
  const named = String((await t.as(session).post('/api/v2/users/me/keys/tokens', { token_name: 'mine' })).body.key);
  return { user, session, opened: { session, other, key, byOwner: user.token }, named };
}

/** Asks for a conversion and finishes it in a browser that holds these cookies besides the permit. */
async function convert(
  user: TestUser,
  { as, to, query = '', cookies = {} }: { as: string; to: Target; query?: string; cookies?: Record<string, string> },
) {
  const permit = await t
    .as(as)
    .post(`/api/v2/users/${user.username}/convert-login${query}`, { to_type: to, password: user.password });
  expect(permit.status).toBe(201);
  const jwt = /coder_oauth_convert_jwt=([^;]+)/.exec(String(permit.headers['set-cookie']))?.[1] ?? '';
  const browser = new Browser(t, { ...cookies, coder_oauth_convert_jwt: jwt });
  const { callback, provider } = WAYS[to];
  const path = `${callback}?oidc_merge_state=${permit.body.state_string}`;
  return { browser, answer: await logIn(browser, provider(), user.username, { path }), jwt };
}

const statusOf = async (key: string) => (await t.as(key).get('/api/v2/users/me')).status;
const statusesOf = (keys: Record<string, string>) => Promise.all(Object.values(keys).map(statusOf));

describe.each<Target>(['oidc', 'github'])('a conversion to %s', (to) => {
  it.each(['with the old session', 'without a session', "with another person's session"])(
    'ends sessions, keys and tokens: %s',
    async (way) => {
      const { user, session, opened, named } = await aPerson();
      const neighbour = await aPerson();
      const cookies = {
        'with the old session': { coder_session_token: session },
        'without a session': {},
        "with another person's session": { coder_session_token: neighbour.session },
      }[way];
      const { browser, answer } = await convert(user, { as: session, to, ...(cookies && { cookies }) });
      expect(answer.status).toBe(307);
      expect(await statusesOf(opened)).toEqual([401, 401, 401, 401]);
      expect(await statusOf(named)).toBe(401);
      expect(await statusesOf(neighbour.opened)).toEqual([200, 200, 200, 200]);
      expect(await statusOf(neighbour.named)).toBe(200);
      if (way === 'with the old session') expect(browser.session).toBeUndefined();
      else expect((await browser.get('/api/v2/users/me')).body).toMatchObject({ id: user.id, login_type: to });
      const again = await t.anonymous.post('/api/v2/users/login', { email: user.email, password: user.password });
      expect(again.status).toBe(401);
    },
  );

  it('takes a key in the address for nobody who is signed in: whoever made the link put it there', async () => {
    const { user, session } = await aPerson();
    const permit = await t
      .as(session)
      .post(`/api/v2/users/${user.username}/convert-login`, { to_type: to, password: user.password });
    const jwt = /coder_oauth_convert_jwt=([^;]+)/.exec(String(permit.headers['set-cookie']))?.[1] ?? '';
    const browser = new Browser(t, { coder_oauth_convert_jwt: jwt });
    const { callback, provider } = WAYS[to];
    const path = `${callback}?oidc_merge_state=${permit.body.state_string}`;
    const back = { coder_session_token: session };
    expect((await logIn(browser, provider(), user.username, { path, back })).status).toBe(307);
    expect((await browser.get('/api/v2/users/me')).body).toMatchObject({ id: user.id, login_type: to });
  });

  it('keeps named tokens for whoever wants that, and nothing else', async () => {
    const { user, session, opened, named } = await aPerson();
    const { answer } = await convert(user, { as: session, to, query: '?keep_tokens=true' });
    expect(answer.status).toBe(307);
    expect(await statusesOf(opened)).toEqual([401, 401, 401, 401]);
    expect(await statusOf(named)).toBe(200);
  });

  it.each(['?keep_tokens=false', '?keep_tokens=yes', '?keep_tokens='])('keeps no tokens for %s', async (query) => {
    const { user, session, named } = await aPerson();
    await convert(user, { as: session, to, query });
    expect(await statusOf(named)).toBe(401);
  });
});

describe('a conversion that an owner asks for', () => {
  it('ends what the old password opened as well, and leaves the owner signed in', async () => {
    const { user, opened, named } = await aPerson();
    const owner = await aUser(t, { roles: ['owner'] });
    const cookies = { coder_session_token: owner.token };
    expect((await convert(user, { as: owner.token, to: 'oidc', cookies })).answer.status).toBe(307);
    expect(await statusesOf({ ...opened, named })).toEqual([401, 401, 401, 401, 401]);
    expect(await statusOf(owner.token)).toBe(200);
  });
});

describe('a permit', () => {
  it('is worth nothing once the password that it was given for has changed', async () => {
    const { user, session, named } = await aPerson();
    const permit = await t
      .as(session)
      .post('/api/v2/users/me/convert-login', { to_type: 'oidc', password: user.password });
    const password = 'QuiteAnotherPassword!';
    const changed = await t.as(session).put('/api/v2/users/me/password', { old_password: user.password, password });
    expect(changed.status).toBe(204);
    const jwt = /coder_oauth_convert_jwt=([^;]+)/.exec(String(permit.headers['set-cookie']))?.[1] ?? '';
    const path = `${WAYS.oidc.callback}?oidc_merge_state=${permit.body.state_string}`;
    const browser = new Browser(t, { coder_oauth_convert_jwt: jwt });
    expect((await logIn(browser, oidc, user.username, { path })).status).toBe(403);
    expect(browser.session).toBeUndefined();
    expect(await statusOf(named)).toBe(401);
    expect((await t.anonymous.post('/api/v2/users/login', { email: user.email, password })).status).toBe(201);
  });

  it('is not for limited keys, nor for whoever does not own an owner', async () => {
    const { user, session } = await aPerson();
    const limited = await t
      .as(session)
      .post('/api/v2/users/me/keys/tokens', { token_name: 'limited', scopes: ['user:read', 'user:update_personal'] });
    const refused = await t
      .as(limited.body.key)
      .post('/api/v2/users/me/convert-login', { to_type: 'oidc', password: user.password });
    expect(refused.status).toBe(403);
    expect(String(refused.headers['set-cookie'])).not.toContain('coder_oauth_convert_jwt');
    const owner = await aUser(t, { roles: ['owner'] });
    const admin = await aUser(t, { roles: ['user-admin'] });
    const body = { to_type: 'oidc', password: owner.password };
    expect((await admin.client.post(`/api/v2/users/${owner.username}/convert-login`, body)).status).toBe(403);
  });
});

describe('a conversion that is refused', () => {
  it('ends nothing: the permit alone, a permit for another account, and one that has been used', async () => {
    const { user, session, opened, named } = await aPerson();
    const other = await aPerson();
    await t.as(session).post('/api/v2/users/me/convert-login', { to_type: 'oidc', password: user.password });
    const theirs = await t
      .as(other.session)
      .post('/api/v2/users/me/convert-login', { to_type: 'oidc', password: other.user.password });
    const jwt = /coder_oauth_convert_jwt=([^;]+)/.exec(String(theirs.headers['set-cookie']))?.[1] ?? '';
    const path = `${WAYS.oidc.callback}?oidc_merge_state=${theirs.body.state_string}`;
    const browser = new Browser(t, { coder_oauth_convert_jwt: jwt });
    const refused = await logIn(browser, oidc, user.username, { path });
    expect([refused.status, refused.body.message]).toEqual([
      403,
      'Request to convert login type from password to oidc failed',
    ]);
    expect(await statusesOf({ ...opened, named })).toEqual([200, 200, 200, 200, 200]);
    expect((await t.as(session).get('/api/v2/users/me')).body.login_type).toBe('password');

    const done = await convert(user, { as: session, to: 'oidc' });
    const again = new Browser(t, {
      coder_oauth_convert_jwt: done.jwt,
      coder_session_token: done.browser.session ?? '',
    });
    const state = JSON.parse(Buffer.from(done.jwt.split('.')[1] ?? '', 'base64url').toString()).state;
    const used = await logIn(again, oidc, user.username, { path: `${WAYS.oidc.callback}?oidc_merge_state=${state}` });
    expect([used.status, used.body.message]).toEqual([403, 'Request to convert login type from oidc to oidc failed']);
    expect(await statusOf(done.browser.session ?? '')).toBe(200);
  });
});
