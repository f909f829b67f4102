// Sessions that are not ours: behind a pooler, in front of a database with another time zone and other ways to write values.
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../src/postgres/client.ts';
import { inTransaction } from '../../src/store/db.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';
import { likeAPooler, proxyTo } from '../support/proxy.ts';
import { casesOf, nameOf, pathOf } from '../support/route-cases.ts';
import { makeWorld, type World } from '../support/world.ts';

const SETTINGS = {
  timezone: 'America/New_York',
  datestyle: 'German',
  intervalstyle: 'sql_standard',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  array_nulls: 'off',
  default_transaction_isolation: 'serializable',
};

let w: World;
/** An app on the same database whose sessions are as that database has them. */
let foreign: TestApp;

beforeAll(async () => {
  w = await makeWorld();
  const { databaseUrl } = w.t;
  await withClient(databaseUrl, async (client) => {
    for (const [name, value] of Object.entries(SETTINGS))
      await client.query(`alter database ${new URL(databaseUrl).pathname.slice(1)} set ${name} = '${value}'`);
  });
  foreign = await startApp({
    url: databaseUrl,
    env: { CODER_ACCESS_URL: w.t.deps.config.accessUrl },
    pooled: true,
    via: async (url) => (await proxyTo(url, { onStartup: likeAPooler, ends: 'with the file' })).url,
  });
});

test('the sessions are foreign indeed', async () => {
  const { rows } = await foreign.pool.query(`select now()::text as now, current_setting('TimeZone') as zone`);
  expect(rows[0].zone).toBe('America/New_York');
  expect(rows[0].now).toMatch(/^\d\d\.\d\d\.\d{4} .* E[SD]T$/);
});

describe('every operation answers as from a session of our own', () => {
  test('reading', async () => {
    const { token } = w.people.boss;
    let count = 0;
    for (const one of casesOf(w).filter(({ route }) => route.method === 'GET')) {
      const path = pathOf(one, w);
      // Both see the user as last seen by the same request.
      await foreign.as(token).get(path);
      const began = Date.now();
      const [theirs, ours] = [await foreign.as(token).get(path), await w.t.as(token).get(path)];
      const shown = ({ status, text }: typeof ours) => [
        nameOf(one.route),
        status,
        // When an answer was made, and how long it took, differs between any two of them.
        text
          .replace(/"(refreshed_at|aggregated_from|collected_at|next_update_at)":"[^"]+"/g, '')
          .replace(/"latency(_ms)?":("\w+"|\d+)/g, '')
          .replace(/"\d{4}-\d\d-\d\dT[^"]+Z"/g, (time) => (Date.parse(JSON.parse(time)) >= began ? '"now"' : time)),
      ];
      expect(shown(theirs)).toEqual(shown(ours));
      if (ours.status === 200) count += 1;
    }
    expect(count).toBeGreaterThan(30);
  });

  test('writing', async () => {
    const { token } = w.people.boss;
    let count = 0;
    for (const one of casesOf(w).filter(({ route }) => route.method !== 'GET')) {
      const [ours, theirs] = [w.t, foreign].map((t) => async () => {
        await w.restore();
        const { status } = await t.as(token).send(one.route.method, pathOf(one, w), one.body);
        return [nameOf(one.route), status];
      });
      const [expected, got] = [await ours?.(), await theirs?.()];
      expect(got).toEqual(expected);
      if (Number(got?.[1]) < 300) count += 1;
    }
    expect(count).toBeGreaterThan(25);
    await w.restore();
  });
});

test('somebody who was never seen is read, signs in and works', async () => {
  const user = await aUser(w.t);
  const before = await foreign.as(w.people.boss.token).get(`/api/v2/users/${user.username}`);
  expect(before).toMatchObject({ status: 200, body: { last_seen_at: '0001-01-01T00:00:00Z' } });
  const login = await foreign.anonymous.post('/api/v2/users/login', { email: user.email, password: PASSWORD });
  expect(login.status).toBe(201);
  const client = foreign.as(login.body.session_token);
  const renamed = await client.put('/api/v2/users/me/profile', { username: user.username, name: 'NULL' });
  expect(renamed).toMatchObject({ status: 200, body: { name: 'NULL', created_at: before.body.created_at } });
});

test('a transaction behind a pooler has its limits and its isolation all the same', async () => {
  const { rows } = await inTransaction(foreign.db, (tx) =>
    tx.execute(sql`select current_setting('transaction_isolation') as isolation, current_setting('lock_timeout') as lock,
      current_setting('statement_timeout') as statement`),
  );
  expect(rows).toEqual([{ isolation: 'read committed', lock: '5s', statement: '10s' }]);
  const after = await foreign.db.execute(sql`select current_setting('lock_timeout') as lock`);
  expect(after.rows).toEqual([{ lock: '0' }]);
});
