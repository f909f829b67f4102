// Rule 33: a cause is never lost. What keeps the database from serving is told apart in the answer, in /readyz and in the log.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HOUR } from '../../src/clock.ts';
import { withClient } from '../../src/postgres/client.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';
import { type DatabaseProxy, proxyTo } from '../support/proxy.ts';
import { until } from '../support/server.ts';

interface Line {
  msg?: string;
  path?: string;
  request?: string;
  err?: { code?: string; stack?: string };
}
const lines: Line[] = [];
const text = () => JSON.stringify(lines);
let t: TestApp;
let proxy: DatabaseProxy;
let user: TestUser;

beforeAll(async () => {
  t = await startApp({
    onLog: (line) => lines.push(line),
    via: async (url) => {
      proxy = await proxyTo(url, { ends: 'with the file' });
      return proxy.url;
    },
  });
  user = await aUser(t);
  // The first use is noted.
  await user.client.get('/api/v2/users/me');
});
afterEach(() => {
  lines.length = 0;
});

const direct = (sql: string) => withClient(t.databaseUrl, (client) => client.query(sql));
const rename = (name: string) => user.client.put('/api/v2/users/me/profile', { username: user.username, name });
const nameOf = async (id: string) => (await direct(`select name from users where id = '${id}'`)).rows[0].name as string;
/** Waits until a statement waits for a lock, and does something to it. */
const waiting = (what = 'pid') =>
  until(async () => {
    const { rows } = await direct(
      `select ${what} from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  }, 'a statement waits for a lock');
const ready = () => t.anonymous.get('/readyz');

/** The one line of the log about a request that failed, which must say what rule 33 asks for. */
function loggedCause(message: string, path: string) {
  const line = lines.find((one) => one.msg === message && one.path === path);
  expect(line).toMatchObject({ path, request: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  return line;
}

describe('too slow', () => {
  test('a statement that waited too long for a lock: 503, the log has the SQLSTATE and where it was asked for, nothing is written', async () => {
    const holder = new pg.Client({ connectionString: t.databaseUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from users where id = $1 for update', [user.id]);
    const answer = rename('Too Slow');
    // What the time-out would do, without waiting for it.
    await waiting('pg_cancel_backend(pid)');
    expect(await answer).toMatchObject({ status: 503, body: { message: 'The database is too slow right now.' } });
    await holder.end();
    expect(await nameOf(user.id)).toBe('');
    const line = loggedCause('The database is too slow right now.', '/api/v2/users/me/profile');
    expect(line).toMatchObject({ method: 'PUT', user: user.id, err: { type: 'DatabaseError', code: '57014' } });
    expect(line?.err?.stack).toMatch(/src\/store\/locks\.ts/);
    expect(line?.err?.stack).toMatch(/src\/services\/actors\.ts/);
    expect(text()).not.toMatch(/for update|Too Slow/);
  });
});

describe('read-only', () => {
  test('writes and /readyz are 503, reads go on although a use would be due to be noted', async () => {
    const database = new URL(t.databaseUrl).pathname.slice(1);
    await direct(`alter database ${database} set default_transaction_read_only = on`);
    proxy.drop();
    t.clock.advance(2 * HOUR);
    try {
      expect(await rename('Read Only')).toMatchObject({
        status: 503,
        body: { message: 'The database is read-only right now.' },
      });
      expect(loggedCause('The database is read-only right now.', '/api/v2/users/me/profile')?.err?.code).toBe('25006');
      expect((await user.client.get('/api/v2/users/me')).status).toBe(200);
      expect(await ready()).toMatchObject({ status: 503, body: { message: 'The database is read-only right now.' } });
      expect(await nameOf(user.id)).toBe('');
    } finally {
      await withClient(t.databaseUrl, async (client) => {
        await client.query('set default_transaction_read_only = off');
        await client.query(`alter database ${database} reset default_transaction_read_only`);
      });
      proxy.drop();
    }
    expect((await rename('Writable')).status).toBe(200);
    expect(await ready()).toMatchObject({ status: 200, body: { message: 'OK' } });
  });
});

describe('out of space', () => {
  test('is told apart, and /readyz remembers it although a small write may succeed', async () => {
    await direct(`
      create function no_space() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file "base/1/2": No space left on device' using errcode = '53100'; end $$;
      create trigger no_space before insert on user_skills for each row execute function no_space();`);
    const content = '---\nname: a-skill\ndescription: d\n---\nbody\n';
    const answer = await user.client.post('/api/experimental/users/me/skills', { content });
    expect(answer).toMatchObject({ status: 503, body: { message: 'The database is out of space.' } });
    expect(loggedCause('The database is out of space.', '/api/experimental/users/me/skills')?.err?.code).toBe('53100');
    expect(await ready()).toMatchObject({ status: 503, body: { message: 'The database is out of space.' } });
    expect((await direct('select from user_skills')).rows).toEqual([]);
    expect((await direct(`select from site_settings where key = 'space'`)).rows).toEqual([]);
  });
});

describe('unreachable', () => {
  test('is 503 for requests and within two seconds for /readyz, and over when the database is back', async () => {
    proxy.cut();
    expect(await user.client.get('/api/v2/users/me')).toMatchObject({
      status: 503,
      body: { message: 'The database cannot be reached right now.' },
      headers: { 'retry-after': '1' },
    });
    const line = loggedCause('The database cannot be reached right now.', '/api/v2/users/me');
    expect(line?.err).toMatchObject({ type: 'NoConnection', cause: { message: expect.stringMatching(/\S/) } });
    expect(await ready()).toMatchObject({
      status: 503,
      body: { message: 'The database cannot be reached right now.' },
    });
    const page = await t.anonymous.get('/login', { accept: 'text/html' });
    expect([page.status, page.headers['content-type']]).toEqual([503, 'text/html; charset=utf-8']);
    expect(loggedCause('The database cannot be reached right now.', '/login')).toMatchObject({
      method: 'GET',
      err: { message: expect.stringMatching(/\S/) },
    });
    proxy.restore();
    expect((await user.client.get('/api/v2/users/me')).status).toBe(200);
  });

  test('a connection that is cut in a transaction: 503, nothing is written, and the next request succeeds', async () => {
    const holder = new pg.Client({ connectionString: t.databaseUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from users where id = $1 for update', [user.id]);
    for (let i = 0; i < 12; i++) {
      const answer = rename('Cut Off');
      await waiting();
      proxy.drop();
      expect((await answer).status).toBe(503);
      await waiting('pg_terminate_backend(pid, 5000)');
    }
    await holder.end();
    expect(await nameOf(user.id)).not.toBe('Cut Off');
    expect((await rename('Back Again')).status).toBe(200);
  });

  test('connections that die between requests do not use the pool up', async () => {
    for (let i = 0; i < 15; i++) {
      await Promise.all(Array.from({ length: 3 }, () => user.client.get('/api/v2/users/me')));
      proxy.drop();
      await rename(aName());
    }
    expect((await rename('Still Here')).status).toBe(200);
  });
});

describe('a fault of our own', () => {
  test('is 500 without a word of the database, and the log has everything', async () => {
    await direct('alter table user_skills rename to skills_elsewhere');
    const id = randomUUID();
    const answer = await user.client.get(`/api/experimental/users/me/skills?x=${id}`);
    await direct('alter table skills_elsewhere rename to user_skills');
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({ message: 'An internal server error occurred.', detail: expect.any(String) });
    expect(answer.text).not.toMatch(/relation|user_skills/);
    const line = loggedCause('request failed', '/api/experimental/users/me/skills');
    expect(line).toMatchObject({ method: 'GET', user: user.id, err: { code: '42P01' } });
    expect(answer.body.detail).toContain(line?.request);
    expect(line?.err?.stack).toMatch(/src\/routes\/skills\.ts/);
    expect(text()).not.toContain(id);
    expect(text()).not.toMatch(/select|params/i);
  });
});
