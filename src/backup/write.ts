// Writes a backup: every table at one instant, while others go on writing.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { programVersion } from '../package-root.ts';
import { BEGIN_SNAPSHOT, escapeIdentifier, withClient } from '../postgres/client.ts';
import { StartError } from '../start-error.ts';
import { appliedMigrations, findJournal, knownMigrations, tablesOf, versionText } from '../store/migrate.ts';
import { keyIdsInUse } from '../store/sealed.ts';
import { copyLine, END_OF_ROWS, FORMAT, type Manifest, manifestMember, trailerMember } from './format.ts';
import { type Table, tablesInOrder } from './tables.ts';

/** Takes the bytes of a backup, in order; resolves when there is room for more. */
type Sink = (bytes: Buffer) => Promise<void>;

/** How far it is: rows and bytes of all tables so far. */
export type OnProgress = (done: { table: string; bytes: number }) => void;

interface Source {
  readonly client: pg.Client;
  readonly tables: readonly Table[];
  readonly onProgress: OnProgress;
}

/** The text of the first member; what is known of each table afterwards goes to `counted`. */
async function* rowsAsSql({ client, tables, onProgress }: Source, counted: Manifest['tables']): AsyncGenerator<Buffer> {
  let bytes = 0;
  yield Buffer.from('-- A backup of coder-users: load it with coder-users restore.\n');
  for (const { name, columns } of tables) {
    yield Buffer.from(`\n${copyLine(name, columns)}`);
    const hash = createHash('sha256');
    const copy = client.query(
      copyTo(`copy ${escapeIdentifier(name)} (${columns.map(escapeIdentifier).join(', ')}) to stdout`),
    );
    for await (const chunk of copy as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      onProgress({ table: name, bytes });
      yield chunk;
    }
    yield END_OF_ROWS;
    counted.push({ name, rows: copy.rowCount, sha256: hash.digest('hex') });
  }
}

/** The tables, and the migrations that they have had. @throws StartError when they are none of ours or newer */
async function findTables(client: pg.Client): Promise<{ tables: Table[]; migrations: number[] }> {
  const known = knownMigrations();
  const migrations = await appliedMigrations(client, await findJournal(client));
  if (migrations.length === 0)
    throw new StartError('The database has no tables of this program: there is nothing to back up.');
  const stamps = known.map(({ folderMillis }) => folderMillis);
  if (migrations.some((stamp) => !stamps.includes(stamp)))
    throw new StartError(
      `The database has schema ${versionText(migrations)}, made by a newer program, which is the one to back it up.`,
    );
  return { tables: await tablesInOrder(client, tablesOf(known)), migrations };
}

/**
 * Begins a transaction that sees one instant, with the tables held so that no migration changes them meanwhile. The locks
 * come first, since what it sees is settled by its first statement that looks at anything: what a migration rewrote in
 * between would be empty to it.
 */
async function beginHolding(client: pg.Client): ReturnType<typeof findTables> {
  for (;;) {
    const { tables } = await findTables(client);
    await client.query(BEGIN_SNAPSHOT);
    await client.query(
      `lock table ${tables.map(({ name }) => escapeIdentifier(name)).join(', ')} in access share mode`,
    );
    const seen = await findTables(client);
    if (JSON.stringify(seen.tables) === JSON.stringify(tables)) return seen;
    await client.query('rollback');
  }
}

/**
 * Writes a backup of the database of `url`, as it is when this begins, in bounded memory.
 * @param keys the encryption keys to put into it; none without
 * @throws StartError for a database that is none of ours or of a newer program
 */
export async function writeBackup(
  url: string,
  sink: Sink,
  { keys, onProgress }: { keys: readonly string[] | undefined; onProgress: OnProgress },
): Promise<Manifest> {
  return withClient(url, async (client) => {
    const { tables, migrations } = await beginHolding(client);
    const { rows } = await client.query<{ time: string }>(
      `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time`,
    );
    const needed = await keyIdsInUse(client);
    const whole = createHash('sha256');
    let offset = 0;
    const put = async (bytes: Buffer) => {
      whole.update(bytes);
      offset += bytes.length;
      await sink(bytes);
    };
    const counted: Manifest['tables'] = [];
    const gzip = createGzip();
    await pipeline(Readable.from(rowsAsSql({ client, tables, onProgress }, counted)), gzip, async (compressed) => {
      for await (const bytes of compressed) await put(bytes as Buffer);
    });
    const manifest: Manifest = {
      format: FORMAT,
      version: programVersion(),
      time: rows[0]?.time ?? '',
      migrations,
      tables: counted,
      needed_keys: needed,
      ...(keys !== undefined && { encryption_keys: [...keys] }),
    };
    const begin = offset;
    await put(manifestMember(manifest));
    await sink(trailerMember(whole.digest('hex'), begin));
    await client.query('commit');
    return manifest;
  });
}
