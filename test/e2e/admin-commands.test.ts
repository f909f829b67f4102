// The commands that work on the database beside or without a running server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanUp, preparedFolder, type RunningServer, run, startServer } from '../support/server.ts';

afterAll(cleanUp);

const PASSWORD = 'SomeSecurePassword!';
let dataDir: string;
let server: RunningServer;
beforeAll(async () => {
  dataDir = await preparedFolder();
  server = await startServer({ CODER_USERS_DATA_DIR: dataDir });
});

const command = (args: string[], input = '') => run(args, { CODER_USERS_DATA_DIR: dataDir }, input).finished;
const logIn = (email: string, password: string) =>
  fetch(`${server.url}/api/v2/users/login`, { method: 'POST', body: JSON.stringify({ email, password }) });
const create = (username: string, ...more: string[]) => [
  'create-admin-user',
  ...['--username', username, '--email', `${username}@example.com`],
  ...more,
];

describe('create-admin-user', () => {
  test('makes an owner beside a running server, who can log in at once', async () => {
    expect(await command(create('root-ada', '--password', PASSWORD))).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /^Created the owner root-ada <root-ada@example.com> with the id [0-9a-f-]{36}\.\n$/,
      ),
    });
    const login = await logIn('root-ada@example.com', PASSWORD);
    expect(login.status).toBe(201);
    const { session_token: token } = (await login.json()) as { session_token: string };
    const me = await fetch(`${server.url}/api/v2/users/me`, { headers: { 'Coder-Session-Token': token } });
    expect(await me.json()).toMatchObject({ username: 'root-ada', status: 'active', roles: [{ name: 'owner' }] });
  });

  test('takes the password from standard input, also under the name of server create-admin-user', async () => {
    expect(await command(['server', ...create('root-bob')], `${PASSWORD}\n`)).toMatchObject({ code: 0 });
    expect((await logIn('root-bob@example.com', PASSWORD)).status).toBe(201);
  });

  test.each([
    ['a weak password', create('root-cy', '--password', 'short'), 1, 'password: '],
    ['a bad username', create('cy--', '--password', PASSWORD), 1, 'username: '],
    ['a reserved username', create('me', '--password', PASSWORD), 1, 'username: '],
    ['a bad address', ['create-admin-user', '--username', 'cy', '--email', 'cy', '--password', PASSWORD], 1, 'email: '],
    ['no password', create('root-cy'), 1, 'No password was given'],
    ['no username', ['create-admin-user', '--email', 'cy@example.com'], 2, '--username is missing'],
  ])('refuses %s in one line', async (_, args, code, text) => {
    const finished = await command(args);
    expect(finished).toMatchObject({ code, stdout: '' });
    expect(finished.stderr).toMatch(/^coder-users: [^\n]+\n$/);
    expect(finished.stderr).toContain(text);
  });

  test('refuses a name that is taken in another letter case', async () => {
    expect(await command(create('taken', '--password', PASSWORD))).toMatchObject({ code: 0 });
    expect(await command(create('TAKEN', '--password', PASSWORD))).toMatchObject({
      code: 1,
      stderr: 'coder-users: A user with this username or e-mail address already exists.\n',
    });
  });
});

describe('reset-password', () => {
  test('gives a new password and ends every session of the user', async () => {
    await command(create('forgetful', '--password', PASSWORD));
    const login = await logIn('forgetful@example.com', PASSWORD);
    const { session_token: token } = (await login.json()) as { session_token: string };
    expect(await command(['reset-password', 'forgetful'], 'AnotherSecurePassword!\n')).toMatchObject({
      code: 0,
      stdout: 'The password of forgetful has been reset.\n',
    });
    const me = await fetch(`${server.url}/api/v2/users/me`, { headers: { 'Coder-Session-Token': token } });
    expect(me.status).toBe(401);
    expect((await logIn('forgetful@example.com', PASSWORD)).status).toBe(401);
    expect((await logIn('forgetful@example.com', 'AnotherSecurePassword!')).status).toBe(201);
  });

  test('refuses an unknown user and a missing name', async () => {
    expect(await command(['reset-password', 'nobody-here', '--password', PASSWORD])).toMatchObject({
      code: 1,
      stderr: 'coder-users: There is no user nobody-here.\n',
    });
    expect(await command(['reset-password'])).toMatchObject({ code: 2 });
  });
});

describe('keys revoke', () => {
  const tokenOf = async (email: string) => {
    const login = await logIn(email, PASSWORD);
    return ((await login.json()) as { session_token: string }).session_token;
  };
  const me = async (token: string) =>
    (await fetch(`${server.url}/api/v2/users/me`, { headers: { 'Coder-Session-Token': token } })).status;

  test("ends one key, one user's, or everybody's, at once, and the audit log says whose", async () => {
    await command(create('leaky', '--password', PASSWORD));
    await command(create('bystander', '--password', PASSWORD));
    const [first, second, other] = [
      await tokenOf('leaky@example.com'),
      await tokenOf('leaky@example.com'),
      await tokenOf('bystander@example.com'),
    ];
    const revoke = (...args: string[]) => command(['keys', 'revoke', ...args]);
    expect(await revoke('--id', first)).toMatchObject({ code: 0, stdout: '1 key was revoked.\n' });
    expect([await me(first), await me(second), await me(other)]).toEqual([401, 200, 200]);
    expect(await revoke('--id', first)).toMatchObject({ code: 1 });
    expect(await revoke('--user', 'leaky', '--older-than', '1h')).toMatchObject({ stdout: '0 keys were revoked.\n' });
    expect(await revoke('--user', 'leaky', '--kind', 'session')).toMatchObject({ stdout: '1 key was revoked.\n' });
    expect([await me(second), await me(other)]).toEqual([401, 200]);
    const asked = await revoke('--all');
    expect(asked).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/would be revoked, and none was\. Add --yes/),
    });
    expect(await me(other)).toBe(200);
    const query = encodeURIComponent('resource_type:api_key action:delete');
    const log = await fetch(`${server.url}/api/v2/audit?q=${query}&limit=10`, {
      headers: { 'Coder-Session-Token': other },
    });
    const { audit_logs: entries } = (await log.json()) as { audit_logs: { resource_target: string; diff: object }[] };
    expect(entries.map(({ resource_target }) => resource_target)).toEqual(['leaky', 'leaky']);
    expect(JSON.stringify(entries)).toContain(second.slice(0, 10));
    expect(await revoke('--all', '--yes')).toMatchObject({ code: 0 });
    expect(await me(other)).toBe(401);
  });

  test.each([[[]], [['--all', '--user', 'ada']], [['--user', 'ada', '--kind', 'x']], [['--all', '--older-than', '5']]])(
    'refuses %j',
    async (args) => {
      expect(await command(['keys', 'revoke', ...args])).toMatchObject({ code: 2, stdout: '' });
    },
  );
});

test('migrate says what it did, and works on the embedded database without a server', async () => {
  expect(await command(['migrate'])).toMatchObject({ code: 0, stdout: 'The schema is up to date.\n' });
  const alone = run(['migrate'], { CODER_USERS_DATA_DIR: await preparedFolder() });
  expect(await alone.finished).toMatchObject({ code: 0, stdout: 'The schema is up to date.\n' });
});
