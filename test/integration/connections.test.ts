// Reaching an external database: late, behind a pooler, restarted under the pool.
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { withClient } from '../../src/postgres/client.ts';
import { waitForDatabase } from '../../src/postgres/wait.ts';
import { connect, inTransaction } from '../../src/store/db.ts';
import { migrate } from '../../src/store/migrate.ts';
import { cloneDatabase, emptyDatabase } from '../support/postgres.ts';
import { likeAPooler, proxyTo, refusal } from '../support/proxy.ts';

const log = pino({ level: 'silent' });

const through = async (url: string, onStartup?: (packet: string) => Buffer | undefined) =>
  (await proxyTo(url, onStartup && { onStartup })).url;

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
  const { rows } = await db.execute(sql`select count(*)::int as n from coder_users_migrations`);
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
  expect(packets.filter((packet) => packet.includes('user\0'))).toHaveLength(1);
  expect(packets.join()).not.toContain('options');
});

test('a database that comes late is waited for: a server that refuses, and one whose database is still being made', async () => {
  const { url } = await cloneDatabase();
  const proxy = await proxyTo(url);
  proxy.cut();
  const lines: string[] = [];
  const info = (line: string) => {
    lines.push(line);
    proxy.restore();
  };
  await waitForDatabase({ url: proxy.url }, { info, warn: info } as never);
  expect(lines).toEqual([expect.stringMatching(/^waiting up to 30 s for the database: \S/)]);

  const late = new URL(url);
  late.pathname += '_late';
  const make = async (line: string) => {
    lines.push(line);
    await withClient(url, (client) => client.query(`create database ${late.pathname.slice(1)}`));
  };
  await waitForDatabase({ url: late.href }, { info: make, warn: make } as never);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^waiting up to 30 s for the database: database ".*_late" does not exist$/);
});

test('waiting ends with one line that names the setting; what waiting cannot cure is said at once', async () => {
  await expect(waitForDatabase({ url: 'postgres://kim:secret@127.0.0.1:1/coder' }, log, 300)).rejects.toThrow(
    /^Cannot use the database of CODER_PG_CONNECTION_URL: connect ECONNREFUSED 127\.0\.0\.1:1$/,
  );
  const { url } = await cloneDatabase();
  const wrong = new URL(url);
  wrong.pathname = '/no_such_database';
  await expect(waitForDatabase({ url: wrong.href }, log, 300)).rejects.toThrow(
    'database "no_such_database" does not exist',
  );
  const waited: string[] = [];
  const info = (line: string) => waited.push(line);
  const denied = await through(url, () => refusal('28P01', 'password authentication failed for user "kim"'));
  await expect(waitForDatabase({ url: denied }, { info, warn: info } as never)).rejects.toThrow(
    /^Cannot use the database of CODER_PG_CONNECTION_URL: password authentication failed for user "kim"$/,
  );
  expect(waited).toEqual([]);
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

test('a transaction that finds its connection dead takes another one, and none is lost to the pool', async () => {
  const proxy = await proxyTo((await cloneDatabase()).url);
  const { pool, db } = connect({ url: proxy.url, pooled: false }, log);
  for (let round = 0; round < 12; round++) {
    await db.execute(sql`select 1`);
    proxy.drop();
    expect((await inTransaction(db, (tx) => tx.execute(sql`select 1 as one`))).rows).toEqual([{ one: 1 }]);
  }
  expect(pool.totalCount - pool.idleCount).toBe(0);
  await pool.end();
});

test('what went wrong first is told, although the way back fails as well', async () => {
  const proxy = await proxyTo((await cloneDatabase()).url);
  const { pool, db } = connect({ url: proxy.url, pooled: false }, log);
  const first = new Error('the first thing that went wrong');
  const failing = inTransaction(db, async (tx) => {
    await tx.execute(sql`insert into site_settings values ('a', 'b')`);
    proxy.cut();
    throw first;
  });
  await expect(failing).rejects.toBe(first);
  proxy.restore();
  expect((await db.execute(sql`select from site_settings where key = 'a'`)).rows).toEqual([]);
  await pool.end();
});

test('a transaction in which a failure was swallowed does not pass for a success', async () => {
  const { pool, db } = connect({ url: (await cloneDatabase()).url, pooled: false }, log);
  const swallowing = inTransaction(db, async (tx) => {
    await tx.execute(sql`insert into site_settings values ('a', 'b')`);
    await tx.execute(sql`select 1 / 0`).catch(() => undefined);
  });
  await expect(swallowing).rejects.toThrow('rolled back');
  expect((await db.execute(sql`select from site_settings where key = 'a'`)).rows).toEqual([]);
  expect(pool.totalCount - pool.idleCount).toBe(0);
  await pool.end();
});

test('what fails inside an inner transaction is undone alone', async () => {
  const { pool, db } = connect({ url: (await cloneDatabase()).url, pooled: false }, log);
  await inTransaction(db, async (tx) => {
    await tx.execute(sql`insert into site_settings values ('outer', '1')`);
    const inner = inTransaction(tx, async (tx) => {
      await tx.execute(sql`insert into site_settings values ('inner', '1')`);
      await tx.execute(sql`select 1 / 0`);
    });
    await expect(inner).rejects.toThrow();
  });
  const { rows } = await db.execute(sql`select key from site_settings where key in ('outer', 'inner')`);
  expect(rows).toEqual([{ key: 'outer' }]);
  await pool.end();
});

test('a refused value costs no connection', async () => {
  const { pool, db } = connect({ url: (await cloneDatabase()).url, pooled: false }, log);
  const pid = async () => (await db.execute(sql`select pg_backend_pid() as pid`)).rows[0]?.pid;
  const before = await pid();
  await expect(db.execute(sql`insert into site_settings values ('deployment_id', '')`)).rejects.toThrow();
  expect(await pid()).toBe(before);
  await pool.end();
});
