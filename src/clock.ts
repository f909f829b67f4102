// Time as whole microseconds since 1970: what the database keeps and clients compare (golden: users-timestamps).

/** Microseconds since 1970-01-01T00:00:00Z. */
export type Micros = number;
export type Clock = () => Micros;

export const SECOND: Micros = 1_000_000;
export const MINUTE: Micros = 60 * SECOND;
export const HOUR: Micros = 60 * MINUTE;

/** The system clock, to the microsecond. */
export const systemClock: Clock = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

/** RFC 3339 in UTC with the trailing zeros of the fraction cut, as every answer shows times. */
export function instantText(at: Micros): string {
  const seconds = Math.floor(at / SECOND);
  const fraction = String(at - seconds * SECOND)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction && `.${fraction}`}Z`;
}

/** The microseconds of an RFC 3339 text in UTC as `instantText` writes it. */
export function parseInstant(text: string): Micros {
  const fraction = /\.(\d{1,6})/.exec(text)?.[1] ?? '';
  return Date.parse(`${text.slice(0, 19)}Z`) * 1000 + Number(fraction.padEnd(6, '0'));
}
