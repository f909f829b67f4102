// The embedded database's files: made once by initdb, then only checked.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../start-error.ts';
import { type Account, USE_EXTERNAL } from './account.ts';
import type { Binaries } from './binaries.ts';
import { privateFolder } from './private-folder.ts';

/** The database's superuser; only we can reach its socket. */
export const SUPERUSER = 'app';

/**
 * How Postgres is told its directory: by a link that leads there whatever lies above. A path would have to be one that
 * its account can enter from the root down, and a checkout below /root is not. Every Postgres process stays in that
 * directory, so the link holds for all of them.
 */
export const WORKING_DIRECTORY = '/proc/self/cwd';

/** The builtin locale provider sorts and folds alike on every system, umlauts included. */
const INITDB_ARGUMENTS = [
  `--username=${SUPERUSER}`,
  '--auth-local=trust',
  '--auth-host=reject',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
];

/** Removes what starts that were killed before initdb was done have left. */
function removeUnfinished(cluster: string): void {
  const prefix = `${basename(cluster)}.new-`;
  for (const name of readdirSync(dirname(cluster))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(cluster), name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Whether initdb has run to its end: the directory gets its name only then. */
export function isCluster(cluster: string): boolean {
  return existsSync(cluster);
}

/** Creates the cluster under another name and renames it when complete; a killed first start leaves no half one. */
export async function createCluster(
  cluster: string,
  binaries: Binaries,
  account: Account | undefined,
  fsync: boolean,
): Promise<void> {
  removeUnfinished(cluster);
  // A name of its own: the initdb of a killed start may still be writing to the other one.
  const unfinished = privateFolder(`${cluster}.new-${process.pid}`, account);
  const child = spawn(
    binaries.initdb,
    ['--pgdata', WORKING_DIRECTORY, ...INITDB_ARGUMENTS, ...(fsync ? [] : ['--no-sync'])],
    {
      cwd: unfinished,
      env: {},
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(account && { uid: account.uid, gid: account.gid }),
    },
  );
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject).on('close', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  if (code !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    const reason = complaint.trim().split('\n')[0] || `initdb ended with ${code}`;
    throw new StartError(`The embedded database could not be created: ${reason}. ${USE_EXTERNAL}`);
  }
  renameSync(unfinished, cluster);
}

/** @throws StartError when another major version of PostgreSQL made the cluster: there is no upgrade tool here */
export function checkVersion(cluster: string, binaries: Binaries): void {
  let version: string;
  try {
    version = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  } catch (err) {
    throw new StartError(`${cluster} is not a database that this account can read: ${(err as Error).message}`);
  }
  if (version !== binaries.major) {
    throw new StartError(
      `${cluster} belongs to PostgreSQL ${version}, this program brings PostgreSQL ${binaries.major}: write a backup with the version of this program that made it (coder-users backup), then bring it into a new CODER_USERS_DATA_DIR with this one (coder-users restore).`,
    );
  }
}
