// Column types that Drizzle lacks: exact timestamps, C-collated text and bytea.
import { type SQL, sql } from 'drizzle-orm';
import { customType } from 'drizzle-orm/pg-core';

/**
 * Postgres' text form of a timestamptz (any session time zone) as RFC 3339 in UTC, microseconds kept and
 * trailing zeros of the fraction cut, as the wire wants it (golden: users-timestamps).
 */
export function timestampText(text: string): string {
  if (text.endsWith('+00')) return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`;
  const match = /^(\d+-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d)(?::?(\d\d))?$/.exec(text);
  if (!match) throw new Error('unreadable timestamp from the database');
  const instant = new Date(`${match[1]}T${match[2]}${match[4]}:${match[5] ?? '00'}`);
  return `${instant.toISOString().slice(0, 19)}${match[3] ?? ''}Z`;
}

/** timestamptz as RFC 3339 text with microseconds; a JS Date would lose digits. */
export const timestamp = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamp with time zone',
  fromDriver: timestampText,
});

/** Text compared byte by byte, so that one order holds on every database. */
export const textC = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

/** Letter case folded for A-Z alone, on every database (docs/differences.md 27); `asciiLower` is the same in JS. */
export const folded = (text: unknown): SQL => sql`lower(${text}::text collate "C")`;

export const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
