// Waits until an external database answers, and finds out what stands before it.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StartError } from '../start-error.ts';
import { isUnavailable, pgErrorCode } from '../store/errors.ts';
import { type DatabaseTarget, withClient } from './client.ts';
import { parseConnectionUrl } from './connection-url.ts';

const OLDEST_POSTGRES = 13;

/** Settings of a session that a pooler took and did not pass on. */
class LostSettings extends Error {}

const plain = (value: string | undefined) => value?.replace(/[\s"]/g, '').toLowerCase();

/** Connects once and looks whether this is a Postgres that the server can work with. */
async function probe({ url, pooled }: DatabaseTarget): Promise<void> {
  const { search_path } = parseConnectionUrl(url).runtime;
  await withClient(
    url,
    async (client) => {
      const { rows } = await client.query<Record<'version' | 'encoding' | 'talk' | 'path' | 'limit', string>>(
        `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding,
           current_setting('client_encoding') as talk, current_setting('search_path') as path,
           current_setting('statement_timeout') as limit`,
      );
      const { version = 0, encoding = '', talk, path, limit } = rows[0] ?? {};
      const major = Math.floor(Number(version) / 10_000);
      if (major < OLDEST_POSTGRES)
        throw new StartError(
          `PostgreSQL ${OLDEST_POSTGRES} or later is needed; the database server has version ${major}.`,
        );
      if (encoding !== 'UTF8') throw new StartError(`The database must have the encoding UTF8; it has ${encoding}.`);
      if (!pooled && limit === '0') throw new LostSettings();
      if (talk !== 'UTF8')
        throw new StartError(`Connections to the database must have the client_encoding UTF8; they have ${talk}.`);
      if (search_path !== undefined && plain(path) !== plain(search_path))
        throw new StartError(
          'The search_path of the database connection URL does not reach the database: a pooler drops it. Set it for the role (ALTER ROLE ... SET search_path).',
        );
    },
    { isOurs: !pooled },
  );
}

/** Whether a pooler stands before the database, which hands out its connections for a transaction at a time. */
function isOfPooler(err: unknown): boolean {
  return err instanceof LostSettings || (err instanceof Error && /startup parameter|startup option/i.test(err.message));
}

/** Starting servers, and those whose database is still being made, as in a composition of containers. */
const mayPass = (err: unknown) => isUnavailable(err) || pgErrorCode(err) === '3D000';

/** Why there is no connection; of several addresses that all refuse, each has its reason. */
function reasonOf(err: unknown): string {
  if (err instanceof AggregateError && err.message === '') return err.errors.map(reasonOf).join('; ');
  return err instanceof Error ? err.message || String(pgErrorCode(err)) : String(err);
}

/**
 * Waits until an external database answers, and finds out whether a pooler stands before it.
 * @param urls `directUrl` says that `url` leads to a pooler
 * @throws StartError at once for what waiting cannot cure (a wrong password), else after `timeoutMs`
 */
export async function waitForDatabase(
  urls: { readonly url: string; readonly directUrl?: string },
  log: Pick<Logger, 'info' | 'warn'>,
  timeoutMs = 30_000,
): Promise<DatabaseTarget> {
  const deadline = Date.now() + timeoutMs;
  const { ignored, tls } = parseConnectionUrl(urls.url);
  const unheard = [...ignored, ...(tls.channel_binding === 'require' ? ['channel_binding=require'] : [])];
  if (unheard.length > 0)
    log.warn(`parameters of the database connection URL that have no effect: ${unheard.join(', ')}`);
  let target: DatabaseTarget = { url: urls.url, pooled: urls.directUrl !== undefined };
  for (let attempt = 1; ; attempt++) {
    try {
      await probe(target);
      return target;
    } catch (err) {
      if (err instanceof StartError) throw err;
      if (!target.pooled && isOfPooler(err)) {
        target = { ...target, pooled: true };
        continue;
      }
      const reason = reasonOf(err);
      if (!mayPass(err) || Date.now() >= deadline) {
        throw new StartError(`Cannot use the database of CODER_PG_CONNECTION_URL: ${reason}`);
      }
      if (attempt === 1) log.info(`waiting up to ${Math.round(timeoutMs / 1000)} s for the database: ${reason}`);
      await delay(Math.min(1000, 100 * attempt));
    }
  }
}
