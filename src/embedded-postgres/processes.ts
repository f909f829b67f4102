// Finds and ends Postgres processes that a killed server left behind.
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../start-error.ts';

interface PostgresProcess {
  readonly pid: number;
  /** The process that the others belong to. */
  readonly isPostmaster: boolean;
}

const POLL_MS = 20;
/** After this a fast shutdown becomes an immediate one, which the next start recovers from. */
const FAST_SHUTDOWN_MS = 10_000;
const GIVE_UP_MS = 20_000;

function processAt(pid: number, cluster: string): PostgresProcess | undefined {
  try {
    // Every Postgres process stays in its cluster's directory; the command line need not name it.
    if (readlinkSync(`/proc/${pid}/cwd`) !== cluster) return undefined;
    const program = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? '';
    if (program.startsWith('postgres:')) return { pid, isPostmaster: false };
    return basename(program) === 'postgres' ? { pid, isPostmaster: true } : undefined;
  } catch {
    // Ended meanwhile, only a zombie by now, or somebody else's.
    return undefined;
  }
}

/** The Postgres processes that work in `cluster` (a real path). */
function postgresProcesses(cluster: string): PostgresProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processAt(Number(name), cluster) ?? []);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== 'ESRCH') throw err;
  }
}

/** What Postgres notes of itself in postmaster.pid; undefined without a readable file of that name. */
export function readPidFile(cluster: string): { pid: number; socketFolder: string; status: string } | undefined {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), socketFolder: lines[4] ?? '', status: lines[7]?.trim() ?? '' };
  } catch {
    return undefined;
  }
}

/**
 * Stops whatever Postgres still works in `cluster`, and removes a pid file whose number meanwhile belongs to another
 * program, which Postgres would take for a running server. Only for the holder of the instance lock.
 * @returns whether there was any
 */
export async function endLeftovers(cluster: string): Promise<boolean> {
  const started = Date.now();
  let sent: NodeJS.Signals | undefined;
  for (let left = postgresProcesses(cluster); left.length > 0; left = postgresProcesses(cluster)) {
    const waited = Date.now() - started;
    if (waited > GIVE_UP_MS)
      throw new StartError(`A PostgreSQL process (pid ${left[0]?.pid}) in ${cluster} does not end.`);
    const postmaster = left.find((process) => process.isPostmaster);
    // Without a postmaster the rest is of no use to anybody, and holds the shared memory.
    const wanted = postmaster !== undefined && waited < FAST_SHUTDOWN_MS ? 'SIGINT' : 'SIGQUIT';
    if (wanted !== sent) {
      for (const { pid } of postmaster === undefined ? left : [postmaster]) signal(pid, wanted);
      sent = wanted;
    }
    await delay(POLL_MS);
  }
  // No process of this cluster is left: Postgres itself sees that, unless the number is in use again.
  rmSync(join(cluster, 'postmaster.pid'), { force: true });
  return sent !== undefined;
}
