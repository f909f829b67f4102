// The connection pool, the type of a database handle, and what a failed statement may tell to whom.
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Logger } from 'pino';
import { StartError } from '../start-error.ts';
import { parseConnectionUrl } from './connection-url.ts';
import * as schema from './schema.ts';

/** The pool or a transaction: what every store function takes. */
export type Db = NodePgDatabase<typeof schema>;

/** How to reach the database. */
export interface DatabaseTarget {
  readonly url: string;
  /** A pooler that hands out connections per transaction stands between: nothing may be set for a whole session. */
  readonly pooled: boolean;
}

const delay = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

const OLDEST_POSTGRES = 13;
const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 10_000;
const SESSION_SETTINGS = [
  'TimeZone=UTC',
  'DateStyle=ISO',
  `statement_timeout=${STATEMENT_TIMEOUT_MS}`,
  'lock_timeout=5000',
  'idle_in_transaction_session_timeout=30000',
];

/** timestamptz stays text: a JS Date would cut its microseconds. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === pg.types.builtins.TIMESTAMPTZ
      ? (text: string) => text
      : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * Driver settings for one connection.
 * Poolers such as PgBouncer refuse session settings in the start-up packet; there only our own side keeps time.
 */
function clientConfig({ url, pooled }: DatabaseTarget): pg.ClientConfig {
  const { connectionString, options } = parseConnectionUrl(url);
  const settings = [...(options === undefined ? [] : [options]), ...SESSION_SETTINGS.map((setting) => `-c ${setting}`)];
  return {
    connectionString,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    fallback_application_name: 'coder-users',
    keepAlive: true,
    types,
    ...(pooled ? { query_timeout: STATEMENT_TIMEOUT_MS + 2000 } : { options: settings.join(' ') }),
  };
}

/**
 * Opens the pool; connections are made at their first use.
 * Errors of idle and busy connections are logged: without listeners a restart of Postgres would end the process.
 */
export function connect(target: DatabaseTarget, log: Pick<Logger, 'warn'>): { pool: pg.Pool; db: Db } {
  const pool = new pg.Pool({ ...clientConfig(target), max: POOL_SIZE });
  const onError = (err: Error) => log.warn({ err }, 'a database connection was lost');
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  return { pool, db: drizzle(pool, { schema }) };
}

/** Asks the database for a sign of life. */
export async function ping(db: Db): Promise<void> {
  await db.execute('select 1');
}

/** Runs `work` on a connection of its own, with no session settings: for migrations and administration. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const { connectionString, options } = parseConnectionUrl(url);
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    fallback_application_name: 'coder-users',
    ...(options !== undefined && { options }),
  });
  // The error reaches the caller through the statement that is under way; the event alone would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

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

const SERIALIZATION_FAILURES = new Set(['40001', '40P01']);

/**
 * Runs a whole transaction again, after a random pause, when it lost against another one (40001, 40P01).
 * @param work starts its own transaction and does nothing outside it
 * @throws the last error after `attempts` tries, and any other error at once
 */
export async function retrySerializable<T>(work: () => Promise<T>, attempts = 10): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (err) {
      if (attempt >= attempts || !SERIALIZATION_FAILURES.has(pgErrorCode(err) ?? '')) throw err;
      await delay(Math.random() * Math.min(500, 5 * 2 ** attempt));
    }
  }
}

/** Connects once and looks whether this is a Postgres that the server can work with. */
async function probe(target: DatabaseTarget): Promise<void> {
  const client = new pg.Client(clientConfig(target));
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; encoding: string }>(
      `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`,
    );
    const { version = 0, encoding = '' } = rows[0] ?? {};
    if (version < OLDEST_POSTGRES * 10_000) {
      throw new StartError(
        `PostgreSQL ${OLDEST_POSTGRES} or later is needed; the database server has version ${Math.floor(version / 10_000)}.`,
      );
    }
    if (encoding !== 'UTF8') throw new StartError(`The database must have the encoding UTF8; it has ${encoding}.`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function refusesSessionSettings(err: unknown): boolean {
  return err instanceof Error && /startup parameter|startup option/i.test(err.message);
}

/**
 * Waits until an external database answers, and finds out whether a pooler stands before it.
 * @param urls `directUrl` says that `url` leads to a pooler
 * @throws StartError at once for what waiting cannot cure (wrong password, no such database), else after `timeoutMs`
 */
export async function waitForDatabase(
  urls: { readonly url: string; readonly directUrl?: string },
  log: Pick<Logger, 'info'>,
  timeoutMs = 30_000,
): Promise<DatabaseTarget> {
  const deadline = Date.now() + timeoutMs;
  let target: DatabaseTarget = { url: urls.url, pooled: urls.directUrl !== undefined };
  for (let attempt = 1; ; attempt++) {
    try {
      await probe(target);
      return target;
    } catch (err) {
      if (err instanceof StartError) throw err;
      if (!target.pooled && refusesSessionSettings(err)) {
        target = { ...target, pooled: true };
        continue;
      }
      const reason = err instanceof Error ? err.message || String(pgErrorCode(err)) : String(err);
      if (!isUnavailable(err) || Date.now() >= deadline) {
        throw new StartError(`Cannot use the database of CODER_PG_CONNECTION_URL: ${reason}`);
      }
      if (attempt === 1) log.info(`waiting up to ${Math.round(timeoutMs / 1000)} s for the database: ${reason}`);
      await delay(Math.min(1000, 100 * attempt));
    }
  }
}
