// Which way leads to the database: TLS as libpq has it, several hosts, servers of another kind, poolers that drop settings.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import { withClient } from '../../src/postgres/client.ts';
import { waitForDatabase } from '../../src/postgres/wait.ts';
import { connect, inTransaction } from '../../src/store/db.ts';
import { databaseTrouble } from '../../src/store/errors.ts';
import { newAuthority } from '../support/certificates.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { proxyTo } from '../support/proxy.ts';

const log = pino({ level: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'coder-users-ways-'));
const authority = join(folder, 'authority.pem');
const { cert, issue } = newAuthority();
const LOCALHOST = issue(['localhost']);
writeFileSync(authority, cert);
afterAll(() => rmSync(folder, { recursive: true }));

/** A URL with other hosts and parameters. */
function to(url: string, hosts: string, parameters: Record<string, string> = {}): string {
  const { username, pathname } = new URL(url);
  return `postgres://${username}@${hosts}${pathname}?${new URLSearchParams(parameters)}`;
}
const asks = (url: string) => withClient(url, async (client) => (await client.query('select 1 as one')).rows[0].one);

describe('TLS', () => {
  test('is used where it is offered and nothing is said', async () => {
    const { url } = await cloneDatabase();
    const proxy = await proxyTo(url, { tls: LOCALHOST });
    expect(await asks(to(url, `127.0.0.1:${proxy.port}`))).toBe(1);
    expect(proxy.encrypted()).toBe(1);
    expect(await asks(to(url, `127.0.0.1:${proxy.port}`, { sslmode: 'allow' }))).toBe(1);
    expect(await asks(to(url, `127.0.0.1:${proxy.port}`, { sslmode: 'disable' }))).toBe(1);
    expect(proxy.encrypted()).toBe(1);
  });

  test('is done without where it is not offered, but for modes that need it', async () => {
    const { url } = await cloneDatabase();
    const proxy = await proxyTo(url);
    expect(await asks(to(url, `127.0.0.1:${proxy.port}`))).toBe(1);
    for (const sslmode of ['require', 'verify-ca', 'verify-full'])
      await expect(asks(to(url, `127.0.0.1:${proxy.port}`, { sslmode }))).rejects.toThrow('does not support SSL');
  });

  test('a role that the server refuses is the reason, not that it offers no TLS', async () => {
    const { url } = await cloneDatabase();
    const proxy = await proxyTo(url);
    const stranger = to(url, `127.0.0.1:${proxy.port}`).replace(/\/\/[^@]*@/, '//nobody-here@');
    await expect(asks(stranger)).rejects.toThrow('role "nobody-here" does not exist');
  });

  test('is tried by allow where nothing else is taken', async () => {
    const { url } = await cloneDatabase();
    const proxy = await proxyTo(url, { tls: { ...LOCALHOST, isRequired: true } });
    await expect(asks(to(url, `127.0.0.1:${proxy.port}`, { sslmode: 'disable' }))).rejects.toThrow('no encryption');
    expect(await asks(to(url, `127.0.0.1:${proxy.port}`, { sslmode: 'allow' }))).toBe(1);
    expect(proxy.encrypted()).toBe(1);
  });

  test('checks authority and name as the mode says', async () => {
    const { url } = await cloneDatabase();
    const { port } = await proxyTo(url, { tls: LOCALHOST });
    const checked = (host: string, parameters: Record<string, string>) =>
      asks(to(url, `${host}:${port}`, parameters)).then(
        () => 'fine',
        (err: Error) => err.message,
      );
    const sslrootcert = authority;
    expect(await checked('127.0.0.1', { sslmode: 'require' })).toBe('fine');
    expect(await checked('127.0.0.1', { sslmode: 'require', sslrootcert })).toBe('fine');
    expect(await checked('127.0.0.1', { sslmode: 'verify-ca', sslrootcert })).toBe('fine');
    expect(await checked('127.0.0.1', { sslmode: 'verify-full', sslrootcert })).toMatch(/IP: 127\.0\.0\.1/);
    expect(await checked('localhost', { sslmode: 'verify-full', sslrootcert, hostaddr: '127.0.0.1' })).toBe('fine');
    for (const parameters of [{ sslmode: 'verify-ca' }, { sslmode: 'verify-full' }, { sslrootcert: 'system' }])
      expect(await checked('localhost', { ...parameters, hostaddr: '127.0.0.1' })).toMatch(/certificate/);
  });
});

