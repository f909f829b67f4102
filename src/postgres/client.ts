// Driver settings for a connection, and connections outside the pool.
import pg from 'pg';
import { byAnyWay, Connection, MAX_PREPARED } from './connection.ts';
import { type ConnectionSettings, parseConnectionUrl } from './connection-url.ts';
import { createRoute, type Route } from './route.ts';

/** How to reach the database. */
export interface DatabaseTarget {
  readonly url: string;
  /** A pooler that hands out connections per transaction stands between: nothing may be set for a whole session. */
  readonly pooled: boolean;
}

/** What our connections call themselves, unless the URL says otherwise. */
export const APPLICATION = 'coder-users';
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

/** For a transaction that reads or writes everything: no limits, and text as it is stored, whoever's session it is. */
export const UNHURRIED = [
  `set local client_encoding = 'UTF8'`,
  ...Object.keys(LIMITS).map((name) => `set local ${name} = 0`),
  `set local TimeZone = 'UTC'`,
  `set local DateStyle = 'ISO, YMD'`,
  `set local IntervalStyle = 'postgres'`,
  `set local bytea_output = 'hex'`,
  'set local extra_float_digits = 1',
].join('; ');

/** The same, reading all of it as it was at one moment. What that moment is, the first statement behind it settles. */
export const BEGIN_SNAPSHOT = `begin isolation level repeatable read read only; ${UNHURRIED}`;

/** A name of a table or column, ready to be put into a statement. */
export const { escapeIdentifier } = pg;

/** timestamptz stays text: a JS Date would cut its microseconds. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === pg.types.builtins.TIMESTAMPTZ
      ? (text: string) => text
      : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
};

/** A pool waits as long for a connection that is free as for one that is new: not for ever. */
const MAX_CONNECT_TIMEOUT_MS = 60_000;

function driverConfig(settings: ConnectionSettings): pg.ClientConfig {
  const { user, password, database, applicationName, keepAlive, keepAliveIdleMs } = settings;
  const { sslnegotiation, channel_binding } = settings.tls;
  const timeout = settings.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  return {
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ...(applicationName !== undefined && { application_name: applicationName }),
    ...(keepAliveIdleMs !== undefined && { keepAliveInitialDelayMillis: keepAliveIdleMs }),
    ...(sslnegotiation === 'direct' && { sslnegotiation }),
    enableChannelBinding: channel_binding !== 'disable',
    connectionTimeoutMillis: timeout === 0 ? MAX_CONNECT_TIMEOUT_MS : Math.min(timeout, MAX_CONNECT_TIMEOUT_MS),
    fallback_application_name: APPLICATION,
    keepAlive,
    types,
  };
}

/**
 * The pool's settings. Poolers such as PgBouncer refuse session settings in the start-up packet: there none of ours are
 * sent, and those of the URL are, since nobody asked for a connection without them.
 */
export function poolConfig({ url, pooled }: DatabaseTarget): { config: pg.PoolConfig; route: Route } {
  const settings = parseConnectionUrl(url);
  const route = createRoute(settings);
  const ours = pooled ? [] : SESSION_SETTINGS.map((setting) => `-c ${setting}`);
  const options = [settings.options, ...ours].filter(Boolean).join(' ');
  class PoolConnection extends Connection {
    constructor(config?: pg.ClientConfig) {
      super(config ?? {}, route, pooled ? 0 : MAX_PREPARED);
    }
  }
  return {
    route,
    config: {
      ...driverConfig(settings),
      // Our own time-out is for connections that died without a word; Postgres keeps the shorter one where it is told to.
      query_timeout: STATEMENT_TIMEOUT_MS + 2000,
      ...(options !== '' && { options }),
      Client: PoolConnection,
      onConnect: (client) => (client as Connection).checkKind(),
    },
  };
}

/** Runs `work` on a connection of its own; `isOurs` gives it the session settings of the pool's connections. */
export async function withClient<T>(
  url: string,
  work: (client: pg.Client) => Promise<T>,
  { isOurs = false } = {},
): Promise<T> {
  const settings = parseConnectionUrl(url);
  const route = createRoute(settings);
  const ours = isOurs ? SESSION_SETTINGS.map((setting) => `-c ${setting}`) : [];
  const options = [settings.options, ...ours].filter(Boolean).join(' ');
  const config = { ...driverConfig(settings), ...(options !== '' && { options }) };
  const client = await byAnyWay(route, async () => {
    const attempt = new Connection(config, route, 0);
    // The error reaches the caller through the statement that is under way; the event alone would end the process.
    attempt.on('error', () => undefined);
    try {
      await attempt.connect();
      await attempt.checkKind();
    } catch (err) {
      await attempt.end().catch(() => undefined);
      throw err;
    }
    return attempt;
  });
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
