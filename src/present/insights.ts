// Insights as wire objects.
import type { DAUsResponse, GetUserStatusCountsResponse } from '../codersdk/insights.ts';

/** codersdk.GetUserStatusCountsResponse. Golden: deploy-user-insights */
export const presentStatusCounts = (
  counts: Readonly<Record<string, { at: string; count: number }[]>>,
): GetUserStatusCountsResponse => ({
  status_counts: Object.fromEntries(
    Object.entries(counts).map(([status, points]) => [status, points.map(({ at, count }) => ({ date: at, count }))]),
  ),
});

/** codersdk.DAUsResponse of a deployment without workspaces. */
export const presentDailyUsers = ({ days, offsetHours }: { days: string[]; offsetHours: number }): DAUsResponse => ({
  entries: days.map((date) => ({ date, amount: 0 })),
  tz_hour_offset: offsetHours,
});
