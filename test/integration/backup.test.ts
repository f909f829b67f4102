// Backup and restore: what is restored is what was there, to the byte, and nothing less is taken for it.
import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Manifest, manifestMember, TRAILER_BYTES, trailerMember } from '../../src/backup/format.ts';
import { openBackup } from '../../src/backup/read.ts';
import { restoreBackup } from '../../src/backup/restore.ts';
import { writeBackup } from '../../src/backup/write.ts';
import { withClient } from '../../src/postgres/client.ts';
import { StartError } from '../../src/start-error.ts';
import { JOURNAL, knownMigrations, migrate } from '../../src/store/migrate.ts';
import { startApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';
import { cloneDatabase, emptyDatabase } from '../support/postgres.ts';

const folder = mkdtempSync(join(tmpdir(), 'coder-users-backup-'));
chmodSync(folder, 0o700);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function backUp(url: string, keys?: string[]): Promise<string> {
  const path = join(folder, randomUUID());
  const parts: Buffer[] = [];
  const sink = async (bytes: Buffer) => void parts.push(Buffer.from(bytes));
  await writeBackup(url, sink, { keys, onProgress: () => undefined });
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

const restore = async (url: string, path: string) =>
  restoreBackup(url, await openBackup(path), { beforeCommit: () => undefined, onProgress: () => undefined });

/** Every row of every table but the list of migrations, as text. */
const contents = (url: string) =>
  withClient(
    url,
    async (client) => {
      const { rows: tables } = await client.query<{ name: string }>(
        `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> '${JOURNAL}' order by 1`,
      );
      const all: Record<string, string[]> = {};
      for (const { name } of tables) {
        const { rows } = await client.query<{ row: string }>(`select t::text as row from "${name}" t order by 1`);
        all[name] = rows.map(({ row }) => row);
      }
      return all;
    },
    { isOurs: true },
  );

/** What makes up the schema: columns, constraints, indexes, triggers. */
const schema = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ what: string }>(`
      select table_name || '.' || column_name || ' ' || data_type || coalesce(generation_expression, '') as what from information_schema.columns where table_schema = 'public'
      union all select pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
      union all select indexdef from pg_indexes where schemaname = 'public'
      union all select pg_get_triggerdef(oid) || tgenabled::text from pg_trigger where not tgisinternal order by 1`);
    return rows.map(({ what }) => what);
  });

/** Texts that a format of lines trips over. */
const NASTY = ['\\.', '\n\\.\n', 'a\tb\\N', '\\', '"\r\n\'', 'Ünïcödé 🔑', '-- sha256', `${'x'.repeat(200_000)}\n`];

let url: string;
let path: string;
beforeAll(async () => {
  const t = await startApp();
  url = t.databaseUrl;
  await aUser(t);
  const { client } = await aUser(t);
  await client.post('/api/v2/users/me/secrets', { name: 'n', value: 'hunter2' });
  await withClient(url, async (client) => {
    for (const [at, text] of NASTY.entries())
      await client.query('insert into site_settings (key, value) values ($1, $2)', [`nasty ${at}`, text]);
    await client.query(
      `insert into audit_logs (id, time, resource_type, resource_id, resource_target, action, status_code, diff)
       values (gen_random_uuid(), '2026-01-02 03:04:05.678901+00', 'user', 'x', $1, 'write', 200, '{"a":"\\\\."}')`,
      [NASTY[1]],
    );
    await client.query(`insert into spent_states values ('\\x00ff0a5c2e0a', '0001-01-01 00:00:00+00')`);
  });
  path = await backUp(url);
});

