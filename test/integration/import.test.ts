// An import beside a deployment that goes on: what counts when both sides change, what stands in the way, what a version lacks.
import { createCipheriv, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { createSecretBox } from '../../src/crypto/secret-box.ts';
import { type MoveIn, moveIn } from '../../src/import/move-in.ts';
import { createUnseal } from '../../src/import/reference-keys.ts';
import { withClient } from '../../src/postgres/client.ts';
import { secretAad } from '../../src/services/secrets.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { credentials, dump, referenceDatabase } from '../support/reference.ts';

const { users, organization } = credentials;
const box = createSecretBox([Buffer.alloc(32, 3).toString('base64')]);

let from: string;
let to: string;
beforeEach(async () => {
  from = (await referenceDatabase()).url;
  to = (await cloneDatabase()).url;
});

const there = async (sql: string) => withClient(from, async (client) => (await client.query(sql)).rows);
const here = async (sql: string) => withClient(to, async (client) => (await client.query(sql)).rows);
const move = (overrides: Partial<MoveIn> = {}) =>
  moveIn({
    from,
    to,
    mode: 'first',
    isDryRun: false,
    unseal: createUnseal(undefined),
    box,
    onProgress: () => undefined,
    ...overrides,
  });
const more = () => move({ mode: 'continue' });
const acts = (report: Awaited<ReturnType<typeof moveIn>>) =>
  Object.fromEntries(
    report.kinds.flatMap(({ title, acts }) => {
      const told = [...acts].filter(([act]) => act !== 'same' && act !== 'ended');
      return told.length === 0 ? [] : [[title, Object.fromEntries(told)]];
    }),
  );

/** A user there, with a key. */
const newcomer = (name: string, email = `${name}@example.com`) => `
  insert into users select (r).* from (select jsonb_populate_record(u, jsonb_build_object('id', md5('${name}')::uuid, 'username', '${name}',
    'email', '${email}')) as r from users u where username = 'fred') s;
  insert into organization_members select md5('${name}')::uuid, '${organization}', now(), now(), '{}';
  insert into api_keys select (r).* from (select jsonb_populate_record(k, jsonb_build_object('id', left(md5('${name}'), 10),
    'user_id', md5('${name}')::uuid)) as r from api_keys k where id = '3gZyt4a9Sg') s`;

describe('while both are in use', () => {
  test('what is new there comes, and nothing twice', async () => {
    await move();
    await there(newcomer('nina'));
    await there(`insert into user_configs values ('${users.Bob}', 'terminal_font', 'hack')`);
    expect(acts(await more())).toEqual({
      users: { insert: 1 },
      passwords: { insert: 1 },
      'memberships of organizations': { insert: 1 },
      'keys and tokens': { insert: 1 },
      'settings of users': { insert: 1 },
    });
    const before = await dump(to);
    expect(acts(await more())).toEqual({});
    expect(await dump(to)).toEqual(before);
  });

  test('a change there comes where nothing changed here; what changed here stays and is named', async () => {
    await move();
    await there(`update users set name = 'From there' where username in ('ann', 'Bob')`);
    await here(`update users set name = 'From here' where username = 'Bob'`);
    await there(`update organization_members set roles = '{organization-auditor}' where user_id = '${users.fred}'`);
    const report = await more();
    expect(acts(report)).toEqual({
      users: { update: 1, both: 1 },
      'memberships of organizations': { update: 1 },
    });
    expect(report.kinds.flatMap(({ both }) => both)).toEqual([expect.stringMatching(/^Bob </)]);
    expect(await here(`select username, name from users where username in ('ann', 'Bob') order by 1`)).toEqual([
      { username: 'Bob', name: 'From here' },
      { username: 'ann', name: 'From there' },
    ]);
    expect(acts(await more())).toEqual({});
  });

  test('a key that was ended on either side is ended here for good', async () => {
    await move();
    await there(`delete from api_keys where token_name = 'ci'`);
    await here(`delete from api_keys where token_name = 'read'`);
    expect(acts(await more())).toEqual({ 'keys and tokens': { delete: 1 } });
    await more();
    expect(await here(`select token_name from api_keys where token_name <> '' order by 1`)).toEqual([
      { token_name: 'allow' },
    ]);
  });

  test('who was suspended or deleted there is so here, whatever changed here', async () => {
    await move();
    await here(`update users set name = 'From here'`);
    await there(`update users set status = 'suspended' where username = 'Bob'`);
    await there(`update users set deleted = true where username = 'ann'`);
    await more();
    expect(
      await here(`select username, name, status, deleted from users where username in ('ann', 'Bob') order by 1`),
    ).toEqual([
      { username: 'Bob', name: 'From here', status: 'suspended', deleted: false },
      { username: 'ann', name: 'From here', status: 'active', deleted: true },
    ]);
    const left = `select (select count(*) from api_keys where user_id = '${users.ann}')::int as keys,
      (select count(*) from user_secrets)::int as secrets, (select sum(live) from user_counts)::int as listed`;
    expect(await here(left)).toEqual([{ keys: 0, secrets: 0, listed: 9 }]);
  });

  test('who was deleted here stays deleted, without new keys', async () => {
    await move();
    await here(
      `update users set deleted = true where username = 'Bob'; delete from api_keys where user_id = '${users.Bob}'`,
    );
    await there(`insert into api_keys select (r).* from (select jsonb_populate_record(k, '{"id": "abcdefghij", "token_name": "late"}') as r
      from api_keys k where token_name = 'read') s`);
    await more();
    expect(
      await here(
        `select deleted, (select count(*) from api_keys where user_id = u.id)::int as keys from users u where username = 'Bob'`,
      ),
    ).toEqual([{ deleted: true, keys: 0 }]);
  });

  test('a password changed there comes and ends the sessions of the old one; one changed here stays', async () => {
    await move();
    const session = (
      id: string,
      user: string,
    ) => `insert into api_keys (id, hashed_secret, user_id, expires_at, created_at, updated_at,
      login_type, kind, lifetime_seconds, scopes, allow_list) values ('${id}', '\\x00', '${user}', '2099-01-01', now(), now(), 'password', 'session', 60, '{coder:all}', '{*:*}')`;
    await here(`${session('here-ann', users.ann ?? '')}; ${session('here-bob', users.Bob ?? '')}`);
    await here(`update users set hashed_password = '$argon2id$made-here' where username = 'Bob'`);
    await there(`update users set hashed_password = '$pbkdf2-sha256$1$new$there' where username in ('ann', 'Bob')`);
    expect(acts(await more())).toEqual({ passwords: { update: 1, both: 1 } });
    expect(
      await here(`select username, hashed_password from users where username in ('ann', 'Bob') order by 1`),
    ).toEqual([
      { username: 'Bob', hashed_password: '$argon2id$made-here' },
      { username: 'ann', hashed_password: '$pbkdf2-sha256$1$new$there' },
    ]);
    expect(await here(`select id from api_keys where id like 'here-%'`)).toEqual([{ id: 'here-bob' }]);
  });

  test('an import that would take away the last owner who can sign in is refused', async () => {
    await move();
    await there(`update users set rbac_roles = '{}' where username = 'root'`);
    const before = await dump(to);
    await expect(more()).rejects.toThrow('no owner who can sign in');
    expect(await dump(to)).toEqual(before);
  });
});

describe('conflicts', () => {
  const person = (
    id: string,
    username: string,
    email: string,
  ) => `insert into users (id, username, email, login_type, status, created_at, updated_at)
    values ('${id}', '${username}', '${email}', 'none', 'active', now(), now())`;
  const ID = '99999999-0000-4000-8000-000000000001';

  test("every name, address and id that is somebody else's is named, and nothing is written", async () => {
    await here(person(ID, 'ANN', 'bob.b@example.com'));
    await here(person(users.fred ?? '', 'frederick', 'frederick@example.com'));
    await there(`update users set email = 'Straße@example.com' where username = 'carol'`);
    // Composed and not: one person (docs/differences.md 27). The K of Kelvin is no k.
    await there(`update users set email = U&'caf\\0065\\0301@example.com' where username = 'dora'`);
    await there(`update users set email = U&'CAF\\00e9@example.com' where username = 'erin'`);
    await there(newcomer('kim', 'kim@example.com'));
    await there(newcomer('kelvin', '\u212aim@example.com'));
    const before = await dump(to);
    const { outcome, conflicts } = await move();
    expect(outcome).toBe('conflicts');
    expect(conflicts.map(({ what, value }) => `${what}: ${value}`)).toEqual([
      'username: ann',
      'e-mail address: bob.b@example.com',
      'e-mail address: cafÉ@example.com'.toLowerCase(),
      `id among users: ${users.fred}`,
    ]);
    expect(conflicts[0]?.rows).toEqual([expect.stringMatching(/^here ANN </), expect.stringMatching(/^there ann </)]);
    expect(await dump(to)).toEqual(before);
  });

  test('a name that moved on to somebody else there is none', async () => {
    await move();
    await there(`update users set username = 'anna' where username = 'ann'`);
    await there(newcomer('ann', 'new-ann@example.com'));
    expect(acts(await more())).toMatchObject({ users: { update: 1, insert: 1 } });
    expect(await here(`select username from users where username like 'ann%' order by 1`)).toEqual([
      { username: 'ann' },
      { username: 'anna' },
    ]);
  });

  test('of two at once one brings everything', async () => {
    const reports = await Promise.all([move(), move()]);
    expect(reports.map(({ outcome }) => outcome).sort()).toEqual(['came before', 'done']);
  });

  test('one deployment has room', async () => {
    await move();
    await there(`update site_configs set value = 'another'`);
    await expect(move()).rejects.toThrow('Another deployment has moved into this database');
    await expect(more()).rejects.toThrow('there is room for one');
  });

  test('there is nothing to continue before the first import', async () => {
    await expect(more()).rejects.toThrow('Leave --continue out');
  });
});

describe('what is encrypted there', () => {
  const key = Buffer.alloc(32, 9);
  const seal = (text: string) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64');
  };
  beforeEach(async () => {
    await there(`update user_secrets set value = '${seal('s3cret-value')}', value_key_id = 'c0ffee1'`);
    await there(
      `update user_links set oauth_access_token = '${seal('at')}', oauth_access_token_key_id = 'c0ffee1' where login_type = 'oidc'`,
    );
  });

  test('comes with the keys of there, encrypted with ours', async () => {
    await move({ unseal: createUnseal([Buffer.alloc(32, 8), key].map((one) => one.toString('base64')).join(',')) });
    const [secret] = await here('select id, value, value_bytes from user_secrets');
    expect([box.decrypt(secret.value, secretAad(secret.id)), secret.value_bytes]).toEqual(['s3cret-value', 12]);
    const links = await here('select access_token from user_links order by login_type');
    expect(links.map((link) => box.decrypt(link.access_token))).toEqual(['gh', 'at']);
  });

  test.each([
    ['no key', undefined, 'The old deployment encrypts what it stores: give its keys'],
    ['another key', Buffer.alloc(32, 8).toString('base64'), 'None of the given --encryption-keys opens'],
  ])('is refused with %s, and nothing is written', async (_, keys, message) => {
    const before = await dump(to);
    await expect(move({ unseal: createUnseal(keys) })).rejects.toThrow(message);
    expect(await dump(to)).toEqual(before);
  });
});

