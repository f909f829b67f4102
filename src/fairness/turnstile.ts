// Lets callers through one after the other, a little time at once: whoever floods waits behind everybody else's next request.
import { createLines } from './lines.ts';
import { ShareFullError } from './shares.ts';

export interface Turnstile {
  /**
   * Undefined when the caller may go on at once, else the promise of a turn.
   * @throws ShareFullError when too much of this caller is waiting
   */
  enter(caller: string): Promise<void> | undefined;
}

/** Of all that arrives within one turn of the event loop so many pass unhindered: what servers with little to do have. */
const AT_ONCE = 8;

/**
 * A turnstile in front of work on one thread. Within each turn of the event loop it lets callers through for `budgetMs`,
 * measured by what the work really takes, each caller's oldest request in rotation; then the loop turns, so that what
 * others have sent meanwhile takes part. A single caller is not slowed down, since nothing waits while there is time.
 * @param limits.waitingEach how many requests of one caller may wait
 */
export function createTurnstile(limits: { budgetMs: number; waitingEach: number }): Turnstile {
  const lines = createLines<() => void>();
  let passed = 0;
  let isOpen = false;
  let isDue = false;
  let since = 0;

  /** Begins to count anew with each turn of the loop. */
  function begin(): void {
    if (isOpen) return;
    isOpen = true;
    passed = 0;
    setImmediate(() => {
      isOpen = false;
    });
  }

  /** After each one that goes through, what it does at once is done before the next one is looked at. */
  function letThrough(): void {
    if (lines.size === 0) return;
    if (performance.now() - since >= limits.budgetMs) {
      wakeUp();
      return;
    }
    lines.next()?.();
    // A tick that is asked for by a microtask comes when all other microtasks are done.
    queueMicrotask(() => process.nextTick(letThrough));
  }

  function wakeUp(): void {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      since = performance.now();
      letThrough();
    });
  }

  return {
    enter(caller) {
      begin();
      if (lines.size === 0 && passed < AT_ONCE) {
        passed += 1;
        return undefined;
      }
      if (lines.lengthOf(caller) >= limits.waitingEach) throw new ShareFullError('this caller has too much waiting');
      return new Promise((resolve) => {
        lines.add(caller, resolve);
        wakeUp();
      });
    },
  };
}
