// Folders that no other account can have prepared: for sockets and copied programs.
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StartError } from '../start-error.ts';
import { type Account, canReach, USE_EXTERNAL } from './account.ts';

/** A short name for a thing, the same at every start. */
export function nameFor(thing: string): string {
  return createHash('sha256').update(thing).digest('hex').slice(0, 16);
}

function isOurs(path: string): boolean {
  const found = lstatSync(path);
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

/**
 * A folder of our own below the system's temp folder, the same for the same thing, that `account` can enter.
 * If somebody else made one of that name first, another with a random name is made.
 */
export function temporaryFolder(thing: string, account: Account | undefined): string {
  const base = [tmpdir(), '/tmp', '/var/tmp'].find((folder) => account === undefined || canReach(folder, account));
  if (base === undefined) throw new StartError(`The account ${account?.name} can use no temp folder. ${USE_EXTERNAL}`);
  const path = join(base, `coder-users-${process.getuid?.()}-${nameFor(thing)}`);
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const folder = isOurs(path) ? path : mkdtempSync(`${path}-`);
  chmodSync(folder, account === undefined ? 0o700 : 0o711);
  return folder;
}

/**
 * Makes a folder and those above it, one by one: Node's own way of doing so never returns below /proc.
 * @throws StartError in plain words
 */
export function makeFolder(path: string, mode = 0o777): void {
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) return;
    throw new StartError(`${path} is not a folder. CODER_USERS_DATA_DIR sets the data directory.`);
  }
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode });
  } catch (err) {
    const { code, message } = err as NodeJS.ErrnoException;
    // Another process may have been faster.
    if (code === 'EEXIST') return;
    throw new StartError(
      `The folder ${path} cannot be made (${message}). CODER_USERS_DATA_DIR sets the data directory.`,
    );
  }
}

/** Creates `path` if need be and gives it to `account` (or us) alone. @throws StartError when that cannot be */
export function privateFolder(path: string, account: Account | undefined): string {
  makeFolder(path, 0o700);
  if (account !== undefined) chownSync(path, account.uid, account.gid);
  chmodSync(path, 0o700);
  return path;
}
