// Runs our own PostgreSQL: starts it on a private socket, starts it again after a crash, stops it with the server.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StartError } from '../start-error.ts';
import { type Account, canReach, chooseAccount } from './account.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { checkVersion, createCluster, isCluster, SUPERUSER, WORKING_DIRECTORY } from './cluster.ts';
import { holdInstanceLock, isInstanceRunning } from './instance-lock.ts';
import { makeFolder, privateFolder, temporaryFolder } from './private-folder.ts';
import { endLeftovers, readPidFile } from './processes.ts';

export interface EmbeddedPostgres {
  /** Connection URL of the superuser over the private socket. */
  readonly url: string;
  /** Fast shutdown, the signal being sent before this returns; also gives the data directory free. */
  stop(): Promise<void>;
}

type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

interface Setup {
  readonly cluster: string;
  readonly socketFolder: string;
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  readonly fsync: boolean;
}

/** Linux allows 107 bytes for a socket's path, and Postgres adds a name of its own. */
const MAX_SOCKET_PATH = 107;
const SOCKET_NAME = '.s.PGSQL.5432';
/** Recovery after a crash reads up to a gigabyte of log. */
const READY_TIMEOUT_MS = 300_000;
const POLL_MS = 20;
const FIRST_BACK_OFF_MS = 100;
const MAX_BACK_OFF_MS = 10_000;
const STABLE_MS = 60_000;
/** Fast, immediate (the next start recovers), forced; with how many milliseconds each may take. */
const SHUTDOWN = [
  ['SIGINT', 4000],
  ['SIGQUIT', 1500],
  ['SIGKILL', 500],
] as const;

function socketFolder(dataDir: string, account: Account | undefined): string {
  const beside = join(dataDir, 'run');
  const fits = Buffer.byteLength(join(beside, SOCKET_NAME)) <= MAX_SOCKET_PATH;
  const reachable = account === undefined || canReach(dataDir, account);
  return privateFolder(fits && reachable ? beside : join(temporaryFolder(dataDir, account), 'socket'), account);
}

function removeSocketFolder(folder: string, dataDir: string): void {
  rmSync(folder, { recursive: true, force: true });
  const parent = dirname(folder);
  if (parent !== dataDir) rmdirSync(parent);
}

function launchArguments({ socketFolder, fsync }: Setup): string[] {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socketFolder,
    unix_socket_permissions: '0700',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '',
    log_checkpoints: 'off',
    // Statements, parameters and row contents stay out of the log.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    jit: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    ...(!fsync && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return ['-D', WORKING_DIRECTORY, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

function launch(setup: Setup, onLine: (line: string) => void): ChildProcess {
  const child = spawn(setup.binaries.postgres, launchArguments(setup), {
    cwd: setup.cluster,
    env: {},
    stdio: ['ignore', 'ignore', 'pipe'],
    // A process group of its own: Ctrl-C must reach only the server, which finishes its work and then stops Postgres.
    detached: true,
    ...(setup.account && { uid: setup.account.uid, gid: setup.account.gid }),
  });
  if (child.stderr) createInterface({ input: child.stderr }).on('line', onLine);
  return child;
}

/** Waits until Postgres takes connections. @returns false when it ended instead */
async function isReady(child: ChildProcess, cluster: string): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let failed = false;
  child.on('error', () => {
    failed = true;
  });
  while (Date.now() < deadline) {
    if (failed || child.exitCode !== null || child.signalCode !== null) return false;
    const file = readPidFile(cluster);
    if (file?.pid === child.pid && file?.status === 'ready') return true;
    await delay(POLL_MS);
  }
  return false;
}

async function endsWithin(ended: Promise<void>, milliseconds: number): Promise<boolean> {
  const waiting = new AbortController();
  const timeout = delay(milliseconds, false, { signal: waiting.signal }).catch(() => false);
  const result = await Promise.race([ended.then(() => true), timeout]);
  waiting.abort();
  return result;
}

