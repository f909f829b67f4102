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
 * What came to each status and left it between points of time (oldest first), in one pass over the history. The sum up to
 * a point is how many there were.
 */
export async function statusChanges(db: Db, points: readonly string[]): Promise<StatusChange[]> {
  const { rows } = await db.execute<{ status: string; point: number; change: number }>(sql`
    with history as (
      select new_status, changed_at,
        lag(new_status) over (partition by user_id order by changed_at, id) as old_status
      from user_status_changes
    ), steps as (
      select new_status as status, changed_at, 1 as step from history
      union all select old_status, changed_at, -1 from history where old_status is not null
    )
    select status, width_bucket(changed_at, ${sql.param(points)}::timestamptz[])::int as point, sum(step)::int as change
    from steps where status <> 'deleted' group by 1, 2`);
  return rows;
}
