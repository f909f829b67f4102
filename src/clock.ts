// Time as whole microseconds since 1970: what the database keeps and clients compare (golden: users-timestamps).

/** Microseconds since 1970-01-01T00:00:00Z. */
export type Micros = number;
export type Clock = () => Micros;

export const SECOND: Micros = 1_000_000;
export const MINUTE: Micros = 60 * SECOND;
export const HOUR: Micros = 60 * MINUTE;

/** A step back of less than this is a correction, during which time stands still; a larger one means a clock that was set. */
const CORRECTION: Micros = SECOND;

/**
 * The system's clock to the microsecond: whole milliseconds come from `wall`, which follows a clock that was set or a
 * machine that was suspended, and `steady` says how far into the millisecond it is. Never runs back by a mere correction.
 * @param wall milliseconds since 1970, whole
 * @param steady milliseconds since any moment, with a fraction
 */
export function createClock(wall: () => number, steady: () => number): Clock {
  /** What to add to `steady` for milliseconds since 1970. */
  let offset = wall() - steady();
  let last = 0;
  return () => {
    const [whole, fine] = [wall(), steady()];
    // Both clocks were read a moment apart, so the finer one may be a little ahead.
    const drift = fine + offset - whole;
    if (drift < 0 || drift >= 2) offset = whole - fine;
    const now = Math.round((fine + offset) * 1000);
    last = now < last && last - now < CORRECTION ? last : now;
    return last;
  };
}

/** The system clock, to the microsecond. */
export const systemClock: Clock = createClock(
  () => Date.now(),
  () => performance.now(),
);

/** Nanoseconds, in which settings have durations, as whole microseconds. */
export const microsOf = (ns: bigint): Micros => Number(ns / 1000n);

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