describe('what is restored', () => {
  test('is what was there: every table, every row, every byte, generated columns and triggers included', async () => {
    const { url: copy } = await emptyDatabase();
    expect(await restore(copy, path)).toBe(0);
    const original = await contents(url);
    expect(await contents(copy)).toEqual(original);
    expect(await schema(copy)).toEqual(await schema(url));
    const { manifest } = await openBackup(path);
    const rows = Object.entries(original).map(([name, all]) => [name, all.length]);
    expect(manifest.tables.map((table) => [table.name, table.rows]).sort()).toEqual(rows.sort());
    expect(await migrate(copy)).toBe(0);
  });

  test('goes on counting', async () => {
    const { url: copy } = await emptyDatabase();
    await restore(copy, path);
    await withClient(copy, async (client) => {
      const live = async () => Number((await client.query('select sum(live) as n from user_counts')).rows[0].n);
      const before = await live();
      await client.query(`insert into users (id, username, email, login_type, status, created_at, updated_at)
        values (gen_random_uuid(), 'later', 'later@example.com', 'none', 'active', now(), now())`);
      expect(await live()).toBe(before + 1);
    });
  });

  test('may come into a database that was started once and never used', async () => {
    const { url: started } = await cloneDatabase();
    await restore(started, path);
    expect(await contents(started)).toEqual(await contents(url));
  });

  test('is brought up to date when it comes from an older version', async () => {
    const { url: older } = await emptyDatabase();
    await migrate(older, knownMigrations().slice(0, 3));
    await withClient(older, (client) =>
      client.query(`insert into users (id, username, email, login_type, status, created_at, updated_at)
        values (gen_random_uuid(), 'Oldie', 'Old@example.com', 'password', 'active', now(), now())`),
    );
    const old = await backUp(older);
    const { url: copy } = await emptyDatabase();
    expect(await restore(copy, old)).toBe(knownMigrations().length - 3);
    await migrate(older);
    // Where the history of statuses begins is when its migration ran.
    const { user_status_changes: history, ...rest } = await contents(copy);
    const { user_status_changes: other, ...expected } = await contents(older);
    expect(rest).toEqual(expected);
    expect(history).toHaveLength(other?.length ?? 0);
    expect(await schema(copy)).toEqual(await schema(older));
  });

  test('shows one instant, whatever is written meanwhile', async () => {
    const { url: busy } = await cloneDatabase();
    const insert = `insert into site_settings select 'n' || coalesce(max(substring(key from 2)::int), 0) + 1, '' from site_settings where key ~ '^n\\d'`;
    const parts: Buffer[] = [];
    let isFirst = true;
    await withClient(busy, async (client) => {
      await client.query(insert);
      await writeBackup(busy, async (bytes) => void parts.push(Buffer.from(bytes)), {
        keys: undefined,
        onProgress: () => {
          if (isFirst) void client.query(insert);
          isFirst = false;
        },
      });
      await client.query('select 1');
    });
    const text = gunzipSync(Buffer.concat(parts)).toString('utf8');
    expect(text).toContain('\nn1\t');
    expect(text).not.toContain('\nn2\t');
  });
});

