// Locks of a transaction, and the one order in which all transactions take them, so that none waits for another in a circle:
//
//   1. the lock of the first user,
//   2. people (rows of `users`), by id; whoever needs all owners takes them together with the others, in one statement,
//   3. organizations, by id,
//   4. memberships,
//   5. keys: one alone, or several of one user under the lock of that user's row,
//   6. settings of the site, by name.
//
// Whatever gives or takes power over an account locks the account's row for update; whoever relies on what an account may
// do holds the row for key share, which waits for those and keeps them waiting.
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

/** One number for each invariant; any will do as long as they differ. */
const FIRST_USER = 7_310_001;

/** Until the transaction ends nobody else creates a first user. Transaction-level, so it works through a pooler. */
export async function lockFirstUser(db: Db): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${FIRST_USER})`);
}

/** The people whom a change is about; ids of nobody lock nothing. */
export interface Parties {
  /** Who acts: must stay what it is until the change is made. */
  readonly actor?: string | undefined;
  /** Who is acted on. */
  readonly target?: string | undefined;
  /** Whether an owner may be lost, so that all owners must stay what they are. */
  readonly owners?: boolean;
}

/** Locks people until the transaction ends, in the order of their ids. */
export async function lockPeople(db: Db, { actor, target, owners = false }: Parties): Promise<void> {
  const ids = [...new Set([actor, target])].filter((id) => id !== undefined).sort();
  if (owners) {
    await db.execute(sql`
      select id from users where id in (
        select id from users where deleted = false and roles @> array['owner']
        union all select unnest(${sql.param(ids)}::uuid[])
      ) order by id for update`);
    return;
  }
  for (const id of ids) {
    const strength = id === target ? sql`for update` : sql`for key share`;
    await db.execute(sql`select id from users where id = ${id} ${strength}`);
  }
}
