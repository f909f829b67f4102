// Rule 35: one caller cannot starve the others, nothing is held for ever, and no error in a hook stops the process.
import { sql } from 'drizzle-orm';
import Fastify from 'fastify';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { verifyPassword } from '../../src/crypto/passwords.ts';
import { SlidingWindow } from '../../src/fairness/sliding-window.ts';
import { CONNECTION_OPTIONS, useAnswerTimeout } from '../../src/http/connections.ts';
import { withClient } from '../../src/postgres/client.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';
import { listen, openRaw, parseAnswer, sendRaw } from '../support/raw.ts';
import { until } from '../support/server.ts';

describe('a connection', () => {
  let t: TestApp;
  let port: number;
  beforeAll(async () => {
    t = await startApp();
    port = await listen(t.app);
  });

  test('has half a minute for a request', () => {
    expect([t.app.server.requestTimeout, t.app.server.headersTimeout]).toEqual([30_000, 30_000]);
    expect(CONNECTION_OPTIONS.http.connectionsCheckingInterval).toBe(1000);
  });

  test.each([
    ['nothing', ''],
    ['half a request line', 'GET /api/v2/bu'],
    ['no end of the headers', 'GET /api/v2/buildinfo HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['half a body', 'POST /api/v2/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"email":'],
    [
      'a chunk that never comes',
      'POST /api/v2/users/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ema',
    ],
  ])('that sent %s is closed when its time is up', async (_, text) => {
    Object.assign(t.app.server, { requestTimeout: 100, headersTimeout: 100 });
    const received = await openRaw(port, text).closed;
    Object.assign(t.app.server, { requestTimeout: 30_000, headersTimeout: 30_000 });
    const answer = parseAnswer(received);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([408, 'application/json; charset=utf-8']);
    expect(JSON.parse(answer.body)).toEqual({ message: 'The request was not complete in time.' });
  });

  test('that does not read its answer is closed, and the answer forgotten', async () => {
    const app = Fastify(CONNECTION_OPTIONS);
    useAnswerTimeout(app, 100);
    app.get('/large', async () => 'x'.repeat(50_000_000));
    app.get('/small', async () => 'small');
    const large = await listen(app);
    const { socket } = openRaw(large, 'GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.pause();
    const count = () => new Promise<number>((resolve) => app.server.getConnections((_err, open) => resolve(open)));
    await until(async () => (await count()) === 1, 'the request has arrived');
    await until(async () => (await count()) === 0, 'the connection is closed');
    socket.destroy();
    expect((await sendRaw(large, 'GET /small HTTP/1.1')).body).toBe('small');
    await app.close();
  });

  test('takes lines and headers of up to 64 KiB, and says which of them is too large', async () => {
    const header = (bytes: number) => `X-Filler: ${'x'.repeat(bytes)}`;
    expect((await sendRaw(port, 'GET /api/v2/buildinfo HTTP/1.1', [header(65_000)])).status).toBe(200);
    expect((await sendRaw(port, `GET /api/v2/buildinfo?x=${'y'.repeat(65_000)} HTTP/1.1`)).status).not.toBe(414);
    const large = await sendRaw(port, 'GET /api/v2/buildinfo HTTP/1.1', [header(66_000)]);
    expect([large.status, JSON.parse(large.body)]).toEqual([431, { message: 'The request headers are too large.' }]);
    const long = await sendRaw(port, `GET /api/v2/buildinfo?x=${'y'.repeat(66_000)} HTTP/1.1`);
    expect([long.status, JSON.parse(long.body)]).toEqual([414, { message: 'The request line is too long.' }]);
    for (const beyond of [
      await sendRaw(port, 'GET /api/v2/buildinfo HTTP/1.1', [header(300_000)]),
      await sendRaw(port, `GET /api/v2/buildinfo?x=${'y'.repeat(300_000)} HTTP/1.1`),
    ]) {
      expect(beyond.status).toBe(431);
      expect(JSON.parse(beyond.body)).toEqual({ message: 'The request line and headers are too large.' });
    }
  });

  test('has at most 200 headers, and none of them is dropped silently', async () => {
    const headers = (count: number) => Array.from({ length: count }, (_, at) => `X-${at}: x`);
    expect((await sendRaw(port, 'GET /api/v2/buildinfo HTTP/1.1', headers(190))).status).toBe(200);
    for (const count of [300, 5000]) {
      const refused = await sendRaw(port, 'GET /api/v2/buildinfo HTTP/1.1', headers(count));
      expect([refused.status, JSON.parse(refused.body)]).toEqual([
        431,
        { message: 'The request has too many headers.' },
      ]);
    }
  });

  test('with what is no request gets the documented shape', async () => {
    for (const text of ['HELLO\r\n\r\n', 'get / HTTP/1.1\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\x16\x03\x01\x02\x00']) {
      const answer = parseAnswer(await openRaw(port, text).closed);
      expect([answer.status, JSON.parse(answer.body)]).toEqual([400, { message: 'The request is malformed.' }]);
    }
  });
});

describe('a programming error', () => {
  const { hit } = SlidingWindow.prototype;
  afterEach(() => {
    SlidingWindow.prototype.hit = hit;
  });

  test.each(['without a key', 'with a key, after its look-up'])('in a hook of a request %s is a 500', async (who) => {
    const t = await startApp({ env: { CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'false' } });
    const client = who === 'without a key' ? t.anonymous : t.owner;
    SlidingWindow.prototype.hit = () => {
      throw new TypeError('a programming error');
    };
    const broken = await client.get('/api/v2/users/me');
    expect([broken.status, broken.body.message]).toEqual([500, 'An internal server error occurred.']);
    expect(broken.text).not.toContain('programming');
    SlidingWindow.prototype.hit = hit;
    expect((await t.owner.get('/api/v2/users/me')).status).toBe(200);
  });

  test('in what looks sessions up is a 500 for those who asked, and the next look-up works', async () => {
    const t = await startApp();
    const { query } = t.pool;
    t.pool.query = (() => {
      throw new TypeError('a programming error');
    }) as typeof query;
    const broken = await Promise.all([t.owner.get('/api/v2/users/me'), t.owner.get('/api/v2/users/me')]);
    t.pool.query = query;
    expect(broken.map(({ status }) => status)).toEqual([500, 500]);
    expect((await t.owner.get('/api/v2/users/me')).status).toBe(200);
  });
});

describe('one who sends much', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startApp({
      env: { CODER_PROXY_TRUSTED_HEADERS: 'X-Forwarded-For', CODER_PROXY_TRUSTED_ORIGINS: '127.0.0.0/8' },
    });
  });

  test('holds a few connections with writes that hang, while others read and write', async () => {
    const [eve, ann] = [await aUser(t), await aUser(t)];
    const waiting = async () =>
      Number(
        (
          await t.db.execute(
            sql`select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          )
        ).rows[0]?.n,
      );
    const url = t.config.postgres.url ?? '';
    let flood: Promise<number[]> = Promise.resolve([]);
    await withClient(url, async (client) => {
      await client.query('begin');
      await client.query('select 1 from users where id = $1 for update', [eve.id]);
      const profile = (name: string) => eve.client.put('/api/v2/users/me/profile', { username: eve.username, name });
      flood = Promise.all(Array.from({ length: 60 }, (_, at) => profile(`Eve ${at}`))).then((answers) =>
        answers.map(({ status }) => status),
      );
      await until(async () => (await waiting()) === 3, 'the first writes hang');
      for (let at = 0; at < 5; at += 1) {
        const written = await ann.client.put('/api/v2/users/me/profile', { username: ann.username, name: `Ann ${at}` });
        expect([written.status, written.body.name]).toEqual([200, `Ann ${at}`]);
        expect((await ann.client.get('/api/v2/users/me')).status).toBe(200);
        expect((await t.owner.get('/api/v2/users')).status).toBe(200);
      }
      expect(await waiting()).toBe(3);
      await client.query('rollback');
    });
    expect(new Set(await flood)).toEqual(new Set([200]));
  });

  test('from one network fills its own line of passwords: 503 before any look-up, and others sign in', async () => {
    // Costs a millisecond, unlike a hash of our own.
    const cheap = `$pbkdf2-sha256$2000$c2FsdHNhbHRzYWx0$${'A'.repeat(86)}`;
    let isToBeFull = true;
    // Whoever is done comes again, so that the line is full for as long as it has to be; who finds no place stays away.
    const fill = Array.from({ length: 600 }, async () => {
      while (isToBeFull) await verifyPassword(cheap, 'x', '203.0.113.9');
    }).map((one) => one.catch(() => undefined));
    const statements: unknown[] = [];
    const { query, connect } = t.pool;
    t.pool.query = ((...args: unknown[]) => {
      statements.push(args[0]);
      return (query as (...all: unknown[]) => unknown).apply(t.pool, args);
    }) as typeof query;
    t.pool.connect = ((...args: unknown[]) => {
      statements.push('connect');
      return (connect as (...all: unknown[]) => unknown).apply(t.pool, args);
    }) as typeof connect;
    const login = (network: string) =>
      t.anonymous.post(
        '/api/v2/users/login',
        { email: 'owner@example.com', password: PASSWORD },
        { 'x-forwarded-for': network },
      );
    const refused = await login('203.0.113.9');
    const asked = statements.length;
    Object.assign(t.pool, { query, connect });
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(asked).toBe(0);
    expect((await login('198.51.100.7')).status).toBe(201);
    isToBeFull = false;
    await Promise.all(fill);
    expect((await login('203.0.113.9')).status).toBe(201);
  });
});
