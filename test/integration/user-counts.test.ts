// The counters behind the unfiltered list: exact whoever writes how much at once, and written once for each statement.
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/postgres/client.ts';
import { cloneDatabase } from '../support/postgres.ts';

const insert = (prefix: string, count: number, rest = '') => `
  insert into users (id, username, email, login_type, status, created_at, updated_at)
  select md5('${prefix}' || n)::uuid, '${prefix}' || n, '${prefix}' || n || '@example.com', 'none', 'active', now(), now()
  from generate_series(1, ${count}) n ${rest}`;

async function counts(client: pg.ClientBase) {
  const { rows } = await client.query<{ counted: number; actual: number }>(
    `select (select sum(live) from user_counts)::int as counted,
       (select count(*) from users where not deleted and not is_system)::int as actual`,
  );
  return rows[0];
}

describe('the counters', () => {
  test('follow inserts, upserts, deletions, tombstones and their return', async () => {
    const { url } = await cloneDatabase();
    await withClient(url, async (client) => {
      const expectAfter = async (sql: string, expected: number) => {
        await client.query(sql);
        expect(await counts(client)).toEqual({ counted: expected, actual: expected });
      };
      await expectAfter(insert('a', 10), 10);
      await expectAfter(insert('a', 12, 'on conflict (id) do update set deleted = true'), 2);
      await expectAfter(`update users set deleted = false where username like 'a%'`, 12);
      await expectAfter(`update users set is_system = true where username in ('a1', 'a2')`, 10);
      await expectAfter(`update users set last_seen_at = now()`, 10);
      await expectAfter(`delete from users where username in ('a1', 'a3')`, 9);
      await expectAfter(`delete from users where false`, 9);
    });
  });

  test('are written once by a statement of many rows', async () => {
    const { url } = await cloneDatabase();
    await withClient(url, async (client) => {
      await client.query('begin');
      await client.query(insert('b', 1000));
      await client.query(`update users set deleted = true where username like 'b%'`);
      const { rows } = await client.query(
        `select n_tup_upd::int as writes from pg_stat_xact_user_tables where relname = 'user_counts'`,
      );
      expect(rows).toEqual([{ writes: 2 }]);
    });
  });

  test('stay exact while many sessions write and some of them roll back', async () => {
    const { url } = await cloneDatabase();
    const write = (prefix: string, end: 'commit' | 'rollback') =>
      withClient(url, async (client) => {
        for (let round = 0; round < 5; round++) {
          await client.query('begin');
          await client.query(insert(`${prefix}${round}x`, 20));
          await client.query(`update users set deleted = true where username like '${prefix}${round}x1%'`);
          await client.query(end);
        }
      });
    await Promise.all(
      Array.from({ length: 24 }, (_, index) => write(`w${index}-`, index % 3 === 0 ? 'rollback' : 'commit')),
    );
    // Of twenty names eleven begin with a 1.
    const expected = 16 * 5 * 9;
    await withClient(url, async (client) => {
      expect(await counts(client)).toEqual({ counted: expected, actual: expected });
    });
  });
});
