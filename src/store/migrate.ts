// Brings the database to the schema of this program, or refuses one that is newer.
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import type pg from 'pg';
import { packageRoot } from '../package-root.ts';
import { withClient } from '../postgres/client.ts';
import { StartError } from '../start-error.ts';

/** Any number will do that no other program takes for its advisory lock in this database. */
const LOCK = 4_021_790_116;

/** The table that drizzle-kit's own migrator keeps, so that its tools can read what was applied. */
const TABLE = 'drizzle.__drizzle_migrations';

/** The migrations this program knows, oldest first. */
export function knownMigrations(folder = `${packageRoot}/migrations`): MigrationMeta[] {
  return readMigrationFiles({ migrationsFolder: folder });
}

/** The time stamps (milliseconds since 1970) of the applied migrations, oldest first. */
async function appliedMigrations(client: pg.Client): Promise<number[]> {
  const { rows: tables } = await client.query<{ exists: boolean }>(
    `select to_regclass('${TABLE}') is not null as exists`,
  );
  if (!tables[0]?.exists) return [];
  const { rows } = await client.query<{ created_at: string }>(`select created_at from ${TABLE} order by created_at`);
  return rows.map((row) => Number(row.created_at));
}

function versionText(stamps: number[]): string {
  const date = new Date(stamps.at(-1) ?? 0).toISOString().slice(0, 10);
  return `version ${stamps.length} (${date})`;
}

async function apply(client: pg.Client, missing: MigrationMeta[]): Promise<void> {
  await client.query('create schema if not exists drizzle');
  await client.query(
    `create table if not exists ${TABLE} (id serial primary key, hash text not null, created_at bigint)`,
  );
  for (const migration of missing) {
    for (const statement of migration.sql) await client.query(statement);
    await client.query(`insert into ${TABLE} (hash, created_at) values ($1, $2)`, [
      migration.hash,
      migration.folderMillis,
    ]);
  }
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
    await client.query('begin');
    await client.query('set local statement_timeout = 0');
    await client.query('set local lock_timeout = 0');
    await client.query('set local idle_in_transaction_session_timeout = 0');
    await client.query(`select pg_advisory_xact_lock(${LOCK})`);
    const applied = await appliedMigrations(client);
    const knownStamps = known.map((migration) => migration.folderMillis);
    if (applied.some((stamp) => !knownStamps.includes(stamp))) {
      throw new StartError(
        `The database has schema ${versionText(applied)}, made by a newer program; this one knows schema ${versionText(knownStamps)} and leaves it alone.`,
      );
    }
    // By time stamp rather than by count: a migration that was merged late with an older stamp is applied as well.
    const missing = known.filter((migration) => !applied.includes(migration.folderMillis));
    if (missing.length > 0) await apply(client, missing);
    await client.query('commit');
    return missing.length;
  });
}
