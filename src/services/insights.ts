// Insights: how many users there were in which status; and reports about workspaces, of which there are none here.
import { HOUR, instantText, type Micros } from '../clock.ts';
import { type ActorCtx, withConnection } from '../ctx.ts';
import { badRequest, forbidden } from '../errors.ts';
import { QueryReader, type QueryTerms } from '../golang/search.ts';
import { parseRfc3339 } from '../golang/times.ts';
import { checkZone, midnights } from '../golang/zones.ts';
import { can } from '../rbac/authorize.ts';
import { deploymentStatsObject, newUserObject, templatesObject } from '../rbac/objects.ts';
import { statusChanges } from '../store/status-history.ts';

const DAYS = 61;
type CountedStatus = 'active' | 'dormant' | 'suspended';

interface StatusPoint {
  at: string;
  count: number;
}

const badQuery = (reader: QueryReader) =>
  badRequest('Query parameters have invalid values.', { validations: reader.problems });

/** The zone of a fixed offset. In names of this kind the sign says how far UTC is ahead. */
const zoneOfOffset = (hours: number) => `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`;

/** @throws ApiError 400 for a name that is none of a zone */
function requireZone(zone: string): void {
  const problem = checkZone(zone);
  if (problem) throw badRequest('Invalid timezone.', { detail: problem.error });
}

/** The zone in which days begin. @throws ApiError 400 naming each bad parameter (golden: deploy-user-insights) */
function readZone(query: QueryTerms): string {
  const reader = new QueryReader(query);
  const offset = reader.int('tz_offset');
  const timezone = reader.text('timezone');
  // Clients of old send it; days are the only interval there is.
  reader.text('interval');
  reader.refuseUnknown();
  if (reader.problems.length > 0) throw badQuery(reader);
  if (timezone !== undefined && offset !== undefined)
    throw badRequest('Provide either "timezone" or "tz_offset", not both.');
  const zone = offset === undefined ? (timezone ?? '') : zoneOfOffset(offset);
  requireZone(zone);
  return zone;
}

/**
 * How many users there were in each status at the last midnights of a zone: everybody counts in the latest status before.
 * @throws ApiError 403 without user.read for the site, 400 for parameters that cannot be read
 */
export async function userStatusCounts(
  ctx: ActorCtx,
  query: QueryTerms,
): Promise<Record<CountedStatus, StatusPoint[]>> {
  if (!can(ctx.actor.subject, 'read', newUserObject())) throw forbidden();
  const points = midnights(readZone(query), ctx.clock() / 1000, DAYS).map((ms) => instantText(ms * 1000));
  const changes = await withConnection(ctx, () => statusChanges(ctx.db, points));
  const countsOf = (status: CountedStatus) => {
    const steps = new Array<number>(DAYS + 1).fill(0);
    for (const { status: of, point, change } of changes) if (of === status) steps[point] = (steps[point] ?? 0) + change;
    let count = 0;
    return points.map((at, i) => {
      count += steps[i] ?? 0;
      return { at, count };
    });
  };
  return { active: countsOf('active'), dormant: countsOf('dormant'), suspended: countsOf('suspended') };
}

interface DailyUsers {
  /** Days, YYYY-MM-DD. */
  days: string[];
  offsetHours: number;
}

/** GET /insights/daus: the last days, on which nobody used a workspace. @throws ApiError 403, 400 */
export function dailyUsers(ctx: ActorCtx, query: QueryTerms): DailyUsers {
  if (!can(ctx.actor.subject, 'read', deploymentStatsObject())) throw forbidden();
  const reader = new QueryReader(query);
  const offsetHours = reader.int('tz_offset') ?? 0;
  reader.refuseUnknown();
  if (reader.problems.length > 0) throw badQuery(reader);
  requireZone(zoneOfOffset(offsetHours));
  const local: Micros = ctx.clock() + offsetHours * HOUR;
  const days = Array.from({ length: DAYS }, (_, i) => instantText(local - (DAYS - 1 - i) * 24 * HOUR).slice(0, 10));
  return { days, offsetHours };
}

interface ReportRange {
  start: string;
  end: string;
}

/**
 * What a report about workspaces is about; the report itself is empty.
 * @throws ApiError 400 for what cannot be read, before 403 without template.view_insights
 */
export function reportRange(ctx: ActorCtx, query: QueryTerms): ReportRange {
  const reader = new QueryReader(query);
  const [start, end] = (['start_time', 'end_time'] as const).map((key) => {
    const text = reader.requiredText(key);
    if (text === undefined) return undefined;
    const parsed = parseRfc3339(text.toUpperCase());
    if ('text' in parsed) return parsed.text;
    const detail = `Query param "${key}" must be a valid date format (2006-01-02T15:04:05Z07:00): ${parsed.error}`;
    reader.problems.push({ field: key, detail });
    return undefined;
  });
  for (const key of ['template_ids', 'interval', 'sections']) reader.list(key);
  reader.refuseUnknown();
  if (start === undefined || end === undefined || reader.problems.length > 0) throw badQuery(reader);
  const refuse = (field: string, detail: string) =>
    badRequest('Query parameter has invalid value.', {
      validations: [{ field, detail: `Query param "${field}" ${detail}` }],
    });
  for (const [field, text] of [
    ['start_time', start],
    ['end_time', end],
  ] as const)
    if (!/T00:00:00/.test(text)) throw refuse(field, `must have the clock set to 00:00:00, got ${text}`);
  if (Date.parse(end) <= Date.parse(start)) throw refuse('end_time', 'must be after the start time');
  if (!can(ctx.actor.subject, 'view_insights', templatesObject())) throw forbidden();
  return { start, end };
}
