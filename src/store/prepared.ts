// Builds a statement once for each database handle: building costs more than running it.
import type { Db } from './db.ts';

/** A function that gives the prepared statement for a handle, made at its first use there. */
export function prepared<T>(build: (db: Db) => T): (db: Db) => T {
  const made = new WeakMap<Db, T>();
  return (db) => {
    let statement = made.get(db);
    if (!statement) {
      statement = build(db);
      made.set(db, statement);
    }
    return statement;
  };
}
