// Lets callers through one after the other, a little time at once: whoever floods waits behind everybody else's next request.
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
  /** The lines of those who wait, the next one first. */
  const lines = new Map<string, (() => void)[]>();
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
    const first = lines.entries().next();
    if (first.done) return;
    if (performance.now() - since >= limits.budgetMs) {
      wakeUp();
      return;
    }
    const [caller, line] = first.value;
    const turn = line.shift();
    lines.delete(caller);
    if (line.length > 0) lines.set(caller, line);
    turn?.();
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
      const line = lines.get(caller) ?? [];
      if (line.length >= limits.waitingEach) throw new ShareFullError('this caller has too much waiting');
      return new Promise((resolve) => {
        line.push(resolve);
        lines.set(caller, line);
        wakeUp();
      });
    },
  };
}
