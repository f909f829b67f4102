// What a failed statement may tell to whom: the caller a kind of refusal, the log the driver's words without SQL and rows.
import { DrizzleQueryError } from 'drizzle-orm/errors';
import pg from 'pg';

/** What the driver reported, without Drizzle's wrapping, whose message holds the SQL and its parameters. */
function driverError(err: unknown): unknown {
  return err instanceof DrizzleQueryError ? driverError(err.cause) : err;
}

/** A failed statement as it may be logged: the driver's message, without SQL, parameters or row contents. */
class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  /** SQLSTATE, or the system's code for a lost connection. */
  readonly code: string | undefined;
  readonly constraint: string | undefined;

  constructor(message: string, code: string | undefined, constraint: string | undefined) {
    super(message);
    this.code = code;
    this.constraint = constraint;
  }
}

/** The loggable form of an error that came from the database; any other error unchanged. */
export function toDatabaseError(err: unknown): unknown {
  const cause = driverError(err);
  if (!(cause instanceof pg.DatabaseError) && cause === err) return err;
  const message = cause instanceof Error ? cause.message : 'the query failed';
  return new DatabaseError(message, pgErrorCode(cause), constraintOf(cause));
}

function constraintOf(err: unknown): string | undefined {
  const cause = driverError(err);
  return cause instanceof pg.DatabaseError ? cause.constraint : undefined;
}

/** The SQLSTATE of a failed statement, or the system's code (ECONNREFUSED) when the connection failed. */
export function pgErrorCode(err: unknown): string | undefined {
  const cause = driverError(err);
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}

/** Whether a statement failed on the unique constraint or index of that name. */
export function isUnique(err: unknown, constraintName: string): boolean {
  return pgErrorCode(err) === '23505' && constraintOf(err) === constraintName;
}

/** Whether a write named a row of another table that is not there (any more). */
export function isForeignKey(err: unknown): boolean {
  return pgErrorCode(err) === '23503';
}

/** Lost or refused connections, a server that starts, stops, is full or read-only, and statements that ran out of time. */
const UNAVAILABLE_CODES = new Set([
  ...['57P01', '57P02', '57P03', '57014', '55P03', '25P03', '25006'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
]);
/** The driver gives these no code. */
const UNAVAILABLE_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/** Whether the database cannot be reached or used right now, so that the same request may succeed later (503). */
export function isUnavailable(err: unknown): boolean {
  const cause = driverError(err);
  if (!(cause instanceof Error)) return false;
  const code = pgErrorCode(cause);
  if (code === undefined) return UNAVAILABLE_MESSAGES.test(cause.message);
  // A missing file is unavailable only when it is the database's socket.
  if (code === 'ENOENT') return 'syscall' in cause && cause.syscall === 'connect';
  return UNAVAILABLE_CODES.has(code) || (cause instanceof pg.DatabaseError && /^(08|53)/.test(code));
}
