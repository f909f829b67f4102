// Every column that is stored encrypted, read page by page so that its texts can be encrypted anew.
import { type SQL, sql } from 'drizzle-orm';
import type pg from 'pg';
import type { Db } from './db.ts';
import { readOrCreateSetting, readSetting } from './site-settings.ts';

export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** The primary key with its types, in order. */
  readonly key: readonly (readonly [column: string, type: 'uuid' | 'text'])[];
}

/** Where encrypted texts are. Links without a token hold "", and most settings are not encrypted at all. */
export const SEALED_COLUMNS = {
  secrets: { table: 'user_secrets', column: 'value', key: [['id', 'uuid']] },
  sshKeys: { table: 'git_ssh_keys', column: 'private_key', key: [['user_id', 'uuid']] },
  accessTokens: {
    table: 'user_links',
    column: 'access_token',
    key: [
      ['user_id', 'uuid'],
      ['login_type', 'text'],
    ],
  },
  refreshTokens: {
    table: 'user_links',
    column: 'refresh_token',
    key: [
      ['user_id', 'uuid'],
      ['login_type', 'text'],
    ],
  },
  settings: { table: 'site_settings', column: 'value', key: [['key', 'text']] },
} as const satisfies Record<string, SealedColumn>;

export interface SealedText {
  /** Values of the primary key, in its order. */
  key: string[];
  stored: string;
}

const list = (parts: SQL[]) => sql.join(parts, sql`, `);
const keyColumns = ({ key }: SealedColumn) => list(key.map(([name]) => sql`${sql.identifier(name)}`));
const keyValues = ({ key }: SealedColumn, values: string[]) =>
  list(key.map(([, type], index) => sql`${values[index]}::${sql.raw(type)}`));

/** The next texts behind `after` (from the start without), in the order of the primary key. */
export async function listSealed(
  db: Db,
  of: SealedColumn,
  after: string[] | undefined,
  limit: number,
): Promise<SealedText[]> {
  const { rows } = await db.execute<{ key: string[]; stored: string }>(sql`
    select array[${list(of.key.map(([name]) => sql`${sql.identifier(name)}::text`))}] as key, ${sql.identifier(of.column)} as stored
    from ${sql.identifier(of.table)}
    where ${after === undefined ? sql`true` : sql`(${keyColumns(of)}) > (${keyValues(of, after)})`}
    order by ${keyColumns(of)} limit ${limit}`);
  return rows;
}

/** Puts `stored` in place of `old`; false when the text has changed meanwhile or is gone. */
export async function replaceSealed(db: Db, of: SealedColumn, old: SealedText, stored: string): Promise<boolean> {
  const column = sql.identifier(of.column);
  const { rowCount } = await db.execute(sql`
    update ${sql.identifier(of.table)} set ${column} = ${stored}
    where (${keyColumns(of)}) = (${keyValues(of, old.key)}) and ${column} = ${old.stored}`);
  return rowCount === 1;
}

/** Deletes the row of a text; false when the text has changed meanwhile or is gone. */
export async function deleteSealed(db: Db, of: SealedColumn, old: SealedText): Promise<boolean> {
  const { rowCount } = await db.execute(sql`
    delete from ${sql.identifier(of.table)}
    where (${keyColumns(of)}) = (${keyValues(of, old.key)}) and ${sql.identifier(of.column)} = ${old.stored}`);
  return rowCount === 1;
}

/** Settings that only prove which keys the database was written with: one for each key that was ever the first. */
const CHECK = 'encryption_check';

/** Leaves a check value of the first key, named by `keyId`. `rotate` encrypts it anew with everything else. */
export async function leaveKeyCheck(db: Db, keyId: string, encrypt: (text: string) => string): Promise<void> {
  // The first ones had no name.
  if ((await readSetting(db, CHECK))?.startsWith(`v1:${keyId}:`)) return;
  await readOrCreateSetting(db, `${CHECK}:${keyId}`, () => encrypt(CHECK));
}

const has = async (client: pg.ClientBase, table: string) =>
  (await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table])).rows[0]?.there;

/** The check values that are there; none in a database that has never been used, also before its first migration. */
export async function readKeyChecks(client: pg.ClientBase): Promise<string[]> {
  if (!(await has(client, 'site_settings'))) return [];
  const { rows } = await client.query<{ value: string }>(
    'select value from site_settings where key = $1 or starts_with(key, $2)',
    [CHECK, `${CHECK}:`],
  );
  return rows.map(({ value }) => value);
}

/** The names of the keys that any stored text needs, of whichever version the schema is. */
export async function keyIdsInUse(client: pg.ClientBase): Promise<string[]> {
  const found = new Set<string>();
  for (const { table, column } of Object.values(SEALED_COLUMNS)) {
    if (!(await has(client, table))) continue;
    const { rows } = await client.query<{ id: string }>(
      `select distinct substring(${column} from '^v1:([0-9a-f]{16}):') as id from ${table} where ${column} like 'v1:%'`,
    );
    for (const { id } of rows) if (id !== null) found.add(id);
  }
  return [...found].sort();
}
