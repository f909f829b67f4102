// Driver settings for a connection, and connections outside the pool.
import pg from 'pg';
import { parseConnectionUrl } from './connection-url.ts';

/** How to reach the database. */
export interface DatabaseTarget {
  readonly url: string;
  /** A pooler that hands out connections per transaction stands between: nothing may be set for a whole session. */
  readonly pooled: boolean;
}

const CONNECT_TIMEOUT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 10_000;
const LIMITS = {
  statement_timeout: String(STATEMENT_TIMEOUT_MS),
  lock_timeout: '5000',
  idle_in_transaction_session_timeout: '30000',
};
/** What a session needs that role or database may have set otherwise. Nothing that is read depends on the rest. */
const SESSION_SETTINGS = Object.entries({
  client_encoding: 'UTF8',
  TimeZone: 'UTC',
  default_transaction_isolation: 'read\\ committed',
  ...LIMITS,
}).map(([name, value]) => `${name}=${value}`);

/** Begins a transaction where the session is ours, and where it may be somebody else's. */
export const BEGIN = 'begin isolation level read committed';
export const BEGIN_POOLED = [
  BEGIN,
  ...Object.entries(LIMITS).map(([name, value]) => `set local ${name} = ${value}`),
].join('; ');

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
export function clientConfig({ url, pooled }: DatabaseTarget): pg.ClientConfig {
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