describe('what is refused', () => {
  test('a file of which any byte is missing or another one', async () => {
    const whole = readFileSync(path);
    const broken = join(folder, 'broken');
    const step = Math.ceil(whole.length / 150);
    const places = Array.from(whole.keys()).filter((at) => at % step === 0 || at >= whole.length - TRAILER_BYTES);
    for (const at of places) {
      const other = Buffer.from(whole);
      other[at] = (other[at] ?? 0) ^ 0x10;
      writeFileSync(broken, other);
      await expect(openBackup(broken), `byte ${at}`).rejects.toThrow(StartError);
    }
    for (const length of [
      0,
      1,
      TRAILER_BYTES,
      Math.floor(whole.length / 2),
      whole.length - TRAILER_BYTES,
      whole.length - 1,
    ]) {
      writeFileSync(broken, whole);
      truncateSync(broken, length);
      await expect(openBackup(broken), `length ${length}`).rejects.toThrow(/is no whole backup/);
    }
    writeFileSync(broken, Buffer.concat([whole, Buffer.from('\n')]));
    await expect(openBackup(broken)).rejects.toThrow(/is no whole backup/);
    await expect(openBackup(folder)).rejects.toThrow(/is no file/);
    await expect(openBackup(join(folder, 'none'))).rejects.toThrow(/cannot be read/);
  });

  test('a database that has something, which is named and left as it is', async () => {
    const { url: used } = await cloneDatabase();
    await withClient(used, (client) =>
      client.query(`insert into users (id, username, email, login_type, status, created_at, updated_at)
        values (gen_random_uuid(), 'here', 'here@example.com', 'none', 'active', now(), now())`),
    );
    const before = await contents(used);
    await expect(restore(used, path)).rejects.toThrow(/not empty: it has rows in users \(2\)/);
    expect(await contents(used)).toEqual(before);
  });

  test("a database with another program's tables", async () => {
    const { url: foreign } = await emptyDatabase();
    await withClient(foreign, (client) => client.query('create table users (a int)'));
    await expect(restore(foreign, path)).rejects.toThrow(/tables of another program: users/);
    expect(Object.keys(await contents(foreign))).toEqual(['users']);
  });

  /** A file with a right checksum that says something else. */
  async function forged(change: (sql: string) => string, more: Partial<Manifest> = {}): Promise<string> {
    const { manifest, end } = await openBackup(path);
    const rows = gzipSync(change(gunzipSync(readFileSync(path).subarray(0, end)).toString('utf8')));
    const said = manifestMember({ ...manifest, ...more });
    const sha256 = createHash('sha256').update(rows).update(said).digest('hex');
    const file = join(folder, randomUUID());
    writeFileSync(file, Buffer.concat([rows, said, trailerMember(sha256, rows.length)]));
    return file;
  }
  const tablesAfter = async (file: string, expected: RegExp) => {
    const { url: empty } = await emptyDatabase();
    await expect(restore(empty, file)).rejects.toThrow(expected);
    return Object.keys(await contents(empty));
  };

  test('rows for something that is no table of ours, or a column that is none: nothing is kept', async () => {
    expect(
      await tablesAfter(await forged((sql) => sql.replace('COPY "users"', 'COPY "pg_authid"')), /"pg_authid"/),
    ).toEqual([]);
    expect(await tablesAfter(await forged((sql) => sql.replace('("id"', '("oid"')), /"oid"/)).toEqual([]);
  });

  test('statements in it are not run, and rows that the manifest does not know are not kept', async () => {
    const { url: copy } = await emptyDatabase();
    await restore(copy, await forged((sql) => `drop table users;\n${sql}\ncreate table evil ();\n`));
    expect(await contents(copy)).toEqual(await contents(url));
    const more = await forged((sql) => sql.replace('\nnasty 0\t', '\nadded\tx\nnasty 0\t'));
    expect(await tablesAfter(more, /not what the manifest/)).toEqual([]);
    expect(await tablesAfter(await forged((sql) => sql.slice(0, -50)), /./)).toEqual([]);
  });

  test('a backup of a newer program', async () => {
    await expect(openBackup(await forged((sql) => sql, { format: 2 }))).rejects.toThrow(/newer program/);
    expect(await tablesAfter(await forged((sql) => sql, { migrations: [1] }), /newer program/)).toEqual([]);
  });

  test('a database that is none of ours', async () => {
    const { url: empty } = await emptyDatabase();
    await expect(backUp(empty)).rejects.toThrow(/nothing to back up/);
  });
});

test('a backup says which keys it needs, and holds them only if asked', async () => {
  const { manifest } = await openBackup(path);
  expect(manifest.needed_keys).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
  expect(manifest.encryption_keys).toBeUndefined();
  const key = Buffer.alloc(32, 7).toString('base64');
  expect(gunzipSync(readFileSync(path)).toString()).not.toContain(key);
  expect((await openBackup(await backUp(url, [key]))).manifest.encryption_keys).toEqual([key]);
});
