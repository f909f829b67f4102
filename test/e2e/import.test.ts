// Moving in: the command brings a deployment of the reference server, and everybody goes on as before.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSecretBox } from '../../src/crypto/secret-box.ts';
import { withClient } from '../../src/postgres/client.ts';
import { secretAad } from '../../src/services/secrets.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { credentials, dump, referenceDatabase, TEMPLATE } from '../support/reference.ts';
import { cleanUp, dataFolder, type RunningServer, run, startServer, until } from '../support/server.ts';

afterAll(cleanUp);

const KEY = Buffer.alloc(32, 3).toString('base64');
const { password, tokens, sessions, users } = credentials;

let from: string;
let env: Record<string, string>;
beforeAll(async () => {
  from = (await referenceDatabase()).url;
  env = {
    CODER_PG_CONNECTION_URL: (await cloneDatabase()).url,
    CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: KEY,
    CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true',
  };
});

const moveIn = (...more: string[]) => run(['import', '--from', from, ...more], env).finished;
const target = () => env.CODER_PG_CONNECTION_URL ?? '';
const query = async (sql: string, url = target()) => withClient(url, async (client) => (await client.query(sql)).rows);

describe('coder-users import', () => {
  test('says with --dry-run what would come and what would not, and writes none of it', async () => {
    const before = await dump(target());
    const { code, stdout, stderr } = await moveIn('--dry-run');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Would come from the other deployment \(schema version 525\):\n/);
    expect(stdout).toMatch(/^ {2}users +11 new$/m);
    expect(stdout).toMatch(/^ {2}keys and tokens +6 new$/m);
    expect(stdout).toMatch(/columns without a place here: .*users\.quiet_hours_schedule/);
    expect(stdout).toMatch(/tables that are not about users: templates$/m);
    expect(stdout).toContain('This was a dry run');
    const { site_settings: _before, ...rest } = before;
    const { site_settings: after = [], ...others } = await dump(target());
    expect(others).toEqual(rest);
    expect(after.filter((row) => !row.includes('encryption_check'))).toEqual(before.site_settings);
  });

  test('brings everything, and tells no secret', async () => {
    const { code, stdout, stderr } = await moveIn();
    expect([code, stderr]).toEqual([0, '']);
    for (const line of [
      /organizations +1 changed$/m,
      /users +11 new$/m,
      /passwords +7 new$/m,
      /memberships of organizations +10 new$/m,
      /links to identity providers +2 new$/m,
      /SSH keys +\d+ new$/m,
      /settings of users +7 new$/m,
      /secrets +1 new$/m,
      /skills +1 new$/m,
      /form values of past builds +2 new$/m,
      /audit log entries +1 new$/m,
    ])
      expect(stdout).toMatch(line);
    expect(stdout).not.toMatch(/s3cret-value|PRIVATE KEY|pbkdf2/);
    expect(await query('select sum(live)::int as counted from user_counts')).toEqual([{ counted: 10 }]);
    expect(await query(`select value from site_settings where key = 'deployment_id'`)).toEqual([
      { value: '0b0b2ad3-3a3d-4f5c-9d27-1f0d5a4c7e11' },
    ]);
  });

  test('a second one changes nothing, nor does --continue when nothing is new', async () => {
    const before = await dump(target());
    const again = await moveIn();
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(again.stdout).toMatch(/^This deployment has moved in already/);
    const more = await moveIn('--continue');
    expect([more.code, more.stderr]).toEqual([0, '']);
    expect(more.stdout.match(/ nothing new$/gm)).toHaveLength(13);
    expect(await dump(target())).toEqual(before);
  });

  test('encrypts what was in the clear with our key', async () => {
    const box = createSecretBox([KEY]);
    const [secret] = await query('select id, value, value_bytes from user_secrets');
    expect(secret.value).toMatch(/^v1:/);
    expect([box.decrypt(secret.value, secretAad(secret.id)), secret.value_bytes]).toEqual(['s3cret-value', 12]);
    const [key] = await query(`select private_key from git_ssh_keys where user_id = '${users.ann}'`);
    expect(box.decrypt(key.private_key)).toMatch(
      /^-----BEGIN OPENSSH PRIVATE KEY-----\n[^-]+-----END OPENSSH PRIVATE KEY-----\n$/,
    );
    const links = await query('select access_token, refresh_token from user_links order by login_type');
    expect(links.map((link) => box.decrypt(link.access_token))).toEqual(['gh', 'at']);
    expect(links.map((link) => link.refresh_token && box.decrypt(link.refresh_token))).toEqual(['', 'rt']);
  });
});

