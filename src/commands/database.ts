// The database that a command works on: the external one, the embedded one, or the embedded one of a running server.
import { resolve } from 'node:path';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Environment } from '../config/values.ts';
import type { Config } from '../config.ts';
import { hasEmbeddedDatabase, runningEmbeddedUrl, startEmbeddedPostgres } from '../embedded-postgres/supervisor.ts';
import { trustAuthorities } from '../outgoing/authorities.ts';
import type { DatabaseTarget } from '../postgres/client.ts';
import { missingGrants } from '../postgres/grants.ts';
import { waitForDatabase } from '../postgres/wait.ts';
import { StartError } from '../start-error.ts';
import { connect, type Db } from '../store/db.ts';
import { pgErrorCode } from '../store/errors.ts';
import { JOURNAL, knownMigrations, migrate, tablesOf } from '../store/migrate.ts';
import type { CommandOption } from './command.ts';

/** Stopping must not wait longer for statements that are still under way. */
const POOL_CLOSE_MS = 1000;

/** Called with a step to undo, to be run in reverse order of registration. */
export type OnClose = (undo: () => Promise<void>) => void;

export const POSTGRES_URL_OPTION: CommandOption = {
  value: 'URL',
  help: 'the database, instead of CODER_PG_CONNECTION_URL or the embedded one',
};

/** The environment with the database that an option names in place of whatever it names itself. */
export function withDatabaseUrl(env: Environment, url: string | undefined): Environment {
  if (url === undefined) return env;
  const others = [
    'CODER_PG_CONNECTION_URL_FILE',
    'CODER_PG_DIRECT_CONNECTION_URL',
    'CODER_PG_DIRECT_CONNECTION_URL_FILE',
  ];
  return { ...env, ...Object.fromEntries(others.map((name) => [name, undefined])), CODER_PG_CONNECTION_URL: url };
}

const DENIED = '42501';

/** The names of all our tables. */
export const ourTables = () => [...tablesOf(knownMigrations()), JOURNAL];

function refuseRights(grants: string[]): StartError {
  return new StartError(`The database role lacks rights. As an administrator of the database: ${grants.join(' ')}`);
}

/** Migrates an external database. @throws StartError that names the grants that are missing */
async function migrateExternal(url: string): Promise<number> {
  try {
    return await migrate(url);
  } catch (err) {
    const grants = pgErrorCode(err) === DENIED ? await missingGrants(url, 'migrate', ourTables()) : [];
    throw grants.length > 0 ? refuseRights(grants) : err;
  }
}

export interface Access {
  /** Use the embedded database of a running server instead of refusing. */
  readonly mayJoin: boolean;
  /** Make the embedded database when there is none. */
  readonly mayCreate: boolean;
}

/** A database that answers, whatever is in it. */
export interface Reached {
  readonly target: DatabaseTarget;
  /** Where migrations and long transactions go: past a pooler. */
  readonly directUrl: string;
}

/**
 * Makes the database answer: started or waited for. Nothing is written to it.
 * @throws StartError when it cannot be used
 */
export async function reachDatabase(
  { postgres, outgoing }: Pick<Config, 'postgres' | 'outgoing'>,
  log: Logger,
  onClose: OnClose,
  { mayJoin, mayCreate }: Access,
): Promise<Reached> {
  if (postgres.url !== undefined) {
    const { url, directUrl } = postgres;
    trustAuthorities(outgoing);
    const target = await waitForDatabase({ url, ...(directUrl !== undefined && { directUrl }) }, log);
    return { target, directUrl: directUrl ?? url };
  }
  const running = mayJoin ? await runningEmbeddedUrl(postgres.dataDir) : undefined;
  if (running !== undefined) return { target: { url: running, pooled: false }, directUrl: running };
  if (!mayCreate && !hasEmbeddedDatabase(postgres.dataDir)) {
    throw new StartError(
      `There is no database in ${resolve(postgres.dataDir)}. CODER_USERS_DATA_DIR names the data directory, CODER_PG_CONNECTION_URL another database.`,
    );
  }
  const starting = startEmbeddedPostgres({ dataDir: postgres.dataDir, log });
  // Registered before it has started, so that a signal in the middle of a start stops it as well.
  onClose(async () => {
    const embedded = await starting.catch(() => undefined);
    await embedded?.stop();
  });
  const { url } = await starting;
  return { target: { url, pooled: false }, directUrl: url };
}

export interface Preparation extends Access {
  /** Looks at what is there before anything is written, and throws to leave it so. */
  readonly inspect?: (url: string) => Promise<void>;
}

/**
 * Makes the database ready: started or waited for, and migrated.
 * @throws StartError when it cannot be used
 */
export async function prepareDatabase(
  config: Pick<Config, 'postgres' | 'outgoing'>,
  log: Logger,
  onClose: OnClose,
  { inspect, ...access }: Preparation,
): Promise<{ target: DatabaseTarget; applied: number }> {
  const { target, directUrl } = await reachDatabase(config, log, onClose, access);
  await inspect?.(directUrl);
  if (config.postgres.url === undefined) return { target, applied: await migrate(directUrl) };
  const applied = await migrateExternal(directUrl);
  const grants = await missingGrants(target.url, 'serve', ourTables());
  if (grants.length > 0) throw refuseRights(grants);
  return { target, applied };
}

/** Looking sessions up takes one connection at a time; the second one is there while the first is replaced. */
const SESSION_CONNECTIONS = 2;

/**
 * `prepareDatabase` and a pool on it.
 * @returns `sessions` is a small pool for looking sessions up, so that nobody's statements delay anybody's identity
 */
export async function openDatabase(
  config: Pick<Config, 'postgres' | 'outgoing' | 'log'>,
  log: Logger,
  onClose: OnClose,
  options: Preparation,
): Promise<{ db: Db; pool: pg.Pool; sessions: pg.Pool }> {
  const { target } = await prepareDatabase(config, log, onClose, options);
  const slowMs = config.log.slowStatementMs;
  const { pool, db } = connect(target, log, { slowMs });
  const { pool: sessions } = connect(target, log, { size: SESSION_CONNECTIONS, slowMs });
  const end = () => Promise.all([pool.end(), sessions.end()]).then(() => undefined);
  onClose(() => Promise.race([end(), new Promise<void>((resolve) => setTimeout(resolve, POOL_CLOSE_MS).unref())]));
  return { db, pool, sessions };
}

/** Collects steps to undo while `work` runs, and runs them in reverse order when it is done or has failed. */
export async function withCleanup<T>(work: (onClose: OnClose) => Promise<T>): Promise<T> {
  const steps: (() => Promise<void>)[] = [];
  try {
    return await work((step) => steps.push(step));
  } finally {
    for (const step of steps.reverse()) await step();
  }
}
