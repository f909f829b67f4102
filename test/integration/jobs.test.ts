// What the server does by itself: it deletes what was kept long enough.
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { HOUR } from '../../src/clock.ts';
import { deleteOutdated, startJobs } from '../../src/jobs.ts';
import { connect } from '../../src/store/db.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';

const DAY = 24 * HOUR;

async function count(t: TestApp, table: 'api_keys' | 'audit_logs'): Promise<number> {
  const { rows } = await t.pool.query(`select count(*)::int as count from ${table}`);
  return rows[0].count;
}

const exists = async (t: TestApp, id: string) =>
  (await t.pool.query('select 1 from api_keys where id = $1', [id])).rows.length > 0;

/** Waits until a condition holds; fails after five seconds. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await delay(10);
  }
}

/** A token of the owner that lasts an hour; its id. */
async function anHour(t: TestApp): Promise<string> {
  const made = await t.owner.post('/api/v2/users/me/keys/tokens', { lifetime: 3_600_000_000_000 });
  return made.body.key.slice(0, 10);
}

describe('expired keys', () => {
  test('are deleted once they have been expired for a week, not before, and living ones never', async () => {
    const t = await startApp();
    const user = await aUser(t);
    const short = await anHour(t);
    t.clock.advance(7 * DAY + HOUR / 2);
    await deleteOutdated(t.deps);
    expect(await exists(t, short)).toBe(true);
    t.clock.advance(HOUR);
    await deleteOutdated(t.deps);
    expect(await exists(t, short)).toBe(false);
    // The user's own key expired half an hour ago or lives: it stays.
    expect(await exists(t, user.token.slice(0, 10))).toBe(true);
  });

  test('are kept as long as the setting says', async () => {
    const t = await startApp({ env: { CODER_API_KEYS_RETENTION: '1d' } });
    const short = await anHour(t);
    t.clock.advance(DAY + 2 * HOUR);
    await deleteOutdated(t.deps);
    expect(await exists(t, short)).toBe(false);
  });

  test('are kept for ever with 0', async () => {
    const t = await startApp({ env: { CODER_API_KEYS_RETENTION: '0' } });
    const short = await anHour(t);
    t.clock.advance(3650 * DAY);
    await deleteOutdated(t.deps);
    expect(await exists(t, short)).toBe(true);
  });

  test('go ten thousand at a time, the longest expired first', async () => {
    const t = await startApp();
    await t.pool.query(
      `insert into api_keys (id, hashed_secret, user_id, expires_at, created_at, updated_at, login_type, kind, lifetime_seconds, token_name, scopes, allow_list)
       select 'old' || lpad(n::text, 7, '0'), '\\x00', $1, timestamptz '2020-01-01' + n * interval '1 minute', '2020-01-01', '2020-01-01',
         'token', 'token', 60, 'old' || n, '{coder:all}', '{*:*}' from generate_series(1, 10005) n`,
      [t.ownerId],
    );
    const before = await count(t, 'api_keys');
    await deleteOutdated(t.deps);
    expect(await count(t, 'api_keys')).toBe(before - 10_000);
    expect(await exists(t, 'old0010001')).toBe(true);
    await deleteOutdated(t.deps);
    expect(await count(t, 'api_keys')).toBe(before - 10_005);
  });
});

describe('audit entries', () => {
  test('are deleted after the time of the setting', async () => {
    const t = await startApp({ env: { CODER_AUDIT_LOGS_RETENTION: '30d', CODER_API_KEYS_RETENTION: '0' } });
    expect(await count(t, 'audit_logs')).toBeGreaterThan(0);
    t.clock.advance(31 * DAY);
    await t.anonymous.post('/api/v2/users/login', { email: 'owner@example.com', password: 'SomeSecurePassword!' });
    await deleteOutdated(t.deps);
    expect(await count(t, 'audit_logs')).toBe(1);
  });

  test('are kept for ever without one', async () => {
    const t = await startApp();
    const before = await count(t, 'audit_logs');
    t.clock.advance(3650 * DAY);
    await deleteOutdated(t.deps);
    expect(await count(t, 'audit_logs')).toBe(before);
  });
});

describe('the jobs', () => {
  test('run at start and again every ten minutes, until they are stopped', async () => {
    const t = await startApp();
    const [first, second] = [await anHour(t), await anHour(t)];
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    await t.pool.query(`update api_keys set expires_at = expires_at + interval '1 day' where id = $1`, [second]);
    t.clock.advance(7 * DAY + 2 * HOUR);
    const jobs = startJobs(t.deps);
    await until(async () => !(await exists(t, first)));
    expect(await exists(t, second)).toBe(true);
    t.clock.advance(DAY);
    // A run that is due while the one before is at work does nothing.
    await until(async () => {
      vi.advanceTimersByTime(10 * 60_000);
      return !(await exists(t, second));
    });
    await jobs.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a failure is logged and does not end them', async () => {
    const t = await startApp({ env: { CODER_AUDIT_LOGS_RETENTION: '1d' } });
    const lines: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
    const { pool, db } = connect({ url: 'postgres://nobody@127.0.0.1:1/nothing', pooled: false }, log);
    onTestFinished(() => pool.end());
    await deleteOutdated({ ...t.deps, db, log });
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'could not delete expired keys',
      'could not delete spent states of logins',
      'could not delete handled notifications',
      'could not delete old messages in inboxes',
      'could not delete audit entries',
    ]);
  });
});
