// Time zones by their IANA names, as the reference reads them, and the midnights of a zone.

/** Names are told apart by letter case: what differs in case alone from a zone is none. */
const KNOWN = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC']);
const IN_LOWER_CASE = new Set([...KNOWN].map((name) => name.toLowerCase()));
const FORM = /^[A-Z][\w+-]*(?:\/[A-Z][\w+-]*){0,2}$/;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const formatOf = (zone: string) =>
  new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    hourCycle: 'h23',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  });

/** Whether a name is that of a time zone; "" is UTC. Otherwise the words for what it is. */
export function checkZone(name: string): { error: string } | undefined {
  if (name === '') return undefined;
  if (name.startsWith('/') || name.includes('\\') || name.split('/').includes('..'))
    return { error: 'time: invalid location name' };
  const unknown = { error: `unknown time zone ${name}` };
  if (KNOWN.has(name)) return undefined;
  if (!FORM.test(name) || IN_LOWER_CASE.has(name.toLowerCase())) return unknown;
  try {
    formatOf(name);
    return undefined;
  } catch {
    return unknown;
  }
}

/** What a clock on the wall of a zone shows, in milliseconds as if it were UTC. */
function wallOf(format: Intl.DateTimeFormat, at: number): number {
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The instant at which a clock of the zone shows a time; where it jumps over it, the instant of the jump or close by. */
function instantOf(format: Intl.DateTimeFormat, wall: number): number {
  let at = wall;
  for (let round = 0; round < 3; round++) at += wall - wallOf(format, at);
  return at;
}

/**
 * So many midnights of a zone, oldest first, the last one not after the next full hour (milliseconds since 1970).
 * Golden: deploy-user-insights
 */
export function midnights(zone: string, now: number, count: number): number[] {
  const format = formatOf(zone === '' ? 'UTC' : zone);
  const nextHour = (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
  const today = Math.floor(wallOf(format, nextHour) / DAY_MS) * DAY_MS;
  return Array.from({ length: count }, (_, i) => instantOf(format, today - (count - 1 - i) * DAY_MS));
}
