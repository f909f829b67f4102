// Builds a statement once for each database handle: building costs more than running it.
import { BoundedMap } from '../rbac/bounded-map.ts';
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

/** How many shapes of one statement a handle keeps: callers choose them, and there are thousands. */
const MAX_SHAPES = 100;

/** As `prepared`, for a statement whose text depends on what is asked; `shape` tells the texts apart. */
export function preparedShapes<T>(): (db: Db, shape: string, build: () => T) => T {
  const ofHandle = prepared(() => new BoundedMap<string, T>(MAX_SHAPES));
  return (db, shape, build) => ofHandle(db).getOrMake(shape, build);
}
