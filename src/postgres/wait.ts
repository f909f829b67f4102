// Waits until an external database answers, and finds out what stands before it.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { StartError } from '../start-error.ts';
import { isUnavailable, pgErrorCode } from '../store/errors.ts';
import { clientConfig, type DatabaseTarget } from './client.ts';

const OLDEST_POSTGRES = 13;

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
