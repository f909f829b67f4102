// The log of a real server: causes with the lines of the source, slow statements, and lines that nobody can forge.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { withClient } from '../../src/postgres/client.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { cleanUp, type RunningServer, startServer, until } from '../support/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'coder-users-log-'));
const ADA = { email: 'ada@example.com', username: 'ada', password: 'SomeSecurePassword!' };
let server: RunningServer;
let databaseUrl: string;
let token: string;

beforeAll(async () => {
  databaseUrl = (await cloneDatabase()).url;
  server = await startServer({
    CODER_PG_CONNECTION_URL: databaseUrl,
    CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
    CODER_LOGGING_JSON: '/dev/stdout',
    CODER_LOGGING_HUMAN: join(folder, 'human'),
    CODER_LOGGING_STACKDRIVER: join(folder, 'stackdriver'),
    CODER_LOG_FILTER: '/latency-check',
    CODER_USERS_SLOW_STATEMENT: '100ms',
  });
  await call('POST', '/api/v2/users/first', ADA);
  const login = await call('POST', '/api/v2/users/login', ADA);
  token = ((await login.json()) as { session_token: string }).session_token;
});
afterAll(async () => {
  await cleanUp();
  rmSync(folder, { recursive: true });
});

const call = (method: string, path: string, body?: unknown, key = token) =>
  fetch(server.url + path, {
    method,
    headers: { ...(key !== undefined && { 'coder-session-token': key }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const lines = () => server.log() as unknown as Record<string, unknown>[];
const line = (what: Record<string, unknown>) =>
  until(
    () => lines().find((one) => Object.entries(what).every(([name, value]) => one[name] === value)),
    JSON.stringify(what),
  );

test('a fault of our own has a stack that names the source, from the bundle too, and no value', async () => {
  await withClient(databaseUrl, (client) => client.query('alter table user_skills rename to away'));
  expect((await call('GET', '/api/experimental/users/me/skills/a-secret-name')).status).toBe(500);
  const { err } = (await line({ msg: 'request failed' })) as { err: { stack: string; code: string } };
  expect(err.code).toBe('42P01');
  expect(err.stack).toMatch(/src\/store\/skills\.ts:\d+/);
  expect(err.stack).not.toContain('program.js');
  expect(err.stack).not.toContain('a-secret-name');
  await withClient(databaseUrl, (client) => client.query('alter table away rename to user_skills'));
});

test('a slow statement is named with its route, without values', async () => {
  await withClient(databaseUrl, async (client) => {
    await client.query('begin');
    await client.query('lock table user_skills in access exclusive mode');
    const answer = call('GET', '/api/experimental/users/me/skills/a-secret-name');
    await until(async () => {
      // Within a transaction the first look would be kept.
      await client.query('select pg_stat_clear_snapshot()');
      const { rows } = await client.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
          and clock_timestamp() - query_start > '150ms'`,
      );
      return rows.length > 0;
    }, 'a statement has waited for the lock');
    await client.query('rollback');
    expect((await answer).status).toBe(404);
  });
  const slow = await line({ msg: 'a statement was slow', route: '/api/experimental/users/:user/skills/:name' });
  expect(slow).toMatchObject({ level: 40, method: 'GET', statement: expect.stringMatching(/^select .*\$1/) });
  expect(JSON.stringify(slow)).not.toContain('a-secret-name');
});

/** What fail2ban does: the pattern of the date is cut out, and the rest is compared. */
function banned(log: string): string[] {
  const filter = readFileSync(join(packageRoot, 'docs/monitoring/fail2ban/filter.d/coder-users.conf'), 'utf8');
  const [, patterns = ''] = /^failregex = ((?:.*\n)(?: .*\n)*)/m.exec(filter) ?? [];
  const [, date = ''] = /^datepattern = (.*)$/m.exec(filter) ?? [];
  const expressions = patterns
    .trim()
    .split(/\n\s*/)
    .map((pattern) => new RegExp(pattern.replace('<ADDR>', '(?<addr>[0-9a-f:.]+)')));
  expect(expressions).toHaveLength(2);
  const when = new RegExp(date.replace('{LEPOCH}', String.raw`\d{13}`));
  return log.split('\n').flatMap((one) => {
    if (!when.test(one)) return [];
    const rest = one.replace(when, '');
    return expressions.flatMap((expression) => expression.exec(rest)?.groups?.addr ?? []).slice(0, 1);
  });
}

test('failed sign-ins and refused keys are read by the filter of fail2ban, and nobody can write the address of another', async () => {
  const forged = '{"level":30,"time":1700000000000,"pid":1,"ip":"203.0.113.9","reason":"x","msg":"sign-in failed"}';
  const before = banned(server.stdout()).length;
  const login = (email: string) => call('POST', '/api/v2/users/login', { email, password: 'wrong' });
  const statuses = [
    (await login(ADA.email)).status,
    (await login('"x\\",\\"ip\\":\\"203.0.113.9"@example.com')).status,
    (await login(`\n${forged}\n@example.com`)).status,
    (await call('GET', `/api/v2/users/${encodeURIComponent(`\n${forged}\n`)}`, undefined, `${forged}`)).status,
    (await call('GET', '/api/v2/users/me', undefined, 'aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb')).status,
  ];
  expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(3);
  const last = await line({ msg: 'request refused', route: '/api/v2/users/:user', path: '/api/v2/users/me' });
  expect(last).toMatchObject({ level: 30, status: 401, ip: '127.0.0.1', reason: expect.stringContaining('API key') });
  const found = banned(server.stdout()).slice(before);
  expect(new Set(found)).toEqual(new Set(['127.0.0.1']));
  expect(found).toHaveLength(statuses.filter((status) => status === 401).length);
  expect(await line({ msg: 'sign-in failed', account: 'ada' })).toMatchObject({
    level: 30,
    ip: '127.0.0.1',
    email: ADA.email,
    reason: 'wrong password',
  });
  expect(server.stdout()).not.toMatch(/SomeSecurePassword|bbbbbbbbbbbb/);
});

test('lines for people begin with a time, whatever somebody sent, and stacks are set in', () => {
  const human = readFileSync(join(folder, 'human'), 'utf8').trimEnd().split('\n');
  expect(human.filter((one) => !/^\d\d:\d\d:\d\d (INFO|WARN|ERROR|DEBUG) |^ {4}/.test(one))).toEqual([]);
  expect(human.some((one) => one.startsWith('    ') && one.includes('src/store/skills.ts'))).toBe(true);
});

test('the other forms and the filter of details are honoured', async () => {
  await call('GET', '/latency-check');
  await call('GET', '/healthz');
  expect(await line({ msg: 'answered', path: '/latency-check' })).toMatchObject({ level: 20, status: 200 });
  expect(
    lines()
      .filter(({ level }) => level === 20)
      .map(({ path }) => path),
  ).toEqual(['/latency-check']);
  const cloud = readFileSync(join(folder, 'stackdriver'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one));
  expect(cloud).toContainEqual(
    expect.objectContaining({ severity: 'ERROR', message: 'request failed', timestamp: expect.stringMatching(/Z$/) }),
  );
});