describe('after the move', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer(env);
  });
  const call = async (token: string, path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${server.url}/api/v2${path}`, { ...init, headers: { 'Coder-Session-Token': token } });
    return { status: answer.status, body: answer.status === 204 ? undefined : await answer.json() };
  };
  const logIn = (email: string, secret = password) =>
    fetch(`${server.url}/api/v2/users/login`, { method: 'POST', body: JSON.stringify({ email, password: secret }) });

  test('old passwords sign in and are hashed anew; suspended, deleted and others do not', async () => {
    for (const name of ['root', 'ann', 'carol', 'fred', 'dorm'])
      expect([name, (await logIn(`${name}@example.com`)).status]).toEqual([name, 201]);
    expect((await logIn('bob.b@EXAMPLE.com')).status).toBe(201);
    expect((await logIn('ann@example.com', 'AnotherPassword!1')).status).toBe(401);
    for (const name of ['gone', 'dora', 'erin', 'olive']) expect((await logIn(`${name}@example.com`)).ok).toBe(false);
    expect((await logIn('susp@example.com')).status).toBe(401);
    const hashes = await query(
      `select username, left(hashed_password, 9) as form from users where username in ('ann', 'gone') order by 1`,
    );
    expect(hashes).toEqual([
      { username: 'ann', form: '$argon2id' },
      { username: 'gone', form: '$pbkdf2-s' },
    ]);
  });

  test('old tokens work as far as their scopes and lists reach, and carry what they carried', async () => {
    expect((await call(tokens.ann_ci, '/users/me')).body).toMatchObject({
      id: users.ann,
      username: 'ann',
      has_ai_seat: true,
      organization_ids: [credentials.organization],
      roles: [{ name: 'auditor' }, { name: 'user-admin' }],
    });
    expect((await call(tokens.bob_read, '/users/me')).body).toMatchObject({
      username: 'Bob',
      email: 'Bob.B@Example.COM',
      has_ai_seat: false,
    });
    expect((await call(tokens.bob_read, '/users/me/keys/tokens')).body).toBeNull();
    expect(
      (await call(tokens.bob_read, '/users/me/profile', { method: 'PUT', body: '{"username":"bobby","name":""}' }))
        .status,
    ).not.toBe(200);
    expect((await call(tokens.bob_allow, '/users/me')).status).toBe(200);
    expect((await call(tokens.bob_allow, `/users/${users.ann}`)).status).not.toBe(200);
    const [, secret] = tokens.ann_ci.split('-');
    expect((await call(`${tokens.bob_read.slice(0, 10)}-${secret}`, '/users/me')).status).toBe(401);
    const list = (await call(tokens.ann_ci, '/users/me/keys/tokens')).body as object[];
    expect(list).toEqual([
      expect.objectContaining({
        token_name: 'ci',
        lifetime_seconds: 300_000_000,
        expires_at: '2036-05-28T05:16:24.777506Z',
        scopes: ['coder:all'],
      }),
    ]);
  });

  test('roles, memberships, links, settings, skills, SSH keys, form values and audit log are there', async () => {
    const token = tokens.ann_ci;
    expect((await call(token, '/users/carol/roles')).body).toEqual({
      roles: [],
      organization_roles: { [credentials.organization]: ['organization-admin'] },
    });
    expect((await call(token, '/users/erin')).body).toMatchObject({ login_type: 'github' });
    expect((await call(token, '/users/olive')).body).toMatchObject({ login_type: 'oidc' });
    expect(
      await query(`select linked_id, claims->'merged_claims'->>'sub' as sub from user_links where login_type = 'oidc'`),
    ).toEqual([{ linked_id: 'https://idp.example.com||olive-sub', sub: 'olive-sub' }]);
    expect((await call(token, '/users/me/appearance')).body).toMatchObject({
      theme_preference: 'dark',
      terminal_font: 'fira-code',
    });
    expect((await call(token, '/users/me/gitsshkey')).body).toMatchObject({
      public_key: expect.stringMatching(/^ssh-ed25519 .*8s\n$/),
    });
    expect((await call(token, '/../experimental/users/me/skills')).body).toMatchObject([{ name: 'tidy' }]);
    expect((await call(token, '/users/me/secrets')).body).toMatchObject([{ name: 'api', env_name: 'API_KEY' }]);
    expect((await call(token, `/users/me/autofill-parameters?template_id=${TEMPLATE}`)).body).toEqual([
      { name: 'region', value: 'eu' },
      { name: 'size', value: 'a\tb\\n' },
    ]);
    const { audit_logs: log } = (await call(token, '/audit?q=request_id:40000000-0000-4000-8000-000000000001'))
      .body as { audit_logs: object[] };
    expect(log).toMatchObject([
      {
        time: '2026-11-24T23:56:25Z',
        ip: '10.1.2.3',
        action: 'write',
        user: { username: 'ann' },
        diff: { name: { new: 'Ann' } },
      },
    ]);
  });

  test('statuses and their history are those of before; the deleted are there by id alone', async () => {
    const { users: list, count } = (await call(tokens.ann_ci, '/users?limit=100')).body as {
      users: { username: string; status: string }[];
      count: number;
    };
    expect(count).toBe(10);
    expect(list.map(({ username }) => username)).not.toContain('gone');
    expect(list.find(({ username }) => username === 'susp')).toMatchObject({ status: 'suspended' });
    expect((await call(tokens.ann_ci, `/users/${users.gone}`)).body).toMatchObject({ username: 'gone' });
    expect(
      await query(
        `select new_status, to_char(changed_at at time zone 'UTC', 'SS.MS') as at from user_status_changes where user_id in ('${users.susp}', '${users.gone}') order by user_id, changed_at, id`,
      ),
    ).toEqual([
      { new_status: 'active', at: '24.644' },
      { new_status: 'suspended', at: '24.715' },
      { new_status: 'active', at: '24.614' },
      { new_status: 'deleted', at: '24.614' },
    ]);
  });

  test('sessions of before that have run out do not come back to life', async () => {
    expect((await call(sessions.root, '/users/me')).status).toBe(401);
    expect((await call(sessions.ann, '/users/me')).status).toBe(401);
  });
});

test('a killed one leaves nothing, however far it was, and the next one brings everything', async () => {
  const { url } = await cloneDatabase();
  const there = { ...env, CODER_PG_CONNECTION_URL: url };
  expect(await run(['import', '--from', from, '--dry-run'], there).finished).toMatchObject({ code: 0 });
  const before = await dump(url);
  await withClient(url, async (client) => {
    // The last that it writes; it has to wait for us.
    await client.query('begin; lock table audit_logs in share mode');
    const waiting = async (expected: number) => {
      const sql = `select count(*)::int as count from pg_locks where not granted and relation = 'audit_logs'::regclass and database = (select oid from pg_database where datname = current_database())`;
      return (await query(sql, url))[0].count === expected;
    };
    const killed = run(['import', '--from', from], there);
    await until(() => waiting(1), 'the import is about to end');
    killed.child.kill('SIGKILL');
    await killed.finished;
    await client.query('rollback');
    await until(() => waiting(0), 'its statement is over');
  });
  const others = `select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
  await until(async () => (await query(others, url))[0].count === 0, 'its connections are gone');
  expect(await dump(url)).toEqual(before);
  const next = await run(['import', '--from', from], there).finished;
  expect([next.code, next.stdout.match(/users +11 new/)?.length]).toEqual([0, 1]);
});

