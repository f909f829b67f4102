// The connection pool, the type of a database handle, and transactions.
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Logger } from 'pino';
import { BEGIN, BEGIN_POOLED, type DatabaseTarget, poolConfig } from '../postgres/client.ts';
import { byAnyWay } from '../postgres/connection.ts';
import type { Route } from '../postgres/route.ts';
import { databaseTroubled } from '../watch/events.ts';
import { databaseTrouble, isBrokenConnection, NoConnection, pgErrorCode, type Trouble } from './errors.ts';
import * as schema from './schema.ts';
import { observeStatements } from './statements.ts';

/**
 * The pool or a transaction: what every store function takes. Transactions are begun by `inTransaction` alone: Drizzle's
 * own loses the connection when `begin` fails, and the cause when `rollback` does.
 */
export type Db = Omit<NodePgDatabase<typeof schema>, 'transaction'>;
type Handle = Db & { readonly $client: pg.Pool | pg.PoolClient };

const POOL_SIZE = 10;
const delay = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** What belongs to a pool: the ways to its database, and how its transactions begin. */
const kept = new WeakMap<pg.Pool, { readonly route: Route; readonly begin: string }>();

async function connectionOf(pool: pg.Pool): Promise<pg.PoolClient> {
  const route = kept.get(pool)?.route;
  try {
    return await (route ? byAnyWay(route, () => pool.connect()) : pool.connect());
  } catch (err) {
    note(pool, err);
    throw new NoConnection(err);
  }
}

interface Noted {
  readonly trouble: Trouble;
  /** By `performance.now()`. */
  readonly at: number;
}

/** What kept the statements of a pool from running, the last time that something did. */
const noted = new WeakMap<object, Noted>();

function note(pool: pg.Pool, err: unknown): void {
  const trouble = databaseTrouble(err);
  if (!trouble) return;
  noted.set(pool, { trouble, at: performance.now() });
  if (databaseTroubled.isHeard) databaseTroubled.tell({ cause: trouble });
}

/** What kept a statement from running within the last `withinMs`. */
export function recentTrouble(db: Db, withinMs: number): Trouble | undefined {
  const last = noted.get((db as Handle).$client);
  return last && performance.now() - last.at < withinMs ? last.trouble : undefined;
}

interface Answered<T> {
  readonly client: pg.PoolClient;
  readonly answer: T;
}

/**
 * Asks something of a connection of the pool, which stays taken. A connection that is no good any more leaves the pool.
 * @param isRepeatable ask another one when a connection turns out to have died since it was last used
 */
async function ask<T>(
  pool: pg.Pool,
  isRepeatable: boolean,
  question: (client: pg.PoolClient) => Promise<T>,
): Promise<Answered<T>> {
  for (let dead = 0; ; dead++) {
    const client = await connectionOf(pool);
    try {
      return { client, answer: await question(client) };
    } catch (err) {
      note(pool, err);
      client.release(isBrokenConnection(err));
      if (!isRepeatable || dead > POOL_SIZE || databaseTrouble(err) !== 'unreachable') throw err;
    }
  }
}

/**
 * Runs a statement outside a transaction. Its connection goes back into the pool also when the statement failed: the
 * pool's own way would close it for a refused value, too.
 */
function runner(pool: pg.Pool) {
  return async (config: pg.QueryConfig, values?: unknown[]) => {
    const { client, answer } = await ask(pool, isRead(config.text), (client) => client.query(config, values));
    client.release();
    return answer;
  };
}

const isRead = (text: string) => /^\s*select\b/i.test(text);

/**
 * Opens the pool; connections are made at their first use.
 * Errors of idle and busy connections are logged: without listeners a restart of Postgres would end the process.
 * @param slowMs statements that take as long are logged; 0 for none
 */
export function connect(
  target: DatabaseTarget,
  log: Pick<Logger, 'warn'>,
  { size = POOL_SIZE, slowMs = 0 }: { size?: number; slowMs?: number } = {},
): { pool: pg.Pool; db: Db } {
  const { config, route } = poolConfig(target);
  const pool = new pg.Pool({ ...config, max: size });
  const onError = (err: Error) => log.warn({ err }, 'a database connection was lost');
  pool.on('error', onError);
  pool.on('connect', (client) => {
    client.on('error', onError);
    observeStatements(client, { ms: slowMs, log });
  });
  kept.set(pool, { route, begin: target.pooled ? BEGIN_POOLED : BEGIN });
  pool.query = runner(pool) as pg.Pool['query'];
  return { pool, db: drizzle(pool, { schema }) };
}

/** One handle for each connection, so that what was prepared on it is there in its next transaction. */
const handles = new WeakMap<pg.PoolClient, Handle>();

function handleOf(client: pg.PoolClient): Handle {
  const handle = handles.get(client) ?? drizzle(client, { schema });
  handles.set(client, handle);
  return handle;
}

/** Commits. A transaction in which a statement failed rolls back instead, and Postgres calls that a success. */
async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('commit');
  if (command !== 'COMMIT') throw new Error('the transaction was rolled back: a statement in it had failed');
}

async function inSavepoint<T>(tx: Handle, work: (tx: Db) => Promise<T>): Promise<T> {
  const { $client: client } = tx;
  await client.query('savepoint inner_work');
  try {
    const result = await work(tx);
    await client.query('release savepoint inner_work');
    return result;
  } catch (err) {
    if (!isBrokenConnection(err)) await client.query('rollback to savepoint inner_work');
    throw err;
  }
}

/**
 * Runs `work` in one transaction, or in a savepoint of the one that `db` is.
 * @throws what `work` throws, after rolling back; the first error counts, whatever goes wrong on the way back
 */
export async function inTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  const { $client } = db as Handle;
  if (!($client instanceof pg.Pool)) return inSavepoint(db as Handle, work);
  const { client } = await ask($client, true, (client) => client.query(kept.get($client)?.begin ?? BEGIN));
  let broken = false;
  try {
    const result = await work(handleOf(client));
    await commit(client);
    return result;
  } catch (err) {
    note($client, err);
    broken = isBrokenConnection(err) || !(await client.query('rollback').then(isDone, isNotDone));
    throw err;
  } finally {
    client.release(broken);
  }
}

const isDone = () => true;
const isNotDone = () => false;

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
