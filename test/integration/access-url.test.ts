// The access URL: what is sent there, what browsers are told of it, and how everything works below its path.
import { beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';

describe('requests that belong elsewhere', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startApp({
      env: {
        CODER_ACCESS_URL: 'https://users.example',
        CODER_REDIRECT_TO_ACCESS_URL: 'true',
        CODER_PROXY_TRUSTED_ORIGINS: '127.0.0.0/8',
        CODER_STRICT_TRANSPORT_SECURITY: '600',
        CODER_STRICT_TRANSPORT_SECURITY_OPTIONS: 'includesubdomains,preload',
      },
      empty: true,
    });
  });
  const secure = { 'x-forwarded-proto': 'https' };

  test.each([
    ['another host', '/api/v2/users?q=a%20b', { host: '10.0.0.1', ...secure }, '/api/v2/users?q=a%20b'],
    ['another port', '/login', { host: 'users.example:8443', ...secure }, '/login'],
    ['no encryption', '/login?x=1', { host: 'users.example', 'x-forwarded-proto': 'http' }, '/login?x=1'],
    ['what only looks like a host', '//evil.example/x', { host: 'evil.example' }, '/evil.example/x'],
  ])('%s is sent to the access URL', async (_, url, headers, path) => {
    for (const method of ['GET', 'POST'] as const) {
      const answer = await t.app.inject({ method, url, headers });
      expect([answer.statusCode, answer.headers.location]).toEqual([307, `https://users.example${path}`]);
    }
  });

  test.each([
    ['the host itself', '/api/v2/buildinfo', { host: 'users.example', ...secure }],
    ['the host in capitals with its port', '/api/v2/buildinfo', { host: 'USERS.example:443', ...secure }],
    [
      'the host as a trusted proxy tells it',
      '/api/v2/buildinfo',
      { host: 'pod-1', 'x-forwarded-host': 'users.example', ...secure },
    ],
    ['a probe by address', '/healthz', { host: '10.0.0.1:3000' }],
    ['a probe by address', '/readyz', { host: '10.0.0.1:3000' }],
    ['without word of a proxy, since one must be there', '/api/v2/buildinfo', { host: 'users.example' }],
  ])('%s is not', async (_, url, headers) => {
    expect((await t.app.inject({ method: 'GET', url, headers })).statusCode).toBe(200);
  });

  test('a proxy that nobody trusts says nothing', async () => {
    const answer = await t.app.inject({
      method: 'GET',
      url: '/login',
      remoteAddress: '192.0.2.1',
      headers: { host: 'pod-1', 'x-forwarded-host': 'users.example', ...secure },
    });
    expect(answer.statusCode).toBe(307);
  });

  test('browsers are told to stay with https, in encrypted answers alone', async () => {
    const hsts = async (proto: string, url: string) =>
      (await t.app.inject({ method: 'GET', url, headers: { host: 'users.example', 'x-forwarded-proto': proto } }))
        .headers['strict-transport-security'];
    for (const url of ['/login', '/api/v2/buildinfo', '/api/v2/users', '/nowhere'])
      expect(await hsts('https', url)).toBe('max-age=600; includeSubDomains; preload');
    expect(await hsts('http', '/login')).toBeUndefined();
  });
});

test('nothing is redirected and nothing remembered unless asked for', async () => {
  const t = await startApp({
    env: { CODER_STRICT_TRANSPORT_SECURITY: '0', CODER_ACCESS_URL: 'https://users.example' },
  });
  const answer = await t.app.inject({ method: 'GET', url: '/login', headers: { host: 'other.example' } });
  expect([answer.statusCode, answer.headers['strict-transport-security']]).toEqual([200, undefined]);
});

describe('below a path', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startApp({ env: { CODER_ACCESS_URL: 'https://users.example/coder' } });
  });
  const headers = { host: 'users.example' };
  const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };

  test.each(['', '/coder'])('pages, redirects and cookies lead there, with a proxy that leaves %j', async (left) => {
    const page = await t.app.inject({ method: 'GET', url: `${left}/login?redirect=/coder/cli-auth`, headers });
    const links = [...page.body.matchAll(/ (?:href|src|action)="(\/[^"]*)"/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(2);
    expect(links.filter((path) => !path.startsWith('/coder/'))).toEqual([]);
    expect(page.body).toContain('name="redirect" value="/cli-auth"');
    const cookies = [page.headers['set-cookie']].flat().map(String);
    expect(cookies.every((cookie) => cookie.includes('; Path=/coder;'))).toBe(true);

    const csrf = /csrf_token=([^;]+)/.exec(cookies.join())?.[1] ?? '';
    const token = /name="csrf_token" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const sent = { email: 'owner@example.com', password: PASSWORD, redirect: '/cli-auth', csrf_token: token };
    const signedIn = await t.app.inject({
      method: 'POST',
      url: `${left}/login`,
      headers: {
        ...form,
        cookie: `csrf_token=${csrf}`,
        origin: 'https://users.example',
        'sec-fetch-site': 'same-origin',
      },
      payload: new URLSearchParams(sent).toString(),
    });
    expect([signedIn.statusCode, signedIn.headers.location]).toEqual([303, '/coder/cli-auth']);
    const style = links.find((path) => path.includes('style.css')) ?? '';
    expect((await t.app.inject({ method: 'GET', url: left + style.slice('/coder'.length), headers })).statusCode).toBe(
      200,
    );
  });

  test('what is below the path is judged by the path below it', async () => {
    const answer = await t.app.inject({ method: 'GET', url: '/coder//%61pi/v2/users', headers });
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([401, 'no-store']);
    for (const url of ['/coderx/api/v2/buildinfo', '/Coder/api/v2/buildinfo', '/coder/coder/api/v2/buildinfo'])
      expect((await t.app.inject({ method: 'GET', url, headers })).statusCode).toBe(404);
    expect((await t.app.inject({ method: 'GET', url: '/coder', headers })).body).toContain('action="/coder/login"');
  });
});
