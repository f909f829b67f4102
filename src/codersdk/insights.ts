// Wire types of insights.
import { z } from 'zod';
import { count, map, nothing, whole } from './answers.ts';
import { QueryText, Time, Uuid } from './common.ts';
import { MAX_KNOWN, MAX_TIME, MAX_WORD } from './sizes.ts';
import { list, text } from './wire.ts';

const UserStatusChangeCount = z.object({ date: Time, count: count() }).meta({ id: 'codersdk.UserStatusChangeCount' });

export const GetUserStatusCountsResponse = z
  .object({ status_counts: map(list(UserStatusChangeCount, MAX_KNOWN), MAX_KNOWN, MAX_WORD) })
  .meta({ id: 'codersdk.GetUserStatusCountsResponse' });
export type GetUserStatusCountsResponse = z.infer<typeof GetUserStatusCountsResponse>;

const DAUEntry = z.object({ date: text(MAX_TIME), amount: count() }).meta({ id: 'codersdk.DAUEntry' });

export const DAUsResponse = z
  .object({ entries: list(DAUEntry, MAX_KNOWN), tz_hour_offset: whole(-24, 24) })
  .meta({ id: 'codersdk.DAUsResponse' });
export type DAUsResponse = z.infer<typeof DAUsResponse>;

const report = <T extends z.ZodRawShape>(id: string, more: T) =>
  z.object({ start_time: Time, end_time: Time, template_ids: list(Uuid, 0), ...more }).meta({ id: `codersdk.${id}` });

export const UserActivityInsightsResponse = z
  .object({ report: report('UserActivityInsightsReport', { users: nothing() }) })
  .meta({ id: 'codersdk.UserActivityInsightsResponse' });

export const UserLatencyInsightsResponse = z
  .object({ report: report('UserLatencyInsightsReport', { users: nothing() }) })
  .meta({ id: 'codersdk.UserLatencyInsightsResponse' });

export const TemplateInsightsResponse = z
  .object({
    report: report('TemplateInsightsReport', {
      active_users: count(),
      apps_usage: nothing(),
      parameters_usage: nothing(),
    }),
    interval_reports: nothing(),
  })
  .meta({ id: 'codersdk.TemplateInsightsResponse' });

/** Query parameters, for the contract document. */
export const UserStatusCountsQuery = z.object({
  tz_offset: QueryText('Time-zone offset in hours east of UTC (e.g. -2)'),
  timezone: QueryText('IANA name of a time zone'),
});
export const DAUsQuery = z.object({ tz_offset: QueryText('Time-zone offset in hours east of UTC (e.g. -2)') });
export const ReportQuery = z.object({
  start_time: QueryText('Start time, at midnight (required)'),
  end_time: QueryText('End time, at midnight (required)'),
  template_ids: QueryText('Template IDs'),
});
