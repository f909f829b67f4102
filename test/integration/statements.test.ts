// Prepared statements: their names fit whatever a caller combines, and a connection does not keep more and more of them.
import { describe, expect, test } from 'vitest';
import { MAX_PREPARED } from '../../src/postgres/connection.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';

const FILTERS = [
  'user',
  'name:o',
  'status:active,suspended,dormant',
  'role:owner',
  'login_type:password',
  'service_account:false',
  'created_after:"2020-01-01T00:00:00Z"',
  'created_before:"2090-01-01T00:00:00Z"',
  'last_seen_after:"2020-01-01T00:00:00Z"',
  'last_seen_before:"2090-01-01T00:00:00Z"',
  'github_com_user_id:7',
];

/** A query by the filters whose bits are set. */
const query = (bits: number) => encodeURIComponent(FILTERS.filter((_, at) => bits & (1 << at)).join(' '));

/** The prepared statements of the connections that the app has, one list for each. */
async function preparedOf(t: TestApp): Promise<string[][]> {
  const clients = await Promise.all(Array.from({ length: t.pool.totalCount }, () => t.pool.connect()));
  const names = await Promise.all(
    clients.map(async (client) => {
      const { rows } = await client.query<{ name: string }>('select name from pg_prepared_statements');
      return rows.map(({ name }) => name);
    }),
  );
  for (const client of clients) client.release();
  return names;
}

describe.each([
  ['users', '/api/v2/users'],
  ['members', '/api/v2/organizations/default/paginated-members'],
])('the list of %s', (_, path) => {
  test('answers every combination of filters: all at once, all but one, and hundreds one after the other', async () => {
    const t = await startApp();
    await aUser(t);
    const all = (1 << FILTERS.length) - 1;
    for (const bits of [all, ...FILTERS.map((_, at) => all & ~(1 << at))]) {
      const { status, body } = await t.owner.get(`${path}?q=${query(bits)}&limit=25`);
      expect([bits, status, body.message]).toEqual([bits, 200, undefined]);
    }
    for (let bits = 0; bits < 3 * MAX_PREPARED; bits++)
      expect((await t.owner.get(`${path}?q=${query(bits)}&limit=7`)).status).toBe(200);
    for (const names of await preparedOf(t)) {
      expect(names.length).toBeLessThanOrEqual(MAX_PREPARED);
      expect(Math.max(0, ...names.map((name) => Buffer.byteLength(name)))).toBeLessThanOrEqual(63);
    }
    // What was asked long before is still answered, prepared or not.
    expect((await t.owner.get(`${path}?q=${query(1)}&limit=25`)).body.count).toBe(1);
  });
});

test('behind a pooler nothing is prepared: the next statement may reach another session', async () => {
  const t = await startApp({ pooled: true });
  await t.owner.get('/api/v2/users?limit=10');
  expect((await preparedOf(t)).flat()).toEqual([]);
});
