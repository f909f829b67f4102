// Insights: who was in which status when, and reports that are empty here.
import { beforeAll, describe, expect, test } from 'vitest';
import { HOUR } from '../../src/clock.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const DAY = 24 * HOUR;
const PATH = '/api/v2/insights/user-status-counts';

let t: TestApp;
let member: TestUser;
beforeAll(async () => {
  t = await startApp();
  member = await aUser(t, { login_type: 'none' });
});

type Point = { date: string; count: number };
const countsOf = async (query = '') => {
  const { status, body } = await t.owner.get(PATH + query);
  expect(status).toBe(200);
  return body.status_counts as Record<'active' | 'dormant' | 'suspended', Point[]>;
};
describe('GET /insights/user-status-counts', () => {
  test('has one point a day at midnight, oldest first, the newest not in the future of the next hour', async () => {
    const { active, dormant, suspended } = await countsOf();
    const dates = active.map(({ date }) => date);
    expect([active.length, dormant.length, suspended.length]).toEqual([61, 61, 61]);
    expect(dates.every((date) => date.endsWith('T00:00:00Z'))).toBe(true);
    expect(dates).toEqual([...dates].sort());
    expect(dormant.map(({ date }) => date)).toEqual(dates);
  });

  test('counts everybody in the latest status before each midnight, until they are deleted', async () => {
    const other = await startApp();
    const [ann, bob, cara] = [await aUser(other), await aUser(other), await aUser(other, { user_status: 'dormant' })];
    const points = async () => {
      const { body } = await other.owner.get(PATH);
      return Object.fromEntries(
        ['active', 'dormant', 'suspended'].map((status) => [
          status,
          body.status_counts[status].map(({ count }: Point) => count).slice(-4),
        ]),
      );
    };
    // What happened today shows from the next midnight on.
    expect(await points()).toMatchObject({ suspended: [0, 0, 0, 0] });
    await other.owner.put(`/api/v2/users/${bob.id}/status/suspend`);
    await other.pool.query(
      `update user_status_changes set changed_at = changed_at - interval '2 days' where user_id <> $1`,
      [ann.id],
    );
    await other.owner.delete(`/api/v2/users/${bob.id}`);
    await other.pool.query(
      `update user_status_changes set changed_at = changed_at - interval '1 day' where new_status = 'deleted'`,
    );
    const now = await points();
    expect([now.suspended?.at(-1), now.dormant?.at(-1), now.dormant?.at(-2)]).toEqual([0, 1, 1]);
    expect(now.suspended?.filter((count: number) => count === 1)).toHaveLength(1);
    // The owner alone: ann was made today, and bob was suspended before the first midnight saw him active.
    expect(now.active?.at(-2)).toBe(1);
    expect(cara.id).toBeDefined();
  });

  test('writes down every change of a status, whoever makes it, and nothing of other changes', async () => {
    const user = await aUser(t, { user_status: 'dormant' });
    const history = async () => {
      const text = 'select old_status, new_status from user_status_changes where user_id = $1 order by changed_at, id';
      return (await t.pool.query(text, [user.id])).rows.map((row) => `${row.old_status ?? ''}>${row.new_status}`);
    };
    expect(await history()).toEqual(['>dormant']);
    // Whoever is seen wakes up.
    expect((await user.client.get('/api/v2/users/me')).status).toBe(200);
    await t.owner.put(`/api/v2/users/${user.id}/status/suspend`);
    await t.owner.put(`/api/v2/users/${user.id}/status/suspend`);
    await t.owner.put(`/api/v2/users/${user.id}/profile`, { username: user.username, name: 'Other' });
    await t.owner.delete(`/api/v2/users/${user.id}`);
    await t.owner.delete(`/api/v2/users/${user.id}`);
    expect(await history()).toEqual(['>dormant', 'dormant>active', 'active>suspended', 'suspended>deleted']);
  });

  test('a history that is brought along in one statement knows what was before each change', async () => {
    const user = await aUser(t);
    await t.pool.query('delete from user_status_changes where user_id = $1', [user.id]);
    await t.pool.query(
      `insert into user_status_changes (user_id, new_status, changed_at)
       select $1, status, at from (values ('suspended', timestamptz '2026-01-03'), ('dormant', '2026-01-01'), ('active', '2026-01-02'))
         as h (status, at) order by at`,
      [user.id],
    );
    const text = 'select old_status, new_status from user_status_changes where user_id = $1 order by changed_at';
    expect((await t.pool.query(text, [user.id])).rows).toEqual([
      { old_status: null, new_status: 'dormant' },
      { old_status: 'dormant', new_status: 'active' },
      { old_status: 'active', new_status: 'suspended' },
    ]);
  });

  test('the built-in account is nobody', async () => {
    const { rows } = await t.pool.query(
      'select count(*)::int from user_status_changes c join users u on u.id = c.user_id where u.is_system',
    );
    expect(rows).toEqual([{ count: 0 }]);
  });

  test('days begin where the zone says', async () => {
    const east = await countsOf('?tz_offset=2');
    expect(east.active.every(({ date }) => date.endsWith('T22:00:00Z'))).toBe(true);
    expect(await countsOf('?timezone=Etc/GMT-2')).toEqual(east);
    expect((await countsOf('?tz_offset=-12')).active.at(0)?.date).toMatch(/T12:00:00Z$/);
  });

  test.each([
    ['?tz_offset=99', 'Invalid timezone.', 'unknown time zone Etc/GMT-99'],
    ['?tz_offset=-13', 'Invalid timezone.', 'unknown time zone Etc/GMT+13'],
    ['?timezone=../etc/passwd', 'Invalid timezone.', 'time: invalid location name'],
    ['?timezone=Local', 'Invalid timezone.', 'unknown time zone Local'],
    ['?timezone=UTC&tz_offset=1', 'Provide either "timezone" or "tz_offset", not both.', undefined],
    ['?tz_offset=1.5', 'Query parameters have invalid values.', undefined],
    ['?tz_offset=99999999999999999999', 'Query parameters have invalid values.', undefined],
    ['?zone=UTC', 'Query parameters have invalid values.', undefined],
  ])('%s is refused in the words of the reference', async (query, message, detail) => {
    const { status, body } = await t.owner.get(PATH + query);
    expect([status, body.message, body.detail]).toEqual([400, message, detail]);
  });

  test('is for those who may read users, by a key that may', async () => {
    expect((await t.anonymous.get(PATH)).status).toBe(401);
    const refused = await member.client.get(PATH);
    expect([refused.status, refused.body.status_counts]).toEqual([403, undefined]);
    const admin = await aUser(t, { login_type: 'none', roles: ['user-admin'] });
    expect((await admin.client.get(PATH)).status).toBe(200);
  });
});

