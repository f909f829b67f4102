// HTTP/2 is no way around what holds for HTTP/1.1: the rules that look at raw requests, over both, and floods of its own kind.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createListeners, tryListeners } from '../../src/commands/listeners.ts';
import { createHttp2 } from '../../src/http/http2.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { newAuthority } from '../support/certificates.ts';
import { signIn } from '../support/factories.ts';
import { sendRaw } from '../support/raw.ts';
import { until } from '../support/server.ts';
import { ask, openHttp2, pemFolder, shakeHands } from '../support/tls.ts';

const authority = newAuthority();
const files = pemFolder();
const open: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

let t: TestApp;
let token: string;
let url: string;
let plainPort: number;
const port = () => Number(new URL(url).port);
const session = async () => {
  const one = await openHttp2(url, { ca: authority.cert });
  open.push(one);
  return one;
};
const countUsers = async () => (await t.db.execute(sql`select count(*)::int as n from users`)).rows[0]?.n;

beforeAll(async () => {
  t = await startApp({
    env: { ...files.settings({ main: authority.issue(['127.0.0.1']) }), CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'false' },
  });
  const log = pino({ level: 'silent' });
  const listeners = createListeners(t.config, log, await tryListeners(t.config, log));
  const where = await listeners.listen(t.app, log.child({}));
  url = where.tlsAddress ?? '';
  plainPort = Number(new URL(where.address).port);
  token = await signIn(t, 'owner@example.com');
});

