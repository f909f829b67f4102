// Reaching an external database: late, behind a pooler, restarted under the pool.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { type AddressInfo, connect as connectTo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, afterEach, expect, test } from 'vitest';
import { withClient } from '../../src/postgres/client.ts';
import { waitForDatabase } from '../../src/postgres/wait.ts';
import { connect } from '../../src/store/db.ts';
import { migrate } from '../../src/store/migrate.ts';
import { cloneDatabase, emptyDatabase } from '../support/postgres.ts';

const log = pino({ level: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'coder-users-connections-'));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Where the test database listens: a socket in a folder, or host and port with TEST_PG_URL. */
function upstreamOf(url: string): { path: string } | { host: string; port: number } {
  const { hostname, port, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? hostname;
  return host.startsWith('/') ? { path: join(host, '.s.PGSQL.5432') } : { host, port: Number(port || 5432) };
}

/** The same database through a port of our own; `onStartup` sees the first packet and may answer in its place. */
async function through(
  url: string,
  onStartup: (packet: string) => Buffer | undefined = () => undefined,
): Promise<string> {
  const server = createServer((client) => {
    client.once('data', (packet) => {
      const refusal = onStartup(packet.toString('latin1'));
      if (refusal) return client.end(refusal);
      const upstream = connectTo(upstreamOf(url));
      upstream.write(packet);
      client.pipe(upstream).pipe(client);
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = new URL(url);
  own.searchParams.delete('host');
  own.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return own.href;
}

/** An ErrorResponse of the wire protocol. */
function refusal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.from([0x45, 0, 0, 0, 0]);
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** Refuses what PgBouncer refuses: start-up parameters that it does not track. */
const likeAPooler = (packet: string) =>
  packet.includes('\0options\0') ? refusal('08P01', 'unsupported startup parameter: options') : undefined;

test('the pool works in UTC and with time limits', async () => {
  const { url } = await cloneDatabase();
  const target = await waitForDatabase({ url }, log);
  expect(target).toEqual({ url, pooled: false });
  const { pool, db } = connect(target, log);
  const { rows } = await db.execute(
    sql`select current_setting('TimeZone') as zone, current_setting('statement_timeout') as limit, '2026-01-02 03:04:05.123456+02'::timestamptz as at`,
  );
  expect(rows).toEqual([{ zone: 'UTC', limit: '10s', at: '2026-01-02 01:04:05.123456+00' }]);
  await pool.end();
});

test('a pooler that refuses session settings is recognised, and migrations work through it', async () => {
  const { url } = await emptyDatabase();
  const pooledUrl = await through(url, likeAPooler);
  const target = await waitForDatabase({ url: pooledUrl }, log);
  expect(target).toEqual({ url: pooledUrl, pooled: true });
  expect(await migrate(pooledUrl)).toBeGreaterThan(0);
  const { pool, db } = connect(target, log);
  const { rows } = await db.execute(sql`select count(*)::int as n from drizzle.__drizzle_migrations`);
  expect(rows[0]?.n).toBeGreaterThan(0);
  await pool.end();
});

test('with a direct URL no session setting is sent on the other one', async () => {
  const { url } = await cloneDatabase();
  const packets: string[] = [];
  const pooledUrl = await through(url, (packet) => {
    packets.push(packet);
    return undefined;
  });
  expect(await waitForDatabase({ url: pooledUrl, directUrl: url }, log)).toEqual({ url: pooledUrl, pooled: true });
  expect(packets).toHaveLength(1);
  expect(packets[0]).not.toContain('options');
});

test('a database that comes late is waited for', async () => {
  const { url } = await cloneDatabase();
  const late = new URL(url);
  const upstream = upstreamOf(url);
  const target = 'path' in upstream ? upstream.path : await socketTo(upstream);
  late.searchParams.set('host', folder);
  const lines: string[] = [];
  const info = (line: string) => {
    lines.push(line);
    symlinkSync(target, join(folder, '.s.PGSQL.5432'));
  };
  await waitForDatabase({ url: late.href }, { info } as never);
  expect(lines).toEqual([expect.stringMatching(/^waiting up to 30 s for the database: connect ENOENT/)]);
});

/** A Unix socket that leads to a TCP server, for runs against TEST_PG_URL. */
async function socketTo(upstream: { host: string; port: number }): Promise<string> {
  const path = join(folder, 'upstream');
  const server = createServer((client) => void client.pipe(connectTo(upstream)).pipe(client));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

test('waiting ends with one line that names the setting; what waiting cannot cure is said at once', async () => {
  await expect(waitForDatabase({ url: 'postgres://kim:secret@127.0.0.1:1/coder' }, log, 300)).rejects.toThrow(
    /^Cannot use the database of CODER_PG_CONNECTION_URL: connect ECONNREFUSED 127\.0\.0\.1:1$/,
  );
  const { url } = await cloneDatabase();
  const wrong = new URL(url);
  wrong.pathname = '/no_such_database';
  const started = Date.now();
  await expect(waitForDatabase({ url: wrong.href }, log)).rejects.toThrow('database "no_such_database" does not exist');
  expect(Date.now() - started).toBeLessThan(5000);
});

test('a database with another encoding than UTF8 is refused in plain words', async () => {
  const { url } = await cloneDatabase();
  const name = `${new URL(url).pathname.slice(1)}_ascii`;
  await withClient(url, (client) =>
    client.query(`create database ${name} template template0 encoding 'SQL_ASCII' locale_provider libc locale 'C'`),
  );
  const ascii = new URL(url);
  ascii.pathname = `/${name}`;
  await expect(waitForDatabase({ url: ascii.href }, log)).rejects.toThrow(
    'The database must have the encoding UTF8; it has SQL_ASCII.',
  );
});

test('connections that Postgres ends under the pool do no harm: the next query gets a new one', async () => {
  const { url } = await cloneDatabase();
  const lost: string[] = [];
  const warn = (_: object, line: string) => lost.push(line);
  const { pool, db } = connect({ url, pooled: false }, { warn } as never);
  await db.execute(sql`select 1`);
  await withClient(url, (client) =>
    client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
    ),
  );
  await expect.poll(() => lost.length).toBeGreaterThan(0);
  expect((await db.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }]);
  await pool.end();
});
