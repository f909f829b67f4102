// Wire types of insights.
import { z } from 'zod';
import { QueryText, Time, Uuid } from './common.ts';

const UserStatusChangeCount = z.object({ date: Time, count: z.int() }).meta({ id: 'codersdk.UserStatusChangeCount' });

export const GetUserStatusCountsResponse = z
  .object({ status_counts: z.record(z.string(), z.array(UserStatusChangeCount)) })
  .meta({ id: 'codersdk.GetUserStatusCountsResponse' });
export type GetUserStatusCountsResponse = z.infer<typeof GetUserStatusCountsResponse>;

const DAUEntry = z.object({ date: z.string(), amount: z.int() }).meta({ id: 'codersdk.DAUEntry' });

export const DAUsResponse = z
  .object({ entries: z.array(DAUEntry), tz_hour_offset: z.int() })
  .meta({ id: 'codersdk.DAUsResponse' });
export type DAUsResponse = z.infer<typeof DAUsResponse>;

const report = <T extends z.ZodRawShape>(id: string, more: T) =>
  z.object({ start_time: Time, end_time: Time, template_ids: z.array(Uuid), ...more }).meta({ id: `codersdk.${id}` });

export const UserActivityInsightsResponse = z
  .object({ report: report('UserActivityInsightsReport', { users: z.array(z.unknown()) }) })
  .meta({ id: 'codersdk.UserActivityInsightsResponse' });

export const UserLatencyInsightsResponse = z
  .object({ report: report('UserLatencyInsightsReport', { users: z.array(z.unknown()) }) })
  .meta({ id: 'codersdk.UserLatencyInsightsResponse' });

export const TemplateInsightsResponse = z
  .object({
    report: report('TemplateInsightsReport', {
      active_users: z.int(),
      apps_usage: z.array(z.unknown()),
      parameters_usage: z.array(z.unknown()),
    }),
    interval_reports: z.array(z.unknown()),
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
