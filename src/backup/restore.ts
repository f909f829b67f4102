// Restores a backup into an empty database, in one transaction: a restore that is killed leaves nothing.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { APPLICATION, escapeIdentifier, withClient } from '../postgres/client.ts';
import { StartError } from '../start-error.ts';
import {
  applyMigrations,
  beginMigrating,
  findJournal,
  JOURNAL,
  knownMigrations,
  tablesOf,
  versionText,
} from '../store/migrate.ts';
import { type Backup, type TableRows, tablesOfBackup } from './read.ts';
import { type Table, tablesInOrder } from './tables.ts';
import type { OnProgress } from './write.ts';

/** What a database has that nobody has used yet: at most this many rows of what its first start writes. */
const FIRST_ROWS: Readonly<Record<string, number>> = {
  organizations: 1,
  organization_members: 1,
  users: 1,
  user_counts: Number.POSITIVE_INFINITY,
  site_settings: Number.POSITIVE_INFINITY,
};
/** What migrations make besides tables. */
const FUNCTIONS = `
  select format('drop function %s cascade', p.oid::regprocedure) as statement from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = current_schema() and p.proname = any($1::text[])`;

const functionsOf = (known: ReturnType<typeof knownMigrations>) =>
  known
    .flatMap(({ sql }) => sql)
    .flatMap((text) =>
      [...text.matchAll(/CREATE (?:OR REPLACE )?FUNCTION "?(\w+)/gi)].flatMap(([, name]) => name ?? []),
    );

/** Ours by their name, in this database; the connections by which this was prepared may take a moment to go. */
const OTHERS = `
  select count(*) as count from (select pg_stat_clear_snapshot()) fresh, pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()
    and application_name <> '' and application_name in ('${APPLICATION}', current_setting('application_name'))`;
const GONE_WITHIN_S = 3;
const LOOK_EVERY_S = 0.1;

/** @throws StartError when servers or commands of ours work on the database, whose tables are about to be replaced */
async function refuseWhileInUse(client: pg.Client): Promise<void> {
  let others = 0;
  for (let waited = 0; waited < GONE_WITHIN_S; waited += LOOK_EVERY_S) {
    const { rows } = await client.query<{ count: string }>(OTHERS);
    others = Number(rows[0]?.count);
    if (others === 0) return;
    await client.query(`select pg_sleep(${LOOK_EVERY_S})`);
  }
  throw new StartError(
    `The database is in use: ${others} connections of servers or commands are open. Stop them first; a pooler keeps theirs for a while.`,
  );
}

/** @throws StartError that names what is in the database */
async function refuseUnlessEmpty(client: pg.Client, tables: readonly Table[]): Promise<void> {
  const found: string[] = [];
  for (const { name } of tables) {
    await client.query(`lock table ${escapeIdentifier(name)} in access exclusive mode`);
    const { rows } = await client.query<{ count: string }>(`select count(*) as count from ${escapeIdentifier(name)}`);
    if (Number(rows[0]?.count) > (FIRST_ROWS[name] ?? 0)) found.push(`${name} (${rows[0]?.count})`);
  }
  if (found.length === 0) return;
  throw new StartError(
    `The database is not empty: it has rows in ${found.join(', ')}. A backup is restored into an empty one.`,
  );
}

/** Takes away what a first start has made, so that the schema of the backup can be made in its place. */
async function clear(client: pg.Client, known: ReturnType<typeof knownMigrations>): Promise<void> {
  const tables = await tablesInOrder(client, tablesOf(known));
  const { table, exists } = await findJournal(client);
  if (!exists && tables.length > 0)
    throw new StartError(
      `The schema has tables of another program: ${tables.map(({ name }) => name).join(', ')}. A backup is restored into an empty database.`,
    );
  if (!exists) return;
  await refuseUnlessEmpty(client, tables);
  for (const { name } of tables) await client.query(`drop table ${escapeIdentifier(name)} cascade`);
  const { rows } = await client.query<{ statement: string }>(FUNCTIONS, [functionsOf(known)]);
  for (const { statement } of rows) await client.query(statement);
  if (table.endsWith(JOURNAL)) await client.query(`drop table ${table}`);
}

async function load(
  client: pg.Client,
  tables: readonly Table[],
  { table, columns, rows }: TableRows,
  onBytes: (bytes: number) => void,
) {
  const known = tables.find(({ name }) => name === table);
  const strange = known === undefined ? table : columns.find((column) => !known.columns.includes(column));
  if (strange !== undefined) throw new StartError(`The backup has "${strange}" in ${table}, which its schema has not.`);
  const hash = createHash('sha256');
  async function* seen() {
    for await (const chunk of rows) {
      hash.update(chunk);
      onBytes(chunk.length);
      yield chunk;
    }
  }
  const copy = client.query(
    copyFrom(`copy ${escapeIdentifier(table)} (${columns.map(escapeIdentifier).join(', ')}) from stdin`),
  );
  await pipeline(Readable.from(seen()), copy);
  return { name: table, rows: copy.rowCount, sha256: hash.digest('hex') };
}

/** Counters of columns go on behind the highest number that was restored. */
async function advanceSequences(client: pg.Client, tables: readonly Table[]): Promise<void> {
  for (const { name, columns } of tables) {
    for (const column of columns) {
      const { rows } = await client.query<{ sequence: string | null }>(
        'select pg_get_serial_sequence($1, $2) as sequence',
        [escapeIdentifier(name), column],
      );
      if (rows[0]?.sequence == null) continue;
      await client.query(
        `select setval($1, coalesce(max(${escapeIdentifier(column)}), 1), count(*) > 0) from ${escapeIdentifier(name)}`,
        [rows[0].sequence],
      );
    }
  }
}

async function loadAll(
  client: pg.Client,
  backup: Backup,
  tables: readonly Table[],
  onProgress: OnProgress,
): Promise<void> {
  const names = tables.map(({ name }) => escapeIdentifier(name));
  await client.query(`truncate ${names.join(', ')}`);
  // What triggers count is in the backup, counted.
  for (const name of names) await client.query(`alter table ${name} disable trigger user`);
  const loaded = [];
  let bytes = 0;
  for await (const rows of tablesOfBackup(backup)) {
    loaded.push(
      await load(client, tables, rows, (more) => {
        bytes += more;
        onProgress({ table: rows.table, bytes });
      }),
    );
  }
  if (
    JSON.stringify(loaded) !==
    JSON.stringify(backup.manifest.tables.map(({ name, rows, sha256 }) => ({ name, rows, sha256 })))
  )
    throw new StartError('What was restored is not what the manifest of the backup says: nothing was kept.');
  await advanceSequences(client, tables);
  for (const name of names) await client.query(`alter table ${name} enable trigger user`);
}

/**
 * Restores a backup: the schema it was made of, its rows, and then what this program's schema has more.
 * @param options `beforeCommit` is called when all is there but not yet kept
 * @returns how many migrations came after the rows
 * @throws StartError when the database is in use or not empty, or the backup is of a newer program; nothing is changed then
 */
export async function restoreBackup(
  url: string,
  backup: Backup,
  { beforeCommit, onProgress }: { beforeCommit: () => void; onProgress: OnProgress },
): Promise<number> {
  const known = knownMigrations();
  const { migrations, version } = backup.manifest;
  const of = (had: boolean) => known.filter(({ folderMillis }) => migrations.includes(folderMillis) === had);
  if (of(true).length !== migrations.length)
    throw new StartError(
      `The backup has schema ${versionText(migrations)}, made by a newer program (${version}), which is the one to restore it.`,
    );
  return withClient(url, async (client) => {
    await beginMigrating(client);
    await refuseWhileInUse(client);
    await clear(client, known);
    const journal = await findJournal(client);
    await applyMigrations(client, journal, of(true));
    await loadAll(client, backup, await tablesInOrder(client, tablesOf(known)), onProgress);
    await applyMigrations(client, journal, of(false));
    beforeCommit();
    await client.query('commit');
    await client.query('analyze').catch(() => undefined);
    return of(false).length;
  });
}
