// Column types that Drizzle lacks: exact timestamps, C-collated text and bytea.
import { is, type SQL, sql } from 'drizzle-orm';
import { customType, PgColumn } from 'drizzle-orm/pg-core';

const TIMESTAMP = 'timestamp with time zone';

/**
 * A time as text in UTC, in a statement. How Postgres writes a time by itself depends on settings of the session, and
 * behind a pooler those are somebody else's.
 */
export const utcText = (expression: string): string =>
  `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** What `utcText` gives, and what Postgres writes by itself in a session of our own. */
const READABLE = /^(\d{4,}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00)$/;

/** A time as the wire wants it: RFC 3339 with the trailing zeros of the fraction cut (golden: users-timestamps). */
export function timestampText(text: string): string {
  const [, day, time, digits = ''] = READABLE.exec(text) ?? [];
  if (day === undefined)
    throw new Error('a time from the database cannot be read: times are selected through readable() or utcText()');
  const fraction = digits.replace(/0+$/, '');
  return `${day}T${time}${fraction && `.${fraction}`}Z`;
}

/** timestamptz as RFC 3339 text with microseconds, since a JS Date would lose digits. Select it through `readable`. */
export const timestamp = customType<{ data: string; driverData: string }>({
  dataType: () => TIMESTAMP,
  fromDriver: timestampText,
});

const [beforeTime = '', afterTime = ''] = utcText('\0').split('\0');

/** Columns to select or return, with times as `timestamp` reads them. */
export function readable<T extends Record<string, unknown>>(columns: T): T {
  const entries = Object.entries(columns).map(([name, column]) => {
    const isTime = is(column, PgColumn) && column.getSQLType() === TIMESTAMP;
    return [name, isTime ? sql`${sql.raw(beforeTime)}${column}${sql.raw(afterTime)}`.mapWith(column) : column];
  });
  return Object.fromEntries(entries) as T;
}

/** Text compared byte by byte, so that one order holds on every database. */
export const textC = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

/** Letter case folded for A-Z alone, on every database (docs/differences.md 27); `asciiLower` is the same in JS. */
export const folded = (text: unknown): SQL => sql`lower(${text}::text collate "C")`;

export const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
