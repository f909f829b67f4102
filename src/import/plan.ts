// Decides row by row what an import does: what is new, what changed on which side, what is gone, and what stands in the way.
import type pg from 'pg';
import { type Kind, keyText, markOf, newRows, planOf } from './kind.ts';

/**
 * What is done about a row. `same`: it did not change there; `agreed`: it changed to what is here; `both`: it changed on
 * both sides, ours stays; `present`: it is here and did not come by an import; `ended`: it came once and was removed here,
 * so that it never comes back; `delete`, `kept`, `forget`: it is gone there, and goes here, stays, or is gone here too.
 */
export type Act = 'insert' | 'update' | 'same' | 'agreed' | 'both' | 'present' | 'ended' | 'delete' | 'kept' | 'forget';

/** Makes the rows that could come, in the form of our table, with their keys and marks. */
export async function shapeRows(target: pg.Client, kind: Kind): Promise<void> {
  const columns = Object.entries(kind.columns).map(([name, value]) => `${value} as ${name}`);
  await target.query(`
    create temp table ${newRows(kind)} on commit drop as
    select n.*, ${keyText(kind, 'n')} as row_key, ${markOf(kind, 'n')} as row_mark
    from (select ${columns.join(', ')} from ${kind.from}) n`);
  await target.query(`analyze ${newRows(kind)}`);
}

const GONE: Readonly<Record<Kind['gone'], string>> = {
  stays: `'same'`,
  goes: `case when t.row_mark = k.fingerprint then 'delete' else 'kept' end`,
  'goes anyway': `'delete'`,
};

/** Compares what could come with what came before and with what is here. */
export async function planRows(target: pg.Client, kind: Kind): Promise<void> {
  const known = kind.isLog
    ? `(select ''::text as key, null::uuid as fingerprint where false)`
    : `(select key, fingerprint from imported_rows where kind = '${kind.name}')`;
  await target.query(`
    create temp table ${planOf(kind)} on commit drop as
    select coalesce(n.row_key, k.key) as row_key, k.fingerprint as known_mark, case
      when n.row_key is null then case when t.row_key is null then 'forget' else ${GONE[kind.gone]} end
      when k.key is null then case when t.row_key is null${kind.isPartOfRow ? ' or true' : ''} then 'insert' else '${kind.isLog ? 'same' : 'present'}' end
      when t.row_key is null then 'ended'
      when k.fingerprint = n.row_mark then 'same'
      when t.row_mark = k.fingerprint then 'update'
      when t.row_mark = n.row_mark then 'agreed'
      else 'both' end as act
    from ${newRows(kind)} n
    full join ${known} k on k.key = n.row_key
    left join (select ${keyText(kind, 't')} as row_key, ${markOf(kind, 't')} as row_mark from ${kind.table} t) t
      on t.row_key = coalesce(n.row_key, k.key)`);
  await target.query(`analyze ${planOf(kind)}`);
}

/** How many rows of each act there are. */
export async function countActs(target: pg.Client, kind: Kind): Promise<Map<Act, number>> {
  const { rows } = await target.query<{ act: Act; count: string }>(
    `select act, count(*) as count from ${planOf(kind)} group by act`,
  );
  return new Map(rows.map(({ act, count }) => [act, Number(count)]));
}

/** Names rows of an act, in order, up to a number. */
export async function nameRows(target: pg.Client, kind: Kind, act: Act, limit: number): Promise<string[]> {
  const { rows } = await target.query<{ label: string }>(
    `select ${kind.label('n')} as label from ${newRows(kind)} n join ${planOf(kind)} p using (row_key)
     where p.act = '${act}' order by 1 limit ${limit}`,
  );
  return rows.map(({ label }) => label);
}

/** A value that would be there twice, or an id that belongs to somebody else. */
export interface Conflict {
  readonly what: string;
  readonly value: string;
  /** Each with the side on which it is. */
  readonly rows: readonly string[];
}

/** Every conflict of a kind, as things would be after the import. */
export async function findConflicts(target: pg.Client, kind: Kind): Promise<Conflict[]> {
  const conflicts: Conflict[] = [];
  for (const { what, values, where } of kind.uniques) {
    const valuesOf = (row: string) =>
      values(row)
        .map((value) => `(${value})::text`)
        .join(` || ' ' || `);
    const { rows } = await target.query<{ value: string; rows: string[] }>(`
      with later as (
        select ${valuesOf('n')} as value, ${kind.label('n')} as label, true as comes
        from ${newRows(kind)} n join ${planOf(kind)} p using (row_key)
        where p.act in ('insert', 'update') and ${where?.('n') ?? 'true'}
        union all
        select ${valuesOf('t')}, ${kind.label('t')}, false
        from ${kind.table} t left join ${planOf(kind)} p on p.row_key = ${keyText(kind, 't')}
        where coalesce(p.act, '') not in ('update', 'delete') and ${where?.('t') ?? 'true'}
      ), doubled as (select value from later group by value having count(*) > 1 and bool_or(comes))
      select value, array_agg(case when comes then 'there ' else 'here ' end || label order by comes, label) as rows
      from later where value in (select value from doubled) group by value order by 1`);
    conflicts.push(...rows.map((row) => ({ what, ...row })));
  }
  if (kind.otherwiseThere === 'conflict') {
    const { rows } = await target.query<{ value: string; rows: string[] }>(`
      select p.row_key as value, array['here ' || ${kind.label('t')}, 'there ' || ${kind.label('n')}] as rows
      from ${planOf(kind)} p join ${newRows(kind)} n using (row_key) join ${kind.table} t on ${keyText(kind, 't')} = p.row_key
      where p.act = 'present' order by 1`);
    conflicts.push(...rows.map((row) => ({ what: `id among ${kind.title}`, ...row })));
  }
  return conflicts;
}
