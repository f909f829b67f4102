// Carries out what was planned, set by set, and remembers what came.
import type pg from 'pg';
import { type Kind, keyText, markOf, newRows, planOf } from './kind.ts';

const planned = (kind: Kind, row: string, act: string) => `p.row_key = ${keyText(kind, row)} and p.act = '${act}'`;

/** Rows that are gone there. A row that changed since it was planned stays. */
export async function deleteRows(target: pg.Client, kind: Kind): Promise<void> {
  if (kind.isPartOfRow || kind.isLog) return;
  await target.query(`delete from ${kind.table} t using ${planOf(kind)} p where ${planned(kind, 't', 'delete')}`);
}

async function updateRows(target: pg.Client, kind: Kind): Promise<void> {
  const sets = Object.keys(kind.columns)
    .filter((column) => !kind.key.includes(column))
    .flatMap((column) => {
      const value = kind.onUpdate && column in kind.onUpdate ? kind.onUpdate[column] : `n.${column}`;
      return value === undefined ? [] : [`${column} = ${value}`];
    });
  await target.query(`
    update ${kind.table} t set ${sets.join(', ')} from ${newRows(kind)} n join ${planOf(kind)} p using (row_key)
    where ${planned(kind, 't', 'update')} and ${markOf(kind, 't')} = p.known_mark`);
}

async function insertRows(target: pg.Client, kind: Kind): Promise<void> {
  const columns = Object.keys(kind.columns);
  await target.query(`
    insert into ${kind.table} (${columns.join(', ')})
    select ${columns.map((column) => `n.${column}`).join(', ')} from ${newRows(kind)} n join ${planOf(kind)} p using (row_key)
    where p.act = 'insert'`);
}

async function moveForward(target: pg.Client, kind: Kind): Promise<void> {
  for (const column of kind.latest ?? []) {
    await target.query(`
      update ${kind.table} t set ${column} = n.${column} from ${newRows(kind)} n join ${planOf(kind)} p using (row_key)
      where p.row_key = ${keyText(kind, 't')} and p.act not in ('insert', 'present') and n.${column} > t.${column}`);
  }
}

async function remember(target: pg.Client, kind: Kind): Promise<void> {
  await target.query(`
    insert into imported_rows (kind, key, fingerprint)
    select '${kind.name}', n.row_key, n.row_mark from ${newRows(kind)} n join ${planOf(kind)} p using (row_key)
    where p.act = 'insert' order by n.row_key`);
  await target.query(`
    update imported_rows i set fingerprint = n.row_mark from ${newRows(kind)} n join ${planOf(kind)} p using (row_key)
    where i.kind = '${kind.name}' and i.key = p.row_key and p.act in ('update', 'agreed', 'both')`);
  await target.query(`
    delete from imported_rows i using ${planOf(kind)} p
    where i.kind = '${kind.name}' and i.key = p.row_key and p.act in ('delete', 'kept', 'forget')`);
}

/** Brings the new rows and changes of a kind. */
export async function applyRows(target: pg.Client, kind: Kind): Promise<void> {
  await updateRows(target, kind);
  if (!kind.isPartOfRow) await insertRows(target, kind);
  await moveForward(target, kind);
  if (!kind.isLog) await remember(target, kind);
}
