// Rule 39: what is not there does not answer as if it were.
import { beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';

describe('outside the API nothing unknown is there', () => {
  const PATHS = [
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/oauth2/authorize',
    '/oauth2/tokens',
    '/scim/v2/Users',
    '/metrics',
    '/robots.txt',
    '/favicon.ico',
    '/healthz/',
    '/nowhere/at/all',
    '/api',
  ];
  let t: TestApp;
  beforeAll(async () => {
    t = await startApp();
  });

  test.each(PATHS)('%s is 404: JSON for programs, a page for browsers', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
      const plain = await t.anonymous.send(method, path);
      expect([plain.status, plain.body]).toEqual([404, { message: 'Route not found.' }]);
    }
    const browser = await t.anonymous.get(path, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(browser.status).toBe(404);
    expect(browser.headers['content-type']).toBe(
      path === '/api' ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8',
    );
  });
});

describe('the contract document', () => {
  test('is there, and gone in plain words where it is switched off', async () => {
    const [on, off] = [await startApp(), await startApp({ env: { CODER_SWAGGER_ENABLE: 'false' } })];
    for (const path of ['/swagger', '/swagger/', '/swagger/openapi.json']) {
      expect((await on.anonymous.get(path)).status).toBe(200);
      const gone = await off.anonymous.get(path);
      expect([gone.status, gone.body]).toEqual([404, { message: 'Swagger documentation is disabled.' }]);
    }
  });
});

describe('the command line program', () => {
  const FILES = ['/bin/coder-linux-amd64', '/bin/coder-windows-amd64.exe', '/install.sh'];

  test('is where the operator keeps it', async () => {
    const t = await startApp({ env: { CODER_USERS_CLI_DOWNLOAD_URL: 'https://files.example.com/coder/' } });
    for (const path of FILES) {
      const { status, headers } = await t.anonymous.get(path);
      const file = path.slice(path.lastIndexOf('/'));
      expect([status, headers.location]).toEqual([307, `https://files.example.com/coder${file}`]);
    }
    // Nothing of a request leads elsewhere.
    for (const path of [
      '/bin/..%2f..%2fetc',
      '/bin/coder-x%0d%0aset-cookie:a=b',
      '/bin/coder-',
      '/bin/@evil.example.com',
    ]) {
      const { status, headers } = await t.anonymous.get(path);
      expect([status, headers.location]).toEqual([404, undefined]);
    }
  });

  test('is nowhere otherwise, in plain words', async () => {
    const t = await startApp();
    for (const path of FILES) {
      const { status, text, headers } = await t.anonymous.get(path);
      expect([status, headers['content-type'], headers.location]).toEqual([
        404,
        'text/plain; charset=utf-8',
        undefined,
      ]);
      expect(text).toContain('CODER_USERS_CLI_DOWNLOAD_URL');
    }
  });
});
