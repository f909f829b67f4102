// Schemas: the tables go where the search path says, several deployments share one database, and each finds its own again.
import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/postgres/client.ts';
import { knownMigrations, migrate } from '../../src/store/migrate.ts';
import { PASSWORD, startApp } from '../support/app.ts';
import { emptyDatabase } from '../support/postgres.ts';

const all = knownMigrations().length;
const run = (url: string, ...statements: string[]) =>
  withClient(url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
const schemasOf = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ schema: string }>(
      `select distinct schemaname as schema from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
    );
    return rows.map(({ schema }) => schema);
  });
const inSchema = (url: string, schema: string) => {
  const own = new URL(url);
  own.searchParams.set('options', `-c search_path=${schema}`);
  return own.href;
};
/** Sets an app up with a user of its own; the names of all users there. */
async function namesIn(url: string, username: string): Promise<string[]> {
  const t = await startApp({ url });
  await t.anonymous.post('/api/v2/users/first', { email: `${username}@example.com`, username, password: PASSWORD });
  const login = { email: `${username}@example.com`, password: PASSWORD };
  const { body } = await t.anonymous.post('/api/v2/users/login', login);
  const listed = await t.as(body.session_token).get('/api/v2/users?q=example');
  return listed.body.users.map((user: { username: string }) => user.username);
}

describe('the schema', () => {
  test('of the search path in the URL gets the tables; the second start finds them', async () => {
    const { url } = await emptyDatabase();
    await run(url, 'create schema app');
    expect(await migrate(inSchema(url, 'app'))).toBe(all);
    expect(await migrate(inSchema(url, 'app'))).toBe(0);
    expect(await schemasOf(url)).toEqual(['app']);
    expect(await namesIn(inSchema(url, 'app'), 'ada')).toEqual(['ada']);
  });

  test('of the search path of the role does, too', async () => {
    const { url } = await emptyDatabase();
    const name = new URL(url).pathname.slice(1);
    await run(url, 'create schema "My Schema"', `alter database ${name} set search_path = "My Schema"`);
    expect(await migrate(url)).toBe(all);
    expect(await migrate(url)).toBe(0);
    expect(await schemasOf(url)).toEqual(['My Schema']);
    expect(await namesIn(url, 'ada')).toEqual(['ada']);
  });

  test('of one deployment is not that of another one in the same database', async () => {
    const { url } = await emptyDatabase();
    await run(url, 'create schema one', 'create schema two');
    for (const target of [url, inSchema(url, 'one'), inSchema(url, 'two')]) expect(await migrate(target)).toBe(all);
    for (const target of [url, inSchema(url, 'one'), inSchema(url, 'two')]) expect(await migrate(target)).toBe(0);
    expect(await namesIn(url, 'ada')).toEqual(['ada']);
    expect(await namesIn(inSchema(url, 'one'), 'bea')).toEqual(['bea']);
    expect(await namesIn(inSchema(url, 'two'), 'cleo')).toEqual(['cleo']);
  });

  test('may be one where the user may do nothing else: extensions an administrator has made elsewhere', async () => {
    const { url } = await emptyDatabase();
    const role = `role_${new URL(url).pathname.slice(1)}`;
    await run(
      url,
      'create schema extensions',
      'create extension pg_trgm schema extensions',
      `create role ${role} login`,
      `create schema authorization ${role}`,
      `grant usage on schema extensions to ${role}`,
      'revoke create on schema public from public',
    );
    const limited = new URL(url);
    limited.username = role;
    try {
      expect(await migrate(limited.href)).toBe(all);
      expect(await migrate(limited.href)).toBe(0);
      expect(await schemasOf(url)).toEqual([role]);
    } finally {
      await run(url, `drop owned by ${role} cascade`, `drop role ${role}`);
    }
  });

  test('that does not exist, and an extension that may not be made, are said in one line', async () => {
    const { url } = await emptyDatabase();
    await expect(migrate(inSchema(url, 'nowhere'))).rejects.toThrow(
      'The search_path of the database connection names no schema that exists.',
    );
    const role = `poor_${new URL(url).pathname.slice(1)}`;
    await run(url, `create role ${role} login`, `create schema authorization ${role}`);
    const poor = new URL(url);
    poor.username = role;
    try {
      await expect(migrate(poor.href)).rejects.toThrow(/let an administrator run "create extension pg_trgm"/);
      expect(await schemasOf(url)).toEqual([]);
    } finally {
      await run(url, `drop owned by ${role} cascade`, `drop role ${role}`);
    }
  });

  test('of before has its list of migrations elsewhere, which is found; that of another program there is not ours', async () => {
    const { url } = await emptyDatabase();
    const elsewhere = [
      'create schema drizzle',
      'create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
    ];
    await run(url, ...elsewhere, `insert into drizzle.__drizzle_migrations (hash, created_at) values ('theirs', 1)`);
    expect(await migrate(url)).toBe(all);
    await run(
      url,
      'truncate drizzle.__drizzle_migrations',
      'insert into drizzle.__drizzle_migrations select * from coder_users_migrations',
      'drop table coder_users_migrations',
    );
    expect(await migrate(url)).toBe(0);
    expect(await namesIn(url, 'ada')).toEqual(['ada']);
  });
});