describe('GET /insights/daus', () => {
  test('is 61 days without anybody in a workspace', async () => {
    const { status, body } = await t.owner.get('/api/v2/insights/daus?tz_offset=-3');
    expect([status, body.entries.length, body.tz_hour_offset]).toEqual([200, 61, -3]);
    expect(body.entries.at(-1).date).toBe(new Date((t.clock.now() - 3 * HOUR) / 1000).toISOString().slice(0, 10));
    expect(new Set(body.entries.map(({ amount }: { amount: number }) => amount))).toEqual(new Set([0]));
  });

  test('tells members nothing', async () => {
    expect((await member.client.get('/api/v2/insights/daus')).status).toBe(403);
  });
});

describe.each([
  ['user-activity', { users: [] }],
  ['user-latency', { users: [] }],
  ['templates', { active_users: 0, apps_usage: [], parameters_usage: [] }],
])('GET /insights/%s', (name, nothing) => {
  const path = `/api/v2/insights/${name}`;
  const range = '?start_time=2026-01-01T00:00:00Z&end_time=2026-01-02T00:00:00Z';

  test('is an empty report about the time asked for', async () => {
    const { status, body } = await t.owner.get(path + range);
    const report = { start_time: '2026-01-01T00:00:00Z', end_time: '2026-01-02T00:00:00Z', template_ids: [] };
    expect([status, body.report]).toEqual([200, { ...report, ...nothing }]);
  });

  test('needs both ends at midnight, whoever asks', async () => {
    const missing = await member.client.get(path);
    expect([missing.status, missing.body.validations.length]).toEqual([400, 2]);
    const odd = await t.owner.get(`${path}?start_time=2026-01-01T05:00:00Z&end_time=2026-01-02T00:00:00Z`);
    expect([odd.status, odd.body.message]).toEqual([400, 'Query parameter has invalid value.']);
  });

  test('tells members nothing', async () => {
    expect((await member.client.get(path + range)).status).toBe(403);
  });
});

test('a day later, what happened today shows', async () => {
  const other = await startApp();
  await aUser(other, { user_status: 'dormant' });
  other.clock.advance(DAY);
  const login = await other.anonymous.post('/api/v2/users/login', {
    email: 'owner@example.com',
    password: 'SomeSecurePassword!',
  });
  const { body } = await other.as(login.body.session_token).get(PATH);
  expect(body.status_counts.active.at(-1).count).toBe(1);
  expect(body.status_counts.dormant.at(-1).count).toBe(1);
  expect(body.status_counts.dormant.at(0).count).toBe(0);
});
