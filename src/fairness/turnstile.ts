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
/** So long after somebody passed those who wait, time is kept free for whoever comes next. */
const COMPANY_MS = 2000;
/** Those who wait go on after this time, however busy the thread is. */
const LONGEST_PAUSE_MS = 20;

/** What tells a turnstile how busy its thread is. */
export interface Meter {
  /** Milliseconds from any beginning. */
  now(): number;
  /** Begins to measure; the result says how long the thread was busy and idle since then. */
  measure(): () => { active: number; idle: number };
  /** Runs `then` when the thread has had at least so many milliseconds for others. */
  pause(milliseconds: number, then: () => void): void;
}

const EVENT_LOOP: Meter = {
  now: () => performance.now(),
  measure: () => {
    const before = performance.eventLoopUtilization();
    return () => performance.eventLoopUtilization(before);
  },
  pause: (milliseconds, then) => void setTimeout(then, milliseconds),
};

/**
 * A turnstile in front of work on one thread. Within each turn of the event loop it lets callers through for `budgetMs`,
 * measured by what the work really takes, each caller's oldest request in rotation; then the loop turns, so that what
 * others have sent meanwhile takes part. Whoever has nothing waiting passes those who have. While such callers come, those
 * who wait leave the thread idle for half as long as one of them has it: a single one who floods gets two thirds. A caller
 * who is alone is not slowed down.
 * @param limits.waitingEach how many requests of one caller may wait
 */
export function createTurnstile(limits: { budgetMs: number; waitingEach: number }, meter = EVENT_LOOP): Turnstile {
  const lines = createLines<() => void>();
  let passed = 0;
  let isOpen = false;
  let isDue = false;
  let since = 0;
  let sinceThen = meter.measure();
  let companyAt = Number.NEGATIVE_INFINITY;

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
    if (meter.now() - since >= limits.budgetMs) {
      wakeUp();
      return;
    }
    lines.next()?.();
    // A tick that is asked for by a microtask comes when all other microtasks are done.
    queueMicrotask(() => process.nextTick(letThrough));
  }

  /** How long the thread has yet to be idle for all that was done since the last ones went through, in later turns, too. */
  function owedMs(): number {
    const now = meter.now();
    if (now - companyAt > COMPANY_MS || now - since > LONGEST_PAUSE_MS) return 0;
    const { active, idle } = sinceThen();
    return Math.min(active / (2 * lines.callers) - idle, LONGEST_PAUSE_MS);
  }

  function goOn(): void {
    const owed = owedMs();
    if (owed > 0) {
      meter.pause(owed, goOn);
      return;
    }
    isDue = false;
    since = meter.now();
    sinceThen = meter.measure();
    letThrough();
  }

  function wakeUp(): void {
    if (isDue) return;
    isDue = true;
    setImmediate(goOn);
  }

  return {
    enter(caller) {
      begin();
      const waiting = lines.lengthOf(caller);
      if (waiting === 0 && passed < AT_ONCE) {
        passed += 1;
        if (lines.size > 0) companyAt = meter.now();
        return undefined;
      }
      if (waiting >= limits.waitingEach) throw new ShareFullError('this caller has too much waiting');
      return new Promise((resolve) => {
        lines.add(caller, resolve);
        wakeUp();
      });
    },
  };
}
