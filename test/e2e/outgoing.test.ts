// A real server in a company network: provider, relay and database have certificates of private authorities, and providers
// and relay are reached through a proxy only.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newAuthority } from '../support/certificates.ts';
import { startOidcProvider } from '../support/oidc-provider.ts';
import { startFront, startProxy } from '../support/outside.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { proxyTo } from '../support/proxy.ts';
import { cleanUp, type RunningServer, run, startServer, until } from '../support/server.ts';
import { startSmtp } from '../support/smtp.ts';
import { pemFolder } from '../support/tls.ts';

const files = pemFolder();
const [company, databases] = [newAuthority(), newAuthority()];
const APP = 'http://app.test';
const closing: (() => unknown)[] = [];
afterAll(async () => {
  await cleanUp();
  for (const close of closing) await close();
});

describe('a server behind a proxy, among private authorities', () => {
  let server: RunningServer;
  let env: Record<string, string>;
  let outside: Awaited<ReturnType<typeof start>>;

  async function start() {
    const proxy = await startProxy();
    const provider = await startOidcProvider({
      accounts: {
        kim: { sub: 'kim', claims: { email: 'kim@example.com', email_verified: true, preferred_username: 'kim' } },
      },
      appUrl: APP,
    });
    const front = await startFront('provider.test', company.issue(['provider.test']), provider.issuer);
    provider.faults = { idToken: { iss: front.url } };
    const relay = await startSmtp({ tls: company.issue(['relay.test']) });
    closing.push(proxy.close, provider.close, front.close, relay.close);
    return { proxy, provider, front, relay };
  }

  beforeAll(async () => {
    outside = await start();
    const { url } = await cloneDatabase();
    const database = await proxyTo(url, {
      tls: { ...databases.issue(['localhost']), isRequired: true },
      ends: 'with the file',
    });
    const named = new URL(database.url);
    named.hostname = 'localhost';
    named.searchParams.set('sslmode', 'verify-full');
    const folder = join(files.folder, 'authorities');
    mkdirSync(folder);
    files.put('authorities/README', 'not a certificate');
    files.put('authorities/databases.pem', databases.cert);
    env = {
      CODER_PG_CONNECTION_URL: named.href,
      CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
      CODER_ACCESS_URL: APP,
      ...outside.provider.env,
      CODER_OIDC_ISSUER_URL: outside.front.url,
      CODER_EMAIL_SMARTHOST: `relay.test:${outside.relay.port}`,
      CODER_EMAIL_FROM: 'coder@example.com',
      CODER_EMAIL_TLS_STARTTLS: 'true',
      SSL_CERT_FILE: files.put('company.pem', company.cert),
      SSL_CERT_DIR: `${join(files.folder, 'authorities')}:`,
      https_proxy: `http://user:secret@127.0.0.1:${outside.proxy.port}`,
      NO_PROXY: 'elsewhere.test',
    };
    server = await startServer(env);
  });

  test('mail is delivered under STARTTLS, through a tunnel', async () => {
    const email = 'owner@example.com';
    const post = (path: string, body: object) =>
      fetch(server.url + path, { method: 'POST', body: JSON.stringify(body) });
    const first = await post('/api/v2/users/first', { email, username: 'owner', password: 'SomeSecurePassword!' });
    expect(first.status).toBe(201);
    expect((await post('/api/v2/users/otp/request', { email })).status).toBe(204);
    await until(() => outside.relay.mails.length > 0, 'the mail');
    expect(outside.relay.mails[0]?.to).toEqual([email]);
  });

  test('somebody signs in through the provider', async () => {
    const begin = await fetch(`${server.url}/api/v2/users/oidc/callback`, { redirect: 'manual' });
    expect(begin.status).toBe(307);
    const location = begin.headers.get('location') ?? '';
    expect(location).toMatch(outside.front.url);
    const back = await outside.provider.visit(location.replace(outside.front.url, outside.provider.issuer), 'kim');
    const cookie = begin.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    const done = await fetch(server.url + back.pathname + back.search, { redirect: 'manual', headers: { cookie } });
    expect(done.status, await done.text()).toBe(307);
    expect(done.headers.getSetCookie().join()).toContain('coder_session_token=');
  });

  test('the proxy saw names alone, and got its password', () => {
    const { tunnels } = outside.proxy;
    const hosts = new Set(tunnels.map((line) => line.split(' ')[0]));
    expect(hosts).toContain(new URL(outside.front.url).host);
    expect(hosts).toContain(`relay.test:${outside.relay.port}`);
    const basic = `Basic ${Buffer.from('user:secret').toString('base64')}`;
    expect(tunnels.filter((line) => !line.endsWith(basic))).toEqual([]);
    expect(server.stdout()).not.toContain('secret@');
  });

  test('without the authorities nobody is trusted, and what cannot be read is named', async () => {
    const { SSL_CERT_DIR: _, ...rest } = env;
    const distrusting = await run(['server'], { CODER_HTTP_ADDRESS: '127.0.0.1:0', ...rest }).finished;
    expect(distrusting.code).toBe(1);
    expect(distrusting.stderr).toMatch(/certificate/);
    const missing = await run(['migrate'], { ...env, SSL_CERT_FILE: '/no/such.pem' }).finished;
    expect(missing.stderr).toContain('SSL_CERT_FILE: "/no/such.pem" cannot be read (ENOENT)');
    const migrated = await run(['migrate'], env).finished;
    expect([migrated.code, migrated.stderr]).toEqual([0, '']);
  });
});
