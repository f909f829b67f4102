// The database of the old deployment: read in one snapshot that cannot write, and described by what is there.
import type pg from 'pg';
import { BEGIN_SNAPSHOT, escapeIdentifier, withClient } from '../postgres/client.ts';
import { StartError } from '../start-error.ts';
import { JOURNAL } from '../store/migrate.ts';
import { HELPING_TABLES, LEFT_OUT, type Needs, SOURCE_TABLES, type SourceTable } from './source-tables.ts';

export interface Source {
  readonly client: pg.Client;
  /** Tables and columns that can be read without a schema's name. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  readonly description: SourceDescription;
  /** The statement that reads a table of SOURCE_TABLES; undefined when it is not there or lacks what is needed. */
  select(name: string): string | undefined;
}

export interface SourceDescription {
  /** Of its migrations; undefined when it does not say. */
  readonly schemaVersion: string | undefined;
  /** Its deployment id; undefined when it does not say. */
  readonly deploymentId: string | undefined;
  /** Tables and columns that are read when they are there, and are not. */
  readonly missing: readonly string[];
  /** Columns of tables that are read, without a place here. */
  readonly unknownColumns: readonly string[];
  /** Tables that are not read at all. */
  readonly otherTables: readonly string[];
  /** It tells which form values were for one build only. */
  readonly isOneTimeTold: boolean;
  readonly leftOut: readonly { readonly what: string; readonly count: number; readonly why: string }[];
}

async function readColumns(client: pg.Client): Promise<Map<string, Set<string>>> {
  const { rows } = await client.query<{ name: string; columns: string[] }>(`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p') and not c.relispartition and pg_table_is_visible(c.oid)
      and has_table_privilege(c.oid, 'select')
      and c.relnamespace <> 'pg_catalog'::regnamespace
    group by c.relname order by c.relname`);
  return new Map(rows.map(({ name, columns }) => [name, new Set(columns)]));
}

const areThere = (columns: Source['columns'], needs: Needs) =>
  Object.entries(needs).every(([table, list]) => {
    const there = columns.get(table);
    return there !== undefined && list.every((column) => there.has(column));
  });

function selectOf(columns: Source['columns'], name: string, table: SourceTable): string | undefined {
  if (table.query) {
    const { needs, text, except } = table.query;
    if (!areThere(columns, needs)) return undefined;
    const rest = areThere(columns, except.needs) ? `where not ${except.condition}` : '';
    return `select ${columnsOf(table).join(', ')} from (${text}) r ${rest}`;
  }
  const there = columns.get(name);
  if (!there || !table.required.every((column) => there.has(column))) return undefined;
  const list = columnsOf(table).map((column) => (there.has(column) ? escapeIdentifier(column) : 'null'));
  return `select ${list.join(', ')} from ${escapeIdentifier(name)}`;
}

/** All columns that are read of a table, in the order in which they are read. */
export const columnsOf = (table: SourceTable): string[] => [...table.required, ...table.columns];

function missingOf(columns: Source['columns']): string[] {
  return Object.entries(SOURCE_TABLES).flatMap(([name, table]) => {
    const there = columns.get(name);
    if (selectOf(columns, name, table) === undefined) {
      if (table.query) return [Object.keys(table.query.needs).join(', ')];
      const lacking = table.required.filter((column) => !there?.has(column));
      return there === undefined ? [name] : [`${name} (without ${lacking.join(', ')})`];
    }
    return table.query
      ? []
      : table.columns.filter((column) => !there?.has(column)).map((column) => `${name}.${column}`);
  });
}

/** What older and newer versions call alike is not missed: one of both names is enough. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'api_keys.scope': 'api_keys.scopes',
  'api_keys.scopes': 'api_keys.scope',
};

async function describe(client: pg.Client, columns: Source['columns']): Promise<SourceDescription> {
  const value = async (table: string, column: string, where = 'true') => {
    if (!columns.get(table)?.has(column)) return undefined;
    const { rows } = await client.query<{ value: string }>(
      `select ${column}::text as value from ${table} where ${where} limit 1`,
    );
    return rows[0]?.value;
  };
  const leftOut: SourceDescription['leftOut'][number][] = [];
  for (const { what, needs, from, why } of LEFT_OUT) {
    if (!areThere(columns, needs)) continue;
    const { rows } = await client.query<{ count: string }>(`select count(*) as count from ${from}`);
    const count = Number(rows[0]?.count);
    if (count > 0) leftOut.push({ what, count, why });
  }
  const readNames = new Set([
    ...Object.keys(SOURCE_TABLES),
    ...HELPING_TABLES,
    ...LEFT_OUT.flatMap(({ needs }) => Object.keys(needs)),
  ]);
  const missing = missingOf(columns);
  return {
    schemaVersion: await value('schema_migrations', 'version'),
    deploymentId: columns.get('site_configs')?.has('key')
      ? await value('site_configs', 'value', `key = 'deployment_id'`)
      : undefined,
    missing: missing.filter((name) => OTHER_NAMES[name] === undefined || missing.includes(OTHER_NAMES[name])),
    unknownColumns: Object.entries(SOURCE_TABLES).flatMap(([name, table]) => {
      const known = new Set(columnsOf(table));
      return table.query
        ? []
        : [...(columns.get(name) ?? [])].filter((one) => !known.has(one)).map((one) => `${name}.${one}`);
    }),
    otherTables: [...columns.keys()].filter((name) => !readNames.has(name)),
    leftOut,
    isOneTimeTold: Object.values(SOURCE_TABLES).every(({ query }) => !query || areThere(columns, query.except.needs)),
  };
}

/**
 * Runs `work` on one snapshot of the old deployment's database.
 * @throws StartError when it is no such database
 */
export function withSource<T>(url: string, work: (source: Source) => Promise<T>): Promise<T> {
  return withClient(url, async (client) => {
    await client.query(BEGIN_SNAPSHOT);
    const columns = await readColumns(client);
    if (columns.has(JOURNAL)) {
      throw new StartError('--from names a database of this program: use backup and restore to copy one.');
    }
    const lacking = ['users', 'organizations'].filter(
      (name) => selectOf(columns, name, SOURCE_TABLES[name] as SourceTable) === undefined,
    );
    if (lacking.length > 0) {
      throw new StartError(
        `--from names no database that people can move in from: its tables ${lacking.join(' and ')} are missing, closed to this role, or unlike those of any known version.`,
      );
    }
    const description = await describe(client, columns);
    const select = (name: string) => {
      const table = SOURCE_TABLES[name];
      return table && selectOf(columns, name, table);
    };
    return work({ client, columns, description, select });
  });
}
