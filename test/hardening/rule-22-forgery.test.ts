// Rule 22: forgery is judged by the credential that was used, and a browser that tells of another site is believed.
import { sql } from 'drizzle-orm';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aUser, signIn, type TestUser } from '../support/factories.ts';

let t: TestApp;
let user: TestUser;
let key: string;
beforeAll(async () => {
  t = await startApp();
});
beforeEach(async () => {
  user = await aUser(t);
  key = await signIn(t, user.email);
});

const profile = (name: string) => ({ username: user.username, name });
const nameOf = async () => (await t.owner.get(`/api/v2/users/${user.id}`)).body.name ?? '';
const put = (headers: Record<string, string>, path = '/api/v2/users/me/profile') =>
  t.anonymous.put(path, profile('Forged'), headers);

describe('a changing request that a cookie signed in', () => {
  const dead = 'aaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaa';

  test.each([
    ['alone', () => `coder_session_token=${key}`],
    ['behind an empty copy', () => `coder_session_token=; coder_session_token=${key}`],
    ['in quotes behind an empty copy', () => `coder_session_token=""; coder_session_token="${key}"`],
    ['behind a dead copy', () => `coder_session_token=${dead}; coder_session_token=${key}`],
    ['before an empty copy', () => `coder_session_token=${key}; coder_session_token=`],
  ])('%s needs the token', async (_, cookie) => {
    const refused = await put({ cookie: cookie() });
    expect([refused.status, refused.headers['content-type']]).toEqual([400, 'text/plain; charset=utf-8']);
    expect(await nameOf()).toBe('');
    // It was the token that was missing.
    const token = Buffer.alloc(32, 5).toString('base64');
    expect((await put({ cookie: `${cookie()}; csrf_token=${token}`, 'x-csrf-token': token })).status).toBe(200);
  });

  test('is not vouched for by a credential that was not the one used', async () => {
    const other = await signIn(t, (await aUser(t)).email);
    const cookie = `coder_session_token=${key}; coder_session_token=${other}`;
    for (const refused of [
      await put({ cookie, 'coder-session-token': other }),
      await put({ cookie }, `/api/v2/users/me/profile?coder_session_token=${other}`),
      await put({ cookie }, `/api/v2/users/me/profile?access_token=${key}`),
      await put({ cookie, 'coder-session-token': dead }),
    ]) {
      expect(refused.status).toBe(400);
    }
    expect(await nameOf()).toBe('');
  });

  test.each([
    '/api/v2/users/first',
    '/api/v2/users/first/profile',
    '/api/v2/users/me/api/v2/users/first',
    '/api/v2/workspaceagents/me',
    '/api/v2/workspaceproxies/me/register',
    '/api/v2/scim/v2/Users',
    '/api/v2/organizations/default/provisionerdaemons',
    '/api/v2/organizations/default/members/provisionerdaemons',
    '/api/v2/nope',
    '/api/experimental/users/me/skills',
    '/nowhere',
    '/healthz',
  ])('needs it at %s, too', async (path) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      if (method === 'POST' && path === '/api/v2/users/first') continue;
      const refused = await t.anonymous.send(method, path, {}, { cookie: `coder_session_token=${key}` });
      expect([method, refused.status, refused.text.includes('CSRF')]).toEqual([method, 400, true]);
    }
  });

  test('deletes nobody whose name an exemption could be about', async () => {
    await t.db.execute(sql`update users set username = 'first' where id = ${user.id}`);
    const owner = await signIn(t, 'owner@example.com');
    const refused = await t.anonymous.send('DELETE', '/api/v2/users/first', undefined, {
      cookie: `coder_session_token=${owner}`,
    });
    expect(refused.status).toBe(400);
    expect((await t.owner.get(`/api/v2/users/${user.id}`)).body.status).toBe('active');
  });
});

describe('a changing request that no cookie signed in', () => {
  test('needs no token, whatever dead cookie lies around', async () => {
    for (const [path, headers] of [
      ['/api/v2/users/me/profile', { 'coder-session-token': key }],
      ['/api/v2/users/me/profile', { authorization: `Bearer ${key}` }],
      [`/api/v2/users/me/profile?coder_session_token=${key}`, {}],
      [`/api/v2/users/me/profile?access_token=${key}`, {}],
    ] as const) {
      expect((await put({ ...headers, cookie: 'coder_session_token=dead' }, path)).status).toBe(200);
      expect((await put(headers, path)).status).toBe(200);
    }
    expect(await nameOf()).toBe('Forged');
  });

  test('with a dead cookie alone is refused as before', async () => {
    expect((await put({ cookie: 'coder_session_token=garbage' })).status).toBe(400);
    expect((await put({ cookie: 'coder_session_token=' })).status).toBe(401);
  });
});

/** What browsers say of a request that another site made. */
const ELSEWHERE: Record<string, string>[] = [
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site', origin: 'http://users.test' },
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: 'http://users.test.evil.example' },
  { origin: 'https://users.test' },
  { origin: 'http://users.test:81' },
  { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
  // A name of the attacker's that leads here.
  { origin: 'http://rebound.example', host: 'rebound.example' },
];
const AT_HOME: Record<string, string>[] = [
  {},
  { origin: 'http://users.test' },
  { origin: 'HTTP://USERS.TEST:80' },
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'same-origin', origin: 'http://users.test' },
  // Opened under another name that leads here, which a browser of today vouches for.
  { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:3000', host: 'localhost:3000' },
];

describe('requests that set cookies', () => {
  let empty: TestApp;
  let server: TestApp;
  beforeAll(async () => {
    empty = await startApp({ empty: true, env: { CODER_ACCESS_URL: 'http://users.test' } });
    server = await startApp({ env: { CODER_ACCESS_URL: 'http://users.test' } });
  });
  const owner = { email: 'owner@example.com', password: PASSWORD };
  const sessions = async () => (await server.db.execute(sql`select count(*)::int as n from api_keys`)).rows[0]?.n;

  test.each(ELSEWHERE)('are refused with %j', async (headers) => {
    const before = await sessions();
    const refusals = [
      await server.anonymous.post('/api/v2/users/login', owner, headers),
      await server.anonymous.post('/api/v2/users/oidc/callback?code=x&state=x', undefined, headers),
      await server.anonymous.post('/api/v2/users/oauth2/github/callback?code=x&state=x', undefined, headers),
      await empty.anonymous.post('/api/v2/users/first', { ...owner, username: 'evil' }, headers),
    ];
    for (const refused of refusals) {
      expect([refused.status, refused.body.message]).toEqual([403, 'This request came from a page of another site.']);
      expect(String(refused.headers['set-cookie'])).not.toContain('coder_session_token');
    }
    expect(await sessions()).toBe(before);
    expect((await empty.db.execute(sql`select 1 from users where not is_system`)).rows).toEqual([]);
  });

  test.each(AT_HOME)('are taken with %j', async (headers) => {
    expect((await server.anonymous.post('/api/v2/users/login', owner, headers)).status).toBe(201);
    // It gets as far as the provider that is not configured.
    expect((await server.anonymous.post('/api/v2/users/oidc/callback', undefined, headers)).status).toBe(400);
  });

  test('a provider sends the browser back from its own site', async () => {
    for (const method of ['GET', 'HEAD'] as const) {
      const back = await server.anonymous.send(method, '/api/v2/users/oidc/callback?code=x&state=x', undefined, {
        'sec-fetch-site': 'cross-site',
      });
      expect(back.status).toBe(400);
    }
  });
});