/** Starts Postgres and keeps it running until told to stop. */
async function supervise(setup: Setup, log: Log): Promise<() => Promise<void>> {
  let stopping: Promise<void> | undefined;
  const interruption = new AbortController();
  let lastComplaint = '';
  const onLine = (line: string) => {
    const isComplaint = /^(FATAL|PANIC):/.test(line) && stopping === undefined;
    if (isComplaint) lastComplaint = line.replace(/^\w+:\s*/, '');
    log[isComplaint ? 'warn' : 'debug'](`postgres: ${line}`);
  };

  let child!: ChildProcess;
  let ended!: Promise<void>;
  const start = async (): Promise<boolean> => {
    for (const name of readdirSync(setup.socketFolder)) rmSync(join(setup.socketFolder, name), { force: true });
    child = launch(setup, onLine);
    const launched = child;
    ended = new Promise((resolve) => {
      launched.once('exit', () => resolve());
      launched.once('error', () => resolve());
    });
    return isReady(child, setup.cluster);
  };

  const keepRunning = async () => {
    let backOff = FIRST_BACK_OFF_MS;
    for (let startedAt = Date.now(); ; ) {
      await ended;
      if (stopping !== undefined) return;
      if (Date.now() - startedAt > STABLE_MS) backOff = FIRST_BACK_OFF_MS;
      log.error(
        `the embedded database ended (${child.signalCode ?? `exit code ${child.exitCode}`}); starting it again in ${backOff} ms`,
      );
      await delay(backOff, undefined, { signal: interruption.signal }).catch(() => undefined);
      backOff = Math.min(MAX_BACK_OFF_MS, backOff * 2);
      if (stopping !== undefined) return;
      startedAt = Date.now();
      try {
        await endLeftovers(setup.cluster);
        if (stopping === undefined && (await start())) log.info('the embedded database runs again');
      } catch (err) {
        log.error({ err }, 'the embedded database could not be started');
      }
    }
  };

  if (!(await start())) {
    child.kill('SIGQUIT');
    throw new StartError(`The embedded database does not start: ${lastComplaint || 'it ended without a word'}`);
  }
  const supervision = keepRunning();
  // However this process ends, short of being killed: the database ends with it.
  const onExit = () => void child.kill('SIGINT');
  process.once('exit', onExit);

  const stop = async () => {
    interruption.abort();
    for (const [signal, patience] of SHUTDOWN) {
      child.kill(signal);
      if (await endsWithin(ended, patience)) break;
      log.warn(`the embedded database does not end on ${signal}`);
    }
    process.off('exit', onExit);
    await supervision;
  };
  return () => {
    stopping ??= stop();
    return stopping;
  };
}

/** Whether there is a database in `dataDir`, running or not. */
export const hasEmbeddedDatabase = (dataDir: string): boolean => isCluster(join(dataDir, 'postgres'));

const urlOf = (socketFolder: string) => `postgres://${SUPERUSER}@/postgres?host=${encodeURIComponent(socketFolder)}`;

/**
 * The URL of the embedded database that another process runs on `dataDir`; undefined when none does.
 * @throws StartError when our account may not use it
 */
export async function runningEmbeddedUrl(dataDir: string): Promise<string | undefined> {
  if (!existsSync(dataDir)) return undefined;
  const directory = realpathSync(dataDir);
  if (!(await isInstanceRunning(directory))) return undefined;
  const file = readPidFile(join(directory, 'postgres'));
  if (file?.status === 'ready') return urlOf(file.socketFolder);
  throw new StartError(
    `The database of the server that runs on ${directory} cannot be used from this account, or it is just starting.`,
  );
}

/**
 * Starts the embedded PostgreSQL on `dataDir`, creating the database at the first start and taking over from a server
 * that was killed. It listens on a socket in a directory that only its account can enter, and on no network address.
 * @param options `fsync: false` trades safety for speed: for tests
 * @throws StartError when it cannot run here, when another server uses the directory, or when another version made it
 */
export async function startEmbeddedPostgres({
  dataDir,
  log,
  options: { fsync = true } = {},
}: {
  dataDir: string;
  log: Log;
  options?: { fsync?: boolean };
}): Promise<EmbeddedPostgres> {
  makeFolder(resolve(dataDir));
  const directory = realpathSync(dataDir);
  const release = await holdInstanceLock(directory);
  try {
    const cluster = join(directory, 'postgres');
    const account = chooseAccount(directory, isCluster(cluster) ? cluster : undefined);
    const binaries = findBinaries(account);
    if (!isCluster(cluster)) {
      log.info(`creating the database in ${cluster}${account ? ` under the account ${account.name}` : ''}`);
      await createCluster(cluster, binaries, account, fsync);
    }
    checkVersion(cluster, binaries);
    if (await endLeftovers(cluster)) log.warn('stopped the database of a server that was killed');
    const setup = { cluster, socketFolder: socketFolder(directory, account), binaries, account, fsync };
    const stop = await supervise(setup, log);
    return {
      url: urlOf(setup.socketFolder),
      stop: async () => {
        await stop();
        removeSocketFolder(setup.socketFolder, directory);
        release();
      },
    };
  } catch (err) {
    release();
    throw err;
  }
}