test('conflicts are told one by one, with exit code 1', async () => {
  const there = { ...env, CODER_PG_CONNECTION_URL: (await cloneDatabase()).url };
  await run(['create-admin-user', '--username', 'ROOT', '--email', 'Ann@Example.com', '--password', password], there)
    .finished;
  const { code, stdout, stderr } = await run(['import', '--from', from], there).finished;
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(
      /^conflict: username root: here ROOT <Ann@Example.com> .* and there root <root@example.com> /,
    ),
    expect.stringMatching(/^conflict: e-mail address ann@example.com: here ROOT <.* and there ann </),
    'coder-users: Nothing was written: 2 conflicts are in the way. Rename or remove one of each, and run it again.',
    '',
  ]);
});

test('works on an embedded database that is not there yet', async () => {
  const dataDir = dataFolder();
  const finished = await run(['import', '--from', from], { CODER_USERS_DATA_DIR: dataDir }).finished;
  expect([finished.code, finished.stdout.match(/users +11 new/)?.length]).toEqual([0, 1]);
  const server = await startServer({ CODER_USERS_DATA_DIR: dataDir });
  const answer = await fetch(`${server.url}/api/v2/users/me`, { headers: { 'Coder-Session-Token': tokens.ann_ci } });
  expect(await answer.json()).toMatchObject({ username: 'ann' });
});

describe('a call that cannot work', () => {
  test.each([
    ['no source', ['import'], 2, '--from is missing'],
    ['an unknown option', ['import', '--form', 'x'], 2, '--form'],
    ['a file that is not there', ['import', '--from', '@/nowhere/url'], 1, '/nowhere/url'],
    [
      'keys that are none',
      ['import', '--from', 'postgres://127.0.0.1:9/x', '--encryption-keys', 'abc'],
      1,
      'base64 of 32 bytes',
    ],
  ])('%s is told in one line', async (_, args, code, text) => {
    const finished = await run(args, env).finished;
    expect(finished).toMatchObject({ code, stdout: '' });
    expect(finished.stderr).toMatch(/^coder-users: [^\n]+\n$/);
    expect(finished.stderr).toContain(text);
  });
});
