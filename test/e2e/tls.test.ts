// HTTPS of a real server: certificates by name, HTTP/2 beside HTTP/1.1, new certificates without a cut, clear refusals.
import { once } from 'node:events';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newAuthority, type Pair } from '../support/certificates.ts';
import { cleanUp, preparedFolder, type RunningServer, run, startServer, until } from '../support/server.ts';
import { ask, openHttp2, pemFolder, shakeHands } from '../support/tls.ts';

const authority = newAuthority();
const trust = { ca: authority.cert };
afterAll(cleanUp);

/** Where a server says that it speaks TLS. */
const tlsUrl = (server: RunningServer) =>
  (server.log().find(({ msg }) => msg.startsWith('ready:')) as unknown as { tlsAddress: string }).tlsAddress;
const portOf = (url: string) => Number(new URL(url).port);

function get(url: string, options: object): Promise<{ status: number | undefined; body: string; version: string }> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, ...options }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode, body, version: answer.httpVersion }));
    })
      .on('error', reject)
      .end();
  });
}

describe('a server with certificates', () => {
  const files = pemFolder();
  const pairs = {
    main: authority.issue(['users.example', '127.0.0.1']),
    wild: authority.issue(['*.apps.example']),
    exact: authority.issue(['one.apps.example']),
  };
  let server: RunningServer;
  let url: string;
  beforeAll(async () => {
    server = await startServer({ CODER_USERS_DATA_DIR: await preparedFolder(), ...files.settings(pairs) });
    url = tlsUrl(server);
  });
  const servedTo = async (servername: string | undefined) => {
    const socket = await shakeHands(portOf(url), {
      ...trust,
      ...(servername !== undefined && { servername }),
      checkServerIdentity: () => undefined,
    });
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  };

  test('answers HTTP/1.1 and HTTP/2 there, and plain HTTP where it always did', async () => {
    expect(await get(`${url}/healthz`, trust)).toEqual({ status: 200, body: 'OK', version: '1.1' });
    const session = await openHttp2(url, trust);
    expect(session.alpnProtocol).toBe('h2');
    expect(await ask(session, { ':path': '/healthz' })).toMatchObject({ status: 200, body: 'OK' });
    session.close();
    expect(await (await fetch(`${server.url}/healthz`)).text()).toBe('OK');
    expect(server.stdout()).toContain(`ready: open ${url} or`);
  });

  test.each([
    ['users.example', 'users.example'],
    ['one.apps.example', 'one.apps.example'],
    ['two.apps.example', '*.apps.example'],
    ['ONE.APPS.example', 'one.apps.example'],
    ['a.two.apps.example', 'users.example'],
    ['apps.example', 'users.example'],
    ['unknown.example', 'users.example'],
    [undefined, 'users.example'],
  ])('a client that asks for %s is shown the certificate of %s', async (name, subject) => {
    expect(await servedTo(name)).toBe(subject);
  });

  test('speaks no version before 1.2, and closes on what is no TLS or no known protocol', async () => {
    await expect(shakeHands(portOf(url), { ...trust, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
    await expect(shakeHands(portOf(url), { ...trust, ALPNProtocols: ['spdy/3'] })).rejects.toThrow();
    await expect(fetch(url.replace('https', 'http'))).rejects.toThrow();
    expect((await get(`${url}/healthz`, trust)).status).toBe(200);
  });

  test('reads new certificates on SIGHUP without cutting connections; a broken pair changes nothing', async () => {
    const session = await openHttp2(url, trust);
    const reloads = (text: string) => server.stdout().split(text).length - 1;
    const hangUp = async (next: Partial<Record<keyof typeof pairs, Pair>>, said: string) => {
      files.settings({ ...pairs, ...next });
      const before = reloads(said);
      server.child.kill('SIGHUP');
      await until(() => reloads(said) > before, said);
    };
    const fresh = authority.issue(['fresh.example', '127.0.0.1']);
    await hangUp({ main: fresh }, 'the certificates were read anew');
    expect(await servedTo(undefined)).toBe('fresh.example');
    expect(await servedTo('fresh.example')).toBe('fresh.example');
    expect(await ask(session, { ':path': '/healthz' })).toMatchObject({ status: 200 });

    const other = authority.issue(['other.example']);
    await hangUp({ main: { cert: other.cert, key: fresh.key } }, 'holds the key of another certificate');
    await hangUp({ main: { cert: 'nonsense', key: fresh.key } }, 'does not begin with a certificate');
    await hangUp({ main: authority.issue(['late.example'], { to: '230101' }) }, 'expired on 2023-01-01');
    // One broken pair of several keeps all of them.
    await hangUp(
      { main: other, exact: { cert: 'nonsense', key: '' } },
      'exact.pem\\" does not begin with a certificate',
    );
    expect(await servedTo(undefined)).toBe('fresh.example');
    expect(await servedTo('one.apps.example')).toBe('one.apps.example');
    expect(await ask(session, { ':path': '/healthz' })).toMatchObject({ status: 200 });
    session.close();
    expect(server.stdout()).not.toContain('PRIVATE KEY');
  });

  test('ends in order: connections are told, and nothing hangs', async () => {
    const session = await openHttp2(url, trust);
    const gone = once(session, 'close');
    const { code } = await server.stop();
    await gone;
    expect(code).toBe(0);
  });
});

describe('what cannot serve is named at the start, before a database is made', () => {
  const files = pemFolder();
  const [one, two] = [authority.issue(['one.example']), authority.issue(['two.example'])];
  const start = async (env: Record<string, string>) => {
    const { code, stderr } = await run(['server'], { CODER_USERS_DATA_DIR: '/nonexistent/x', ...env }).finished;
    return { code, stderr };
  };

  test.each<[string, Record<string, Pair>, RegExp]>([
    [
      'the key of another certificate',
      { a: { cert: one.cert, key: two.key } },
      /CODER_TLS_KEY_FILE: .*a\.key" holds the key of another certificate than ".*a\.pem"/,
    ],
    [
      'text that is no certificate',
      { a: { cert: 'hello', key: one.key } },
      /CODER_TLS_CERT_FILE: .*does not begin with a certificate in PEM form/,
    ],
    [
      'text that is no key',
      { a: { cert: one.cert, key: 'hello' } },
      /CODER_TLS_KEY_FILE: .*does not hold a private key/,
    ],
  ])('%s', async (_, pairs, said) => {
    const { code, stderr } = await start(files.settings(pairs));
    expect(code).toBe(1);
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain('PRIVATE KEY');
  });

  test('files that are not there, pairs that are none, versions that nobody speaks', async () => {
    const settings = files.settings({ a: one });
    expect((await start({ ...settings, CODER_TLS_CERT_FILE: '/no/such.pem' })).stderr).toContain(
      'CODER_TLS_CERT_FILE: the file "/no/such.pem" cannot be read (ENOENT)',
    );
    expect((await start({ ...settings, CODER_TLS_KEY_FILE: 'a,b' })).stderr).toContain('they go in pairs');
    expect((await start({ ...settings, CODER_TLS_MIN_VERSION: 'tls10' })).stderr).toContain('CODER_TLS_MIN_VERSION');
  });
});
