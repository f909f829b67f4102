// States of logins through identity providers that came back: each is taken once, whichever replica it comes to.
import type { Db } from './db.ts';
import { spentStates } from './schema-credentials.ts';

/** Notes that a state came back; false when it had before. */
export async function spendState(db: Db, hash: Buffer, now: string): Promise<boolean> {
  const rows = await db
    .insert(spentStates)
    .values({ hash, spentAt: now })
    .onConflictDoNothing()
    .returning({ hash: spentStates.hash });
  return rows.length > 0;
}
