// The threads that hash passwords come second: the one that answers requests must not wait for them (docs/differences.md 35).
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** A tenth of the usual weight, and only while somebody else wants the processor. */
const NICE = 10;
/** What libuv calls its workers, which exist from the first work for them on. */
const WORKER = 'libuv-worker';

/** Gives this process's workers a lower priority than its main thread. Does nothing where threads have no files. */
export function lowerHashThreads(): void {
  try {
    for (const id of readdirSync('/proc/self/task')) {
      const name = readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim();
      if (name === WORKER) setPriority(Number(id), NICE);
    }
  } catch {
    // Not Linux, or not allowed: everything works, and a flood of sign-ins is felt a little more.
  }
}
