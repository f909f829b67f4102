// Brings the database to the schema of this program, or refuses one that is newer.
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import type pg from 'pg';
import { packageRoot } from '../package-root.ts';
import { BEGIN, UNHURRIED, withClient } from '../postgres/client.ts';
import { StartError } from '../start-error.ts';
import { pgErrorCode } from './errors.ts';

/** Any number will do that no other program takes for its advisory lock in this database. */
const LOCK = 4_021_790_116;

/** Where a schema's applied migrations stand, in that schema. */
export const JOURNAL = 'coder_users_migrations';
/** Where they stood before schemas other than public could be used. */
const OLD_JOURNAL = 'drizzle.__drizzle_migrations';

/** The migrations this program knows, oldest first. */
export function knownMigrations(folder = `${packageRoot}/migrations`): MigrationMeta[] {
  return readMigrationFiles({ migrationsFolder: folder });
}

export interface Journal {
  /** Ready to be put into a statement. */
  readonly table: string;
  readonly exists: boolean;
}

/** The names of all tables that migrations make; those that a schema has are ours. */
export function tablesOf(migrations: readonly MigrationMeta[]): string[] {
  const made = migrations.flatMap(({ sql }) => sql).flatMap((text) => [...text.matchAll(/CREATE TABLE "(\w+)"/gi)]);
  return [...new Set(made.flatMap(([, name]) => name ?? []))];
}

/** Finds the journal of the schema in which the tables are or will be: the first one of the search path. */
export async function findJournal(client: pg.Client): Promise<Journal> {
  const table = (schema: string, name: string) =>
    `exists (select from pg_class c where c.relnamespace = ${schema}::regnamespace and c.relname = '${name}')`;
  const { rows } = await client.query<{ schema: string | null; own: boolean; old: boolean }>(
    `select quote_ident(here.schema) as schema, ${table('quote_ident(here.schema)', JOURNAL)} as own,
       ${table('quote_ident(here.schema)', 'site_settings')} and exists (
         select from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname || '.' || c.relname = '${OLD_JOURNAL}') as old
     from (select current_schema() as schema) here`,
  );
  const { schema, own, old } = rows[0] ?? {};
  if (!schema) throw new StartError('The search_path of the database connection names no schema that exists.');
  return old && !own ? { table: OLD_JOURNAL, exists: true } : { table: `${schema}.${JOURNAL}`, exists: own === true };
}

/** The time stamps (milliseconds since 1970) of the applied migrations, oldest first. */
export async function appliedMigrations(client: pg.Client, { table, exists }: Journal): Promise<number[]> {
  if (!exists) return [];
  const { rows } = await client.query<{ created_at: string }>(`select created_at from ${table} order by created_at`);
  return rows.map((row) => Number(row.created_at));
}

/** Makes pg_trgm usable by its plain names, in whichever schema of the database it is, until the transaction ends. */
async function useTrigrams(client: pg.Client): Promise<void> {
  try {
    await client.query('create extension if not exists pg_trgm');
  } catch (err) {
    if (pgErrorCode(err) !== '42501') throw err;
    throw new StartError(
      'The database user may not create extensions: let an administrator run "create extension pg_trgm" in the database once.',
    );
  }
  await client.query(
    `select set_config('search_path', current_setting('search_path') || ', ' || quote_ident(n.nspname), true)
     from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm'`,
  );
}

/** How many migrations a schema has had, and from when the last one is. */
export function versionText(stamps: readonly number[]): string {
  const date = new Date(stamps.at(-1) ?? 0).toISOString().slice(0, 10);
  return `version ${stamps.length} (${date})`;
}

/** Applies migrations, which the journal then has. Needs the transaction of `beginMigrating`. */
export async function applyMigrations(
  client: pg.Client,
  { table }: Journal,
  missing: readonly MigrationMeta[],
): Promise<void> {
  await client.query(
    `create table if not exists ${table} (id serial primary key, hash text not null, created_at bigint)`,
  );
  await useTrigrams(client);
  for (const migration of missing) {
    for (const statement of migration.sql) await client.query(statement);
    await client.query(`insert into ${table} (hash, created_at) values ($1, $2)`, [
      migration.hash,
      migration.folderMillis,
    ]);
  }
}

/** Begins the one transaction at a time that may change the schema; it takes as long as it takes. */
export async function beginMigrating(client: pg.Client): Promise<void> {
  await client.query(BEGIN);
  await client.query(UNHURRIED);
  await client.query(`select pg_advisory_xact_lock(${LOCK})`);
}

/**
 * Applies what is missing, in one transaction under an advisory lock, so that several copies may start at once on an
 * empty database and a killed one leaves nothing half done. The lock belongs to the transaction: this works through a
 * pooler in transaction mode too.
 * @param url the direct connection where there is one
 * @returns how many migrations were applied
 * @throws StartError when the database holds a migration that this program does not know; nothing is touched then
 */
export async function migrate(url: string, known = knownMigrations()): Promise<number> {
  return withClient(url, async (client) => {
    await beginMigrating(client);
    const journal = await findJournal(client);
    const applied = await appliedMigrations(client, journal);
    const knownStamps = known.map((migration) => migration.folderMillis);
    if (applied.some((stamp) => !knownStamps.includes(stamp))) {
      throw new StartError(
        `The database has schema ${versionText(applied)}, made by a newer program; this one knows schema ${versionText(knownStamps)} and leaves it alone.`,
      );
    }
    // By time stamp rather than by count: a migration that was merged late with an older stamp is applied as well.
    const missing = known.filter((migration) => !applied.includes(migration.folderMillis));
    if (missing.length > 0) await applyMigrations(client, journal, missing);
    await client.query('commit');
    return missing.length;
  });
}
