// Folders that no other account can have prepared: for sockets and copied programs.
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** Creates `path` if need be and gives it to `account` (or us) alone. */
export function privateFolder(path: string, account: Account | undefined): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (account !== undefined) chownSync(path, account.uid, account.gid);
  chmodSync(path, 0o700);
  return path;
}