describe('other versions', () => {
  test('tables and columns that are missing are told; the rest comes', async () => {
    await there(`alter table users drop column is_service_account, drop column is_system, drop column github_com_user_id, drop column name;
      drop table user_skills, user_secrets, ai_seat_state, audit_logs, workspace_builds, site_configs, schema_migrations;
      alter table api_keys drop column allow_list, add column scope text not null default 'all'; alter table api_keys drop column scopes;
      update api_keys set scope = 'application_connect' where token_name = 'read'`);
    const { source, kinds } = await move();
    expect(source.schemaVersion).toBeUndefined();
    expect(source.missing).toEqual([
      'users.name',
      'users.is_system',
      'users.is_service_account',
      'users.github_com_user_id',
      'ai_seat_state',
      'api_keys.allow_list',
      'user_secrets',
      'user_skills',
      'workspaces, workspace_builds, workspace_build_parameters',
      'audit_logs',
    ]);
    expect(kinds.map(({ title }) => title)).not.toContain('secrets');
    expect(
      await here(`select token_name, scopes, allow_list from api_keys where token_name in ('ci', 'read') order by 1`),
    ).toEqual([
      { token_name: 'ci', scopes: ['coder:all'], allow_list: ['*:*'] },
      { token_name: 'read', scopes: ['coder:application_connect'], allow_list: ['*:*'] },
    ]);
    expect(acts(await more())).toEqual({});
  });

  test('what has no place here is counted with the reason', async () => {
    await there(`insert into groups select (r).* from (select jsonb_populate_record(g, '{"id": "${users.ann}", "name": "team"}') as r from groups g) s;
      insert into group_members values ('${users.ann}', '${users.ann}');
      update custom_roles set is_system = false where name = 'organization-member';
      insert into api_keys select (r).* from (select jsonb_populate_record(k, jsonb_build_object('id', 'ofdeleted1',
        'user_id', (select id from users where deleted limit 1))) as r from api_keys k where id = '3gZyt4a9Sg') s;
      insert into organization_members select id, '${organization}', now(), now(), '{}' from users where deleted limit 1`);
    const { source } = await move({ isDryRun: true });
    expect(source.leftOut.map(({ what, count }) => [what, count])).toEqual([
      ['groups', 1],
      ['memberships in groups', 1],
      ['custom roles', 1],
      ['signing keys of applications', 1],
      ['keys and tokens of deleted accounts', 1],
      ['memberships of organizations of deleted accounts', 1],
      ['form values of past builds', 1],
    ]);
    expect(source.leftOut.every(({ why }) => why !== '')).toBe(true);
  });

  test('form values for one build only stay there; where nothing tells which they are, a note says so', async () => {
    const names = () => here(`select name from autofill_parameters order by 1`);
    const first = await move();
    expect(first.notes).toEqual([]);
    expect(await names()).toEqual([{ name: 'region' }, { name: 'size' }]);
    await there('alter table template_version_parameters drop column ephemeral');
    expect((await move({ isDryRun: true, mode: 'continue' })).notes).toEqual([
      'Nothing there tells which of the 3 form values were for one build only: all of them came.',
    ]);
  });

  test('tables that are closed to the role are as if they were not there', async () => {
    const url = new URL(from);
    const role = `moving_${randomBytes(4).toString('hex')}`;
    await there(`create role ${role} login password 'x'; grant select on all tables in schema public to ${role};
      revoke select on crypto_keys, user_skills from ${role}`);
    url.username = role;
    url.password = 'x';
    const { source } = await move({ from: url.href }).finally(() => there(`drop owned by ${role}; drop role ${role}`));
    expect(source.missing).toEqual(['user_skills']);
    expect(source.leftOut.map(({ what }) => what)).not.toContain('signing keys of applications');
  });

  test.each([
    [
      'a database without users',
      async () => there('drop table users').then(() => from),
      'its tables users are missing',
    ],
    ['one of our own', async () => to, '--from names a database of this program'],
  ])('%s is refused', async (_, source, message) => {
    await expect(move({ from: await source() })).rejects.toThrow(message);
  });

  test('the source cannot be written, and is read as it was at one moment', async () => {
    const before = await dump(from);
    await move();
    expect(await dump(from)).toEqual(before);
  });
});

test('the default organization of a new server takes the place of theirs, with its members', async () => {
  const [ours] = await here('select id from organizations');
  await here(`insert into users (id, username, email, login_type, status, created_at, updated_at)
    values ('99999999-0000-4000-8000-000000000001', 'early', 'early@example.com', 'none', 'active', now(), now());
    insert into organization_members (user_id, organization_id, created_at, updated_at) select '99999999-0000-4000-8000-000000000001', id, now(), now() from organizations`);
  await there(`update organizations set display_name = 'Their name'`);
  await move();
  expect(ours.id).not.toBe(organization);
  expect(await here('select id, name, display_name, is_default from organizations')).toEqual([
    { id: organization, name: 'coder', display_name: 'Their name', is_default: true },
  ]);
  expect(
    await here(`select count(*)::int as members from organization_members where organization_id = '${organization}'`),
  ).toEqual([{ members: 12 }]);
});