describe('several hosts', () => {
  test('the next one is used when one is away, also by a pool that was connected', async () => {
    const { url } = await cloneDatabase();
    const [first, second] = [await proxyTo(url), await proxyTo(url)];
    const both = to(url, `127.0.0.1:${first.port},127.0.0.1:${second.port}`);
    const { pool, db } = connect(await waitForDatabase({ url: both }, log), log);
    const one = async () => (await db.execute(sql`select 1 as one`)).rows;
    expect(await one()).toEqual([{ one: 1 }]);
    expect([first.open() > 0, second.open()]).toEqual([true, 0]);
    first.cut();
    expect(await one()).toEqual([{ one: 1 }]);
    expect(second.open()).toBeGreaterThan(0);
    first.restore();
    second.cut();
    expect(await inTransaction(db, (tx) => tx.execute(sql`select 1 as one`))).toMatchObject({ rows: [{ one: 1 }] });
    await pool.end();
  });

  test('read-write passes a server by that takes no writes, and finds the one that does after they changed places', async () => {
    const [here, there] = [await cloneDatabase(), await cloneDatabase()];
    const setReadOnly = (url: string, value: string) =>
      withClient(url, async (client) => {
        await client.query('set default_transaction_read_only = off');
        const database = new URL(url).pathname.slice(1);
        await client.query(`alter database ${database} set default_transaction_read_only = ${value}`);
      });
    // Two databases stand for two servers of which one takes no writes.
    await setReadOnly(here.url, 'on');
    const toHere = await proxyTo(here.url);
    const database = new URL(there.url).pathname.slice(1);
    const toThere = await proxyTo(there.url, { rewrites: (parameters) => ({ ...parameters, database }) });
    const hosts = `127.0.0.1:${toHere.port},127.0.0.1:${toThere.port}`;
    const url = to(here.url, hosts, { target_session_attrs: 'read-write' });
    const { pool, db } = connect({ url, pooled: false }, log);
    const where = async () => (await db.execute(sql`select current_database() as name`)).rows[0]?.name;
    expect(await where()).toBe(new URL(there.url).pathname.slice(1));
    await setReadOnly(there.url, 'on');
    await setReadOnly(here.url, 'off');
    toThere.drop();
    expect(await where()).toBe(new URL(here.url).pathname.slice(1));
    await setReadOnly(here.url, 'on');
    toHere.drop();
    expect(await where().catch((err: unknown) => databaseTrouble(err))).toBe('read-only');
    await pool.end();
  });
});

describe('run-time parameters of the URL', () => {
  test('reach the database, on the pool and for migrations', async () => {
    const { url } = await cloneDatabase();
    const own = new URL(url);
    own.searchParams.set('search_path', 'pg_catalog,public');
    own.searchParams.set('work_mem', '8MB');
    own.searchParams.set('application_name', 'my app');
    const { pool, db } = connect(await waitForDatabase({ url: own.href }, log), log);
    const settings = sql`select current_setting('search_path') as path, current_setting('work_mem') as memory,
      current_setting('application_name') as name, current_setting('TimeZone') as zone`;
    const expected = { path: 'pg_catalog,public', memory: '8MB', name: 'my app', zone: 'UTC' };
    expect((await db.execute(settings)).rows).toEqual([expected]);
    await pool.end();
  });

  test('that Postgres does not know are named', async () => {
    const { url } = await cloneDatabase();
    const own = new URL(url);
    own.searchParams.set('pgbouncer', 'true');
    await expect(waitForDatabase({ url: own.href }, log)).rejects.toThrow(
      'Cannot use the database of CODER_PG_CONNECTION_URL: unrecognized configuration parameter "pgbouncer"',
    );
  });

  test('that have no effect here are named once at start', async () => {
    const { url } = await cloneDatabase();
    const own = new URL(url);
    own.searchParams.set('gssencmode', 'disable');
    const lines: string[] = [];
    const note = (line: string) => lines.push(line);
    await waitForDatabase({ url: own.href }, { info: note, warn: note } as never);
    expect(lines).toEqual(['parameters of the database connection URL that have no effect: gssencmode']);
  });

  test('a pooler that drops settings in silence is found out; a search path that it drops stops the start', async () => {
    const { url } = await cloneDatabase();
    // Takes the start-up options and forgets them.
    const proxy = await proxyTo(url, { rewrites: ({ options: _, ...others }) => others });
    const target = await waitForDatabase({ url: proxy.url }, log);
    expect(target.pooled).toBe(true);
    const own = new URL(proxy.url);
    own.searchParams.set('search_path', 'app');
    await expect(waitForDatabase({ url: own.href }, log)).rejects.toThrow(/search_path .* does not reach the database/);
  });
});
