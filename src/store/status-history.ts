// How many users were in which status when.
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

/** How many users entered a status (or, below zero, left it) between two points of time. */
export interface StatusChange {
  status: string;
  /** The place of the first point after the change; the number of points when it is after them all. */
  point: number;
  change: number;
}

/**
 * What came to each status and left it between points of time (oldest first), in one pass over the history without sorting
 * it. The sum up to a point is how many there were.
 */
export async function statusChanges(db: Db, points: readonly string[]): Promise<StatusChange[]> {
  const { rows } = await db.execute<{ now: string; before: string | null; point: number; users: number }>(sql`
    select new_status as now, old_status as before,
      width_bucket(changed_at, ${sql.param(points)}::timestamptz[])::int as point, count(*)::int as users
    from user_status_changes group by 1, 2, 3`);
  return rows.flatMap(({ now, before, point, users }) => [
    { status: now, point, change: users },
    ...(before === null ? [] : [{ status: before, point, change: -users }]),
  ]);
}
