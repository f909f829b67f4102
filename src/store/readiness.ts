// Whether writes succeed right now, found out by writing.
import { sql } from 'drizzle-orm';
import { once } from '../in-flight.ts';
import { type Db, inTransaction, recentTrouble } from './db.ts';
import { OutOfService } from './errors.ts';
import { writeSetting } from './site-settings.ts';

const KEY = 'last_readiness_check';
/** For so long after a write that found no space nothing counts as cured: a small write may still find some. */
const RECENT_MS = 10_000;
/** More than what the pages at hand can have free. */
const LARGE_BYTES = 65_536;

class Undo extends Error {}

/** Writes more than fits into what is there, and takes it back. */
async function writeLarge(db: Db): Promise<void> {
  const value = sql`(select string_agg(md5(random()::text), '') from generate_series(1, ${LARGE_BYTES / 32}::int))`;
  try {
    await inTransaction(db, async (tx) => {
      await tx.execute(sql`insert into site_settings (key, value) values ('space', ${value})`);
      throw new Undo();
    });
  } catch (err) {
    if (!(err instanceof Undo)) throw err;
  }
}

const writes = once<Db, void>();
const full = new WeakSet<Db>();

async function write(db: Db): Promise<void> {
  if (recentTrouble(db, RECENT_MS) === 'out of space') full.add(db);
  if (!full.has(db)) return writeSetting(db, KEY, String(Date.now()));
  await writeLarge(db);
  if (recentTrouble(db, RECENT_MS) !== 'out of space') full.delete(db);
}

/**
 * Writes, to see whether writes succeed.
 * @throws what keeps them from it, or OutOfService when that is known without an error or nothing came back `withinMs`
 */
export async function checkWrites(db: Db, withinMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new OutOfService(recentTrouble(db, RECENT_MS) ?? 'too slow')), withinMs);
  });
  try {
    await Promise.race([writes(db, () => write(db)), late]);
  } finally {
    clearTimeout(timer);
  }
  if (full.has(db)) throw new OutOfService('out of space');
}
