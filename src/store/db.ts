// The connection pool and the type of a database handle.
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Logger } from 'pino';
import { clientConfig, type DatabaseTarget } from '../postgres/client.ts';
import { pgErrorCode } from './errors.ts';
import * as schema from './schema.ts';

/** The pool or a transaction: what every store function takes. */
export type Db = NodePgDatabase<typeof schema>;

const POOL_SIZE = 10;
const delay = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

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
