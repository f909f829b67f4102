// What a failed statement may tell to whom: the caller a kind of refusal, the log the driver's words without SQL and rows.
import { DrizzleQueryError } from 'drizzle-orm/errors';
import pg from 'pg';

/** What the driver reported, without Drizzle's wrapping, whose message holds the SQL and its parameters. */
function driverError(err: unknown): unknown {
  return err instanceof DrizzleQueryError ? driverError(err.cause) : err;
}

/** A failed statement as it may be logged: the driver's message and stack, without SQL, parameters or row contents. */
class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  /** SQLSTATE, or the system's code for a lost connection. */
  readonly code: string | undefined;
  readonly constraint: string | undefined;

  constructor(reported: unknown) {
    const isError = reported instanceof Error;
    super(isError ? reported.message : 'the query failed', isError ? { cause: reported.cause } : undefined);
    // The driver's stack leads back to whoever asked; one made here would lead to the log.
    if (isError && reported.stack) this.stack = reported.stack;
    this.code = pgErrorCode(reported);
    this.constraint = constraintOf(reported);
  }
}

/** No connection could be had; why is the cause. */
export class NoConnection extends Error {
  override readonly name = 'NoConnection';

  constructor(cause: unknown) {
    super(`there is no connection to the database: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** The loggable form of an error that came from the database; any other error unchanged. */
export function toDatabaseError(err: unknown): unknown {
  const reported = driverError(err);
  return reported instanceof pg.DatabaseError || reported !== err ? new DatabaseError(reported) : err;
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

/** Why the database does not serve right now (docs/differences.md 33). */
export type Trouble = 'unreachable' | 'read-only' | 'out of space' | 'too slow';

const TROUBLE_OF_CODE: Readonly<Record<string, Trouble>> = {
  '25006': 'read-only',
  '53100': 'out of space',
  // Statement and lock time-outs, transactions that were left alone or lasted too long, and those that lost to others.
  ...Object.fromEntries(['57014', '55P03', '25P03', '25P04', '40001', '40P01'].map((code) => [code, 'too slow'])),
  ...Object.fromEntries(
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'].map(
      (code) => [code, 'unreachable'],
    ),
  ),
};
/** The driver gives these no code. */
const SLOW_MESSAGES = /^(timeout exceeded when trying to connect|Query read timeout)/;
const LOST_MESSAGES =
  /^(Connection terminated|timeout expired|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/** The database does not serve, although no statement has failed just now. */
export class OutOfService extends Error {
  override readonly name = 'OutOfService';
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(`the database is ${trouble}`);
    this.trouble = trouble;
  }
}

/** Why a statement could not be run, so that the same request may succeed later (503); undefined for every other error. */
export function databaseTrouble(err: unknown): Trouble | undefined {
  const reported = driverError(err);
  if (!(reported instanceof Error)) return undefined;
  if (reported instanceof OutOfService) return reported.trouble;
  if (reported instanceof NoConnection) return databaseTrouble(reported.cause) ?? 'unreachable';
  const code = pgErrorCode(reported);
  if (code === undefined) {
    if (SLOW_MESSAGES.test(reported.message)) return 'too slow';
    return LOST_MESSAGES.test(reported.message) ? 'unreachable' : undefined;
  }
  // A missing file is trouble only when it is the database's socket.
  if (code === 'ENOENT') return 'syscall' in reported && reported.syscall === 'connect' ? 'unreachable' : undefined;
  if (code === '58030' && /No space left|quota exceeded/i.test(reported.message)) return 'out of space';
  const isOfServer = reported instanceof pg.DatabaseError && /^(08|53|57P)/.test(code);
  return TROUBLE_OF_CODE[code] ?? (isOfServer ? 'unreachable' : undefined);
}

/** Whether the database cannot be used right now, so that everybody else's statement fails as well. */
export const isUnavailable = (err: unknown): boolean => databaseTrouble(err) !== undefined;

/** Whether the connection on which a statement failed must not be used again. */
export function isBrokenConnection(err: unknown): boolean {
  const reported = driverError(err);
  // By code, since the word for how bad it is comes in the database's language.
  if (reported instanceof pg.DatabaseError) return /^(08|28|57P|XX|25P0[34]|25006|53300)/.test(reported.code ?? '');
  return isUnavailable(reported);
}
