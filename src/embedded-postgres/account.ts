// Under which account the embedded Postgres runs: it refuses root, and must be able to reach its files.
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '../start-error.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Accounts that a root process hands Postgres to, in this order, when no owner of the data suggests another. */
const PREFERRED = ['postgres', 'nobody'];

/** What to do when the embedded Postgres cannot run; ends every such refusal. */
export const USE_EXTERNAL = 'Set CODER_PG_CONNECTION_URL to use another PostgreSQL server.';

function localAccounts(): Account[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

/** Whether the mode bits of `path` give `account` all of `wanted` (4 read, 2 write, 1 enter or execute). */
function allows(path: string, account: Account, wanted: number): boolean {
  const { mode, uid, gid } = statSync(path);
  const bits = uid === account.uid ? mode >> 6 : gid === account.gid ? mode >> 3 : mode;
  return (bits & wanted) === wanted;
}

/** Whether `account` can enter every directory above `path`, and read and enter (or execute) `path` itself. */
export function canReach(path: string, account: Account): boolean {
  if (!allows(path, account, 5)) return false;
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (!allows(directory, account, 1)) return false;
    if (directory === dirname(directory)) return true;
  }
}

/** The account that owns an existing cluster: Postgres runs under no other. */
function ownerOf(cluster: string, accounts: Account[]): Account {
  const { uid, gid } = statSync(cluster);
  if (uid === 0) {
    const owner = PREFERRED.find((name) => accounts.some((account) => account.name === name)) ?? 'nobody';
    throw new StartError(`${cluster} belongs to root, as which PostgreSQL does not run: chown -R ${owner} ${cluster}`);
  }
  return accounts.find((account) => account.uid === uid) ?? { name: String(uid), uid, gid };
}

/**
 * The account to start Postgres under; undefined when it is our own.
 * A root process takes the owner of an existing cluster, else the owner of the data directory, else `postgres` or
 * `nobody`, and among those one that can reach the data directory if there is any.
 * @throws StartError when there is none
 */
export function chooseAccount(dataDir: string, existingCluster: string | undefined): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = localAccounts();
  if (existingCluster !== undefined) return ownerOf(existingCluster, accounts);
  const { uid: owner } = statSync(dataDir);
  const candidates = [
    ...accounts.filter(({ uid }) => uid === owner),
    ...PREFERRED.flatMap((wanted) => accounts.filter(({ name }) => name === wanted)),
  ].filter(({ uid }) => uid !== 0);
  const chosen = candidates.find((account) => canReach(dataDir, account)) ?? candidates[0];
  if (chosen === undefined) {
    throw new StartError(
      `PostgreSQL does not run as root, and there is no account ${PREFERRED.join(' or ')} to run it under. Start the server as another user. ${USE_EXTERNAL}`,
    );
  }
  return chosen;
}
