// The schema: from nothing to now, by several copies at once, and never backwards.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { withClient } from '../../src/postgres/client.ts';
import { knownMigrations, migrate } from '../../src/store/migrate.ts';
import { emptyDatabase } from '../support/postgres.ts';

const journalOf = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ hash: string; created_at: string }>(
      'select hash, created_at from coder_users_migrations order by created_at',
    );
    return rows.map((row) => ({ hash: row.hash, stamp: Number(row.created_at) }));
  });

const tablesOf = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select schemaname || '.' || tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
    );
    return rows.map((row) => row.name);
  });

const expected = knownMigrations().map(({ hash, folderMillis }) => ({ hash, stamp: folderMillis }));

test('three copies that migrate an empty database at once all succeed, and each migration is applied once', async () => {
  const { url } = await emptyDatabase();
  const applied = await Promise.all([migrate(url), migrate(url), migrate(url)]);
  expect(applied.toSorted((a, b) => a - b)).toEqual([0, 0, expected.length]);
  expect(await journalOf(url)).toEqual(expected);
});

test('a migration with an older time stamp than the last applied one is applied as well', async () => {
  const { url } = await emptyDatabase();
  const [first, second] = [
    { sql: ['create table first (id int)'], bps: true, folderMillis: 1000, hash: 'a' },
    { sql: ['create table second (id int)'], bps: true, folderMillis: 2000, hash: 'b' },
  ];
  await migrate(url, [second]);
  expect(await migrate(url, [first, second])).toBe(1);
  expect(await tablesOf(url)).toEqual(expect.arrayContaining(['public.first', 'public.second']));
});

test('a migration that fails leaves nothing behind', async () => {
  const { url } = await emptyDatabase();
  const failing = { sql: ['create table left_over (id int)', 'select 1/0'], bps: true, folderMillis: 1000, hash: 'a' };
  await expect(migrate(url, [failing])).rejects.toThrow('division by zero');
  expect(await tablesOf(url)).toEqual([]);
});

test('a newer schema is refused in one line that names both versions, and nothing is touched', async () => {
  const { url } = await emptyDatabase();
  await migrate(url);
  const stamp = Date.UTC(2099, 0, 2);
  await withClient(url, (client) =>
    client.query(`insert into coder_users_migrations (hash, created_at) values ('newer', ${stamp})`),
  );
  const before = [await journalOf(url), await tablesOf(url)];
  const later = { sql: ['create table unwanted (id int)'], bps: true, folderMillis: Date.UTC(2098, 0, 1), hash: 'x' };
  const version = expected.length + 1;
  await expect(migrate(url, [...knownMigrations(), later])).rejects.toThrow(
    `The database has schema version ${version} (2099-01-02), made by a newer program; this one knows schema version ${version} (2098-01-01) and leaves it alone.`,
  );
  expect([await journalOf(url), await tablesOf(url)]).toEqual(before);
});

test('no migration names a schema: the search path says where the tables are', () => {
  for (const { sql } of knownMigrations()) expect(sql.join('\n')).not.toMatch(/"?public"?\./);
});

test('schema.ts and the migrations agree: there is nothing to generate', () => {
  const copy = mkdtempSync(join(packageRoot, 'node_modules', '.cache-migrations-'));
  try {
    cpSync(join(packageRoot, 'migrations'), copy, { recursive: true });
    const flags = ['--dialect=postgresql', '--schema=src/store/schema*.ts', `--out=${relative(packageRoot, copy)}`];
    const output = execFileSync(process.execPath, ['node_modules/drizzle-kit/bin.cjs', 'generate', ...flags], {
      cwd: packageRoot,
      encoding: 'utf8',
    });
    expect(output).toContain('No schema changes');
  } finally {
    rmSync(copy, { recursive: true });
  }
});
