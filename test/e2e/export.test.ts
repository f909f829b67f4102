// The way out: what an export holds, in both formats, beside a running server.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csvCell } from '../../src/csv.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';
import { cleanUp, dataFolder, run } from '../support/server.ts';

afterAll(cleanUp);

let t: TestApp;
let token: string;
beforeAll(async () => {
  t = await startApp();
  const user = await aUser(t, { username: 'ada' });
  token = user.token;
  await user.client.post('/api/v2/users/me/secrets', { name: 'n', value: 'hunter2' });
  await user.client.put('/api/v2/users/me/profile', { username: 'ada', name: '=1+1' });
  await t.owner.put('/api/v2/users/ada/roles', { roles: ['auditor', 'user-admin'] });
});

const exported = (...args: string[]) => run(['export', ...args], { CODER_PG_CONNECTION_URL: t.databaseUrl }).finished;

describe('export', () => {
  test('as JSON says what the API says, and nothing secret', async () => {
    const { code, stdout } = await exported();
    expect(code).toBe(0);
    const all = JSON.parse(stdout) as Record<string, Record<string, unknown>[]>;
    const { body } = await t.owner.get('/api/v2/users/ada');
    const shown = all.users?.find(({ username }) => username === 'ada') ?? {};
    const names = [
      'id',
      'username',
      'email',
      'name',
      'status',
      'login_type',
      'created_at',
      'updated_at',
      'last_seen_at',
    ];
    for (const name of names) expect(shown[name], name).toEqual(body[name]);
    expect(all.memberships).toContainEqual(
      expect.objectContaining({ username: 'ada', organization_id: t.organizationId, organization_name: 'coder' }),
    );
    expect(all.roles?.filter(({ username }) => username === 'ada').map(({ role }) => role)).toEqual([
      'auditor',
      'user-admin',
    ]);
    const { body: log } = await t.owner.get('/api/v2/audit?limit=1');
    expect(all.audit_logs).toHaveLength(log.count);
    expect(all.audit_logs?.at(-1)).toMatchObject({ id: log.audit_logs[0].id, time: log.audit_logs[0].time });
    const { rows } = await t.pool.query('select hashed_password as text from users where hashed_password <> $1', ['']);
    for (const secret of [...rows.map(({ text }) => text), 'hunter2', token.slice(11), 'v1:']) {
      expect(stdout).not.toContain(secret);
    }
  });

  test('as CSV into a folder of its own, once; formulas are text', async () => {
    const folder = join(dirname(dataFolder()), 'export');
    expect(await exported('--format', 'csv', '--output', folder)).toMatchObject({ code: 0 });
    expect(readdirSync(folder).sort()).toEqual(['audit_logs.csv', 'memberships.csv', 'roles.csv', 'users.csv']);
    expect(statSync(join(folder, 'users.csv')).mode & 0o777).toBe(0o600);
    const lines = readFileSync(join(folder, 'users.csv'), 'utf8').split('\r\n');
    expect(lines[0]?.split(',').slice(0, 4)).toEqual(['id', 'username', 'email', 'name']);
    expect(lines.find((line) => line.includes(',ada,'))).toMatch(/,ada,ada@example\.com,'=1\+1,.*,auditor;user-admin,/);
    expect(await exported('--format', 'csv', '--output', folder)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there already'),
    });
    const { stdout } = await exported('--format', 'csv', '--only', 'users');
    expect(stdout).toBe(lines.join('\r\n'));
  });

  test.each([[['--format', 'xml']], [['--format', 'csv']], [['--only', 'secrets']]])('refuses %j', async (args) => {
    expect(await exported(...args)).toMatchObject({ code: 2, stdout: '' });
  });
});

test.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['a "b"\r\n', '"a ""b""\r\n"'],
  ['=cmd()', "'=cmd()"],
  ['@x,', '"\'@x,"'],
  ['-1', "'-1"],
  [-1, '-1'],
  [null, ''],
  [true, 'true'],
  [['a', 'b'], 'a;b'],
  [['=a'], "'=a"],
  [{ a: ['='] }, '"{""a"":[""=""]}"'],
])('a cell for %j is %s', (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});