describe('one path, one head', () => {
  const cookie = () => `coder_session_token=${token}`;

  test.each(['//api/v2/users', '/%61pi/v2/users', '/api%2Fv2/users', '/api/v2/users/', '/api/v2//users'])(
    '%s is the API: no cache, the limit, no way around the forgery check',
    async (path) => {
      const client = await session();
      const read = await ask(client, { ':path': path, cookie: cookie() });
      expect([read.status, read.headers['cache-control'], read.headers['x-ratelimit-limit']]).toEqual([
        200,
        'no-store',
        '512',
      ]);
      const before = await countUsers();
      const form = JSON.stringify({ email: 'evil@example.com', username: 'evil', password: PASSWORD });
      const forged = await ask(client, { ':path': path, ':method': 'POST', cookie: cookie() }, form);
      expect([forged.status, forged.body]).toEqual([400, expect.stringContaining('CSRF')]);
      expect(await countUsers()).toBe(before);
    },
  );

  test('both protocols and both listeners count in one budget', async () => {
    const client = await session();
    const path = '/api/v2/users/me/keys';
    const remaining = [
      Number((await ask(client, { ':path': path })).headers['x-ratelimit-remaining']),
      Number((await sendRaw(plainPort, `GET ${path} HTTP/1.1`)).headers.get('x-ratelimit-remaining')),
      Number((await ask(await session(), { ':path': path })).headers['x-ratelimit-remaining']),
    ];
    const [first = 0] = remaining;
    expect(remaining).toEqual([first, first - 1, first - 2]);
  });

  test('several cookie fields are one header', async () => {
    const cookies = ['a=b', 'coder_session_token=dead', cookie()];
    const answer = await ask(await session(), { ':path': '/api/v2/users/me', cookie: cookies } as never);
    expect(answer.status).toBe(200);
  });

  test('a body needs neither type nor length', async () => {
    const body = JSON.stringify({ email: 'owner@example.com', password: PASSWORD });
    const answer = await ask(await session(), { ':path': '/api/v2/users/login', ':method': 'POST' }, body);
    expect(answer.status).toBe(201);
    const empty = await ask(await session(), { ':path': '/api/v2/users/login', ':method': 'POST' });
    expect([empty.status, JSON.parse(empty.body).message]).toEqual([400, 'Request body must be valid JSON.']);
  });

  test('the host is :authority; one that differs beside it is refused', async () => {
    const client = await session();
    const sent = { ':path': '/api/v2/users/login', ':method': 'POST' };
    const body = JSON.stringify({ email: 'owner@example.com', password: PASSWORD });
    // A page of this very host, by the name under which it was opened.
    const own = { ':authority': 'users.example', origin: 'https://users.example', 'sec-fetch-site': 'same-origin' };
    expect((await ask(client, { ...sent, ...own }, body)).status).toBe(201);
    const foreign = await ask(client, { ...sent, ...own, origin: 'https://other.example' }, body);
    expect(foreign.status).toBe(403);
    const two = await ask(client, { ':path': '/healthz', ':authority': 'a.example', host: 'b.example' });
    expect([two.status, JSON.parse(two.body).message]).toEqual([400, 'The request names two hosts.']);
    const none = await ask(client, { ':path': '/healthz', ':authority': '' }).catch(() => undefined);
    expect(none?.status ?? 400).toBe(400);
  });

  test('lines, headers and bodies have their bounds, and the connection goes on', async () => {
    const client = await session();
    const x = (n: number) => 'x'.repeat(n);
    const statuses = [
      (await ask(client, { ':path': `/api/v2/users?q=${x(66_000)}` })).status,
      (await ask(client, { ':path': '/healthz', a: x(40_000), b: x(40_000) })).status,
      (
        await ask(client, {
          ':path': '/healthz',
          ...Object.fromEntries([...Array(210).keys()].map((i) => [`h${i}`, 'x'])),
        })
      ).status,
      (await ask(client, { ':path': '/healthz', a: x(60_000) })).status,
    ];
    expect(statuses).toEqual([414, 431, 431, 200]);
    const large = await ask(client, { ':path': '/api/v2/users/login', ':method': 'POST' }, x(200_000)).catch(String);
    expect(large).toMatchObject({ status: 413 });
    expect((await ask(client, { ':path': '/healthz' })).status).toBe(200);
  });

  test('beyond them the stream ends without costing more', async () => {
    const client = await session();
    const path = '/healthz';
    await expect(ask(client, { ':path': path, a: 'x'.repeat(200_000) })).rejects.toThrow();
    expect((await ask(await session(), { ':path': path })).status).toBe(200);
  });

  test('what cannot be expected is 417, what is no request is none', async () => {
    const client = await session();
    const answer = await ask(client, { ':path': '/healthz', expect: 'the moon' });
    expect([answer.status, JSON.parse(answer.body).message]).toEqual([417, expect.stringMatching(/expectation/)]);
    const tunnel = await ask(client, { ':method': 'CONNECT', ':authority': 'users.example:22' }).catch(() => undefined);
    expect(tunnel?.status ?? 405).toBeGreaterThanOrEqual(400);
    for (const path of ['*', 'api/v2/users', '/api/v2/%zz']) {
      const bad = await ask(client, { ':method': 'OPTIONS', ':path': path }).catch(() => undefined);
      expect([400, 405]).toContain(bad?.status ?? 400);
    }
  });

  test('HTTP/1.1 over TLS has the same bounds', async () => {
    const socket = await shakeHands(port(), { ca: authority.cert, ALPNProtocols: ['http/1.1'] });
    open.push(socket);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(200_000)}\r\n\r\n`);
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 431 /);
  });
});

/** A frame of HTTP/2 (RFC 9113 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload as string);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}
const [HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION] = [1, 3, 4, 6, 9];
const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0)]);

describe('floods end the connection that makes them, and no other', () => {
  /** Sends `piece` until the other side has had enough. */
  async function floodWith(pieces: (n: number) => Buffer, most: number): Promise<number> {
    const socket = await shakeHands(port(), { ca: authority.cert, ALPNProtocols: ['h2'] });
    open.push(socket);
    socket.on('error', () => undefined);
    // An attacker does not read.
    socket.pause();
    const closed = once(socket, 'close').catch(() => undefined);
    socket.write(PREFACE);
    let sent = 0;
    while (!socket.destroyed && socket.writable && sent < most) {
      const goesOn = socket.write(pieces(sent));
      sent += 1;
      if (!goesOn) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
    }
    socket.resume();
    if (sent < most) await closed;
    return sent;
  }
  const others = async () => expect((await ask(await session(), { ':path': '/healthz' })).status).toBe(200);

  test('streams that are taken back as soon as they are opened', async () => {
    // GET /, as `x`, taken back at once: fifty of them.
    const piece = (n: number) =>
      Buffer.concat(
        [...Array(50).keys()].flatMap((i) => {
          const id = 2 * (50 * n + i) + 1;
          return [
            frame(HEADERS, 5, id, Buffer.from([0x82, 0x84, 0x87, 0x41, 1, 0x78])),
            frame(RST_STREAM, 0, id, Buffer.from([0, 0, 0, 8])),
          ];
        }),
      );
    expect(await floodWith(piece, 1000)).toBeLessThan(1000);
    await others();
  });

  test('headers that never end', async () => {
    const piece = (n: number) =>
      n === 0 ? frame(HEADERS, 0, 1, Buffer.from([0x82])) : frame(CONTINUATION, 0, 1, Buffer.alloc(1024, 0x82));
    expect(await floodWith(piece, 20_000)).toBeLessThan(20_000);
    await others();
  });

  test('pings and settings that want an answer', async () => {
    const many = (one: Buffer) => Buffer.concat(Array<Buffer>(200).fill(one));
    expect(await floodWith(() => many(frame(PING, 0, 0, '12345678')), 20_000)).toBeLessThan(20_000);
    expect(await floodWith(() => many(frame(SETTINGS, 0, 0)), 20_000)).toBeLessThan(20_000);
    await others();
  });

  test('more streams at once than a connection may have', async () => {
    const client = await session();
    await until(() => client.remoteSettings.maxConcurrentStreams === 100, 'the bound is told');
  });
});

describe('slowness is cut', () => {
  test('a body that does not come is answered 408, a connection without a request ends', async () => {
    const http2 = createHttp2(t.app, { requestMs: 100, idleMs: 300, checkMs: 20 });
    let closed: Promise<unknown> | undefined;
    const server = createServer((socket) => {
      closed = once(socket, 'close');
      http2.accept(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = await openHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    open.push(client);
    const stream = client.request({ ':path': '/api/v2/users/login', ':method': 'POST' }, { endStream: false });
    stream.on('error', () => undefined);
    stream.write('{"email":');
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(408);
    // This client stays, and reads nothing.
    await closed;
    server.close();
    http2.close();
  });
});
