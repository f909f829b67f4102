// Carries tables of the old deployment into temporary tables beside ours: streamed, so that memory is bounded.
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { SecretBox } from '../crypto/secret-box.ts';
import { secretAad } from '../services/secrets.ts';
import { type CopyRow, readCopyRow, writeCopyRow } from './copy-text.ts';
import type { Unseal } from './reference-keys.ts';
import { columnsOf, type Source } from './source.ts';
import { SOURCE_TABLES, type SourceTable } from './source-tables.ts';

const LINE_END = 0x0a;

/** Counts rows: a line end stands behind each of them and nowhere else. */
function counting(onRows: (count: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      let count = 0;
      for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 1)) count += 1;
      onRows(count);
      done(null, chunk);
    },
  });
}

/** Changes row by row. */
function rewriting(change: (row: CopyRow) => CopyRow): Transform {
  let rest: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const whole = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = whole.lastIndexOf(LINE_END) + 1;
      rest = whole.subarray(end);
      try {
        const lines = whole.subarray(0, end).toString().split('\n').slice(0, -1);
        done(null, lines.map((line) => writeCopyRow(change(readCopyRow(line)))).join(''));
      } catch (err) {
        done(err as Error);
      }
    },
  });
}

/** Opens what is encrypted there and encrypts it with our key, so that no clear text is ever written. */
function sealing(table: SourceTable, unseal: Unseal, box: SecretBox): (row: CopyRow) => CopyRow {
  const names = columnsOf(table);
  const at = (name: string) => names.indexOf(name);
  return (row) => {
    const next = [...row];
    for (const { column, keyIdColumn, always, isTied, bytesColumn } of table.sealed ?? []) {
      const stored = row[at(column)] ?? '';
      const plain = stored === '' ? '' : unseal(stored, row[at(keyIdColumn)] ?? null);
      const tie = isTied ? secretAad(row[at('id')] ?? '') : undefined;
      next[at(column)] = plain === '' && !always ? '' : box.encrypt(plain, tie);
      if (bytesColumn !== undefined) next.push(String(Buffer.byteLength(plain)));
    }
    return next;
  };
}

/** The temporary table that holds a source table's rows as text. */
const stagedName = (name: string): string => `old_${name}`;

export interface Keys {
  readonly unseal: Unseal;
  readonly box: SecretBox;
}

/**
 * Copies every table that is there; one that is not is staged empty.
 * @param onRows told how many rows more were carried
 */
export async function stageAll(
  source: Source,
  target: pg.Client,
  { unseal, box }: Keys,
  onRows: (count: number) => void,
): Promise<void> {
  for (const [name, table] of Object.entries(SOURCE_TABLES)) {
    const columns = [...columnsOf(table), ...(table.sealed ?? []).flatMap(({ bytesColumn }) => bytesColumn ?? [])];
    await target.query(
      `create temp table ${stagedName(name)} (${columns.map((column) => `${column} text`).join(', ')}) on commit drop`,
    );
    const select = source.select(name);
    if (select === undefined) continue;
    await pipeline([
      source.client.query(copyTo(`copy (${select}) to stdout`)),
      counting(onRows),
      ...(table.sealed ? [rewriting(sealing(table, unseal, box))] : []),
      target.query(copyFrom(`copy ${stagedName(name)} (${columns.join(', ')}) from stdin`)),
    ]);
    await target.query(`analyze ${stagedName(name)}`);
  }
}

/** How many rows there are to carry. */
export async function countSourceRows(source: Source): Promise<number> {
  let count = 0;
  for (const name of Object.keys(SOURCE_TABLES)) {
    const select = source.select(name);
    if (select === undefined) continue;
    const { rows } = await source.client.query<{ count: string }>(`select count(*) as count from (${select}) rows`);
    count += Number(rows[0]?.count);
  }
  return count;
}
