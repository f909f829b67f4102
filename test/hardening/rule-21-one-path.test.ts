// Rule 21: a request is judged by the path that it is routed by, however that path is written.
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { requestTarget } from '../../src/http/paths.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { signIn } from '../support/factories.ts';
import { listen, sendRaw } from '../support/raw.ts';

/** Ways to write the path of the list of users, all of which reach it. */
const SPELLINGS = [
  '//api/v2/users',
  '///api//v2///users',
  '/%61pi/v2/users',
  '/api%2Fv2/users',
  '/%2Fapi/v2/users',
  '/api/v2//users',
  '/api/v2/users#fragment',
  '/api/v2/users/',
  '/api/v2/%75sers%2f',
  'http://users.example/api/v2/users',
  'HTTPS://users.example:8443//api/v2/users',
];

/** Paths that look like it and are others: nothing is served there. */
const OTHERS = [
  '/%2561pi/v2/users',
  '/api%252Fv2/users',
  '/api/v2/users;x=1',
  '/api;/v2/users',
  '/api\\v2\\users',
  '/\\api/v2/users',
  '/api/./v2/users',
  '/api/v2/x/../users',
  '/api/%2e%2e/api/v2/users',
  '/API/v2/users',
];

describe('one canonical path', () => {
  let t: TestApp;
  let port: number;
  let token: string;
  beforeAll(async () => {
    t = await startApp({ env: { CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'false' } });
    port = await listen(t.app);
    token = await signIn(t, 'owner@example.com');
  });
  const cookie = () => `Cookie: coder_session_token=${token}`;
  const countUsers = async () => (await t.db.execute(sql`select count(*)::int as n from users`)).rows[0]?.n;

  test.each(SPELLINGS)('%s is the API: no cache, the limit, its routes', async (path) => {
    const answer = await sendRaw(port, `GET ${path} HTTP/1.1`, [cookie()]);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).count).toBeGreaterThan(0);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-ratelimit-limit')).toBe('512');
  });

  test.each(SPELLINGS)('%s is no way around the forgery check', async (path) => {
    const before = await countUsers();
    const form = JSON.stringify({
      email: 'evil@example.com',
      username: 'evil',
      password: PASSWORD,
      login_type: 'password',
    });
    const answer = await sendRaw(port, `POST ${path} HTTP/1.1`, [cookie(), 'Content-Type: text/plain'], form);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'text/plain; charset=utf-8']);
    expect(answer.body).toContain('CSRF');
    expect(await countUsers()).toBe(before);
  });

  test('every spelling is counted in one budget', async () => {
    const remaining: number[] = [];
    for (const path of SPELLINGS) {
      const answer = await sendRaw(port, `GET ${path} HTTP/1.1`);
      expect(answer.status).toBe(401);
      remaining.push(Number(answer.headers.get('x-ratelimit-remaining')));
    }
    expect(remaining).toEqual(SPELLINGS.map((_, at) => (remaining[0] ?? 0) - at));
  });

  test.each(OTHERS)('%s is another path, where nothing is served', async (path) => {
    const answer = await sendRaw(port, `GET ${path} HTTP/1.1`, [cookie()]);
    expect([answer.status, JSON.parse(answer.body).message]).toEqual([404, 'Route not found.']);
  });

  test.each(['/api/v2/%', '/api/v2/%zz', '/%e', '*', 'api/v2/users', '?x=1', '/a\xffb', ''])(
    '%s names no path: 400 in the documented shape',
    async (path) => {
      const answer = await sendRaw(port, `${path === '*' ? 'OPTIONS' : 'GET'} ${path} HTTP/1.1`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8']);
      expect(JSON.parse(answer.body)).toEqual({
        message: expect.stringMatching(/^The request (path )?is malformed\.$/),
      });
    },
  );

  test('a page is reached with a fragment, and in absolute form', async () => {
    for (const path of ['/login#1', 'http://users.example/login', 'http://users.example/login?x=1']) {
      const answer = await sendRaw(port, `GET ${path} HTTP/1.1`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    }
  });

  test('text in a path is UTF-8; what is none names nobody', async () => {
    for (const path of ['/api/v2/users/%ff', '/api/v2/users/a%c3', '/api/v2/users/a%00b']) {
      const answer = await sendRaw(port, `GET ${path} HTTP/1.1`, [cookie()]);
      expect([answer.status, JSON.parse(answer.body).message]).toEqual([
        400,
        '"user" must be an existing uuid or username.',
      ]);
    }
    expect((await sendRaw(port, 'GET /api/v2/users/%ff HTTP/1.1')).status).toBe(401);
    expect((await sendRaw(port, 'GET /api/v2/users/%C3%A4rger HTTP/1.1', [cookie()])).status).toBe(404);
  });
});

describe('the target of a request line', () => {
  test.each([
    ['/a%2520b', '/a%20b', '/a%2520b'],
    ['/%C3%9C/x%3Fy?q=%2F//', '/Ü/x?y', '/%C3%9C/x%3Fy?q=%2F//'],
    ['http://h', '/', '/'],
    ['http://h?q', '/', '/?q'],
    ['/a?b#c?d', '/a', '/a?b'],
    ['/a#b?c', '/a', '/a'],
    ['////', '/', '/'],
    ['/%', '', '/%00'],
    ['', '', '/%00'],
  ])('%s', (line, path, url) => {
    expect(requestTarget(line)).toEqual({ path, url });
  });
});

describe('Allow', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startApp();
  });

  test.each([
    ['POST', '/api/v2/users/roles', 'GET'],
    ['DELETE', '/api/v2/users/me/keys/tokens', 'POST, GET'],
    ['GET', '/api/v2/users/me/password', 'PUT'],
    ['POST', '/api/v2/buildinfo', 'GET'],
  ] as const)('%s %s names %s alone', async (method, path, allow) => {
    const answer = await t.owner.send(method, path, {});
    expect([answer.status, answer.text, answer.headers.allow]).toEqual([405, '', allow]);
  });

  test('the address of the providers is nobody, with a session or without', async () => {
    for (const client of [t.owner, t.anonymous]) {
      for (const path of ['/api/v2/users/oauth2', '/api/v2/users/oauth2/', '/api/v2/users/oauth2/github']) {
        const answer = await client.get(path);
        expect([answer.status, answer.body]).toEqual([404, { message: 'Route not found.' }]);
      }
    }
    const named = await t.owner.post('/api/v2/users', {
      username: 'oauth2',
      email: 'oauth2@example.com',
      password: PASSWORD,
      organization_ids: [t.organizationId],
    });
    expect([named.status, named.body.validations?.[0]?.field]).toEqual([400, 'username']);
  });

  test('PATCH below a slash at the end reaches the route', async () => {
    const organization = await t.owner.patch(`/api/v2/organizations/${t.organizationId}/`, { description: 'new' });
    expect([organization.status, organization.body.description]).toEqual([200, 'new']);
    expect((await t.owner.patch('/api/v2/users/me/secrets/', { value: 'x' })).status).toBe(404);
  });
});
