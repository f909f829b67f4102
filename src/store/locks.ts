// Locks of a transaction for invariants that no single row guards.
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

/** One number for each invariant; any will do as long as they differ. */
const FIRST_USER = 7_310_001;

/** Until the transaction ends nobody else creates a first user. Transaction-level, so it works through a pooler. */
export async function lockFirstUser(db: Db): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${FIRST_USER})`);
}
