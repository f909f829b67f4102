// Which tables of ours a database has, as a transaction sees them.
import type pg from 'pg';

export interface Table {
  readonly name: string;
  /** Those that can be written; the others are computed. */
  readonly columns: readonly string[];
}

const TABLES = `
  select c.relname as name, array(
    select a.attname::text from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns,
    array(select f.relname::text from pg_constraint k join pg_class f on f.oid = k.confrelid
    where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid) as needs
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = current_schema() and c.relkind = 'r' and c.relname = any($1::text[])
  order by c.relname`;

/** The tables among `names` that are there, those that foreign keys point to before those that point. */
export async function tablesInOrder(client: pg.ClientBase, names: readonly string[]): Promise<Table[]> {
  const { rows } = await client.query<Table & { needs: string[] }>(TABLES, [names]);
  const ordered: Table[] = [];
  const left = new Map(rows.map((row) => [row.name, row]));
  while (left.size > 0) {
    const next = [...left.values()].find(({ needs }) => !needs.some((name) => left.has(name)));
    if (next === undefined) throw new Error('the foreign keys of the tables form a circle');
    left.delete(next.name);
    ordered.push({ name: next.name, columns: next.columns });
  }
  return ordered;
}
