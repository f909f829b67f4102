// Counting failures by key within the last hour, and the pauses that follow too many; pure, the time comes from the caller.

/** Failures within an hour that nobody has to wait for. */
const FREE = 99;
const HOUR_MS = 3_600_000;
const FIRST_PAUSE_MS = 1000;
/** Pauses grow up to this, so that whoever fails on purpose never shuts anybody out for good. */
const LONGEST_PAUSE_MS = 60_000;
const MAX_KEYS = 100_000;

interface Count {
  hour: number;
  current: number;
  previous: number;
  pausedUntil: number;
}

/**
 * Failures by key. From the hundredth within an hour on each brings a pause, twice as long as the one before, up to a minute
 * (docs/differences.md 25). Hours are those of the clock; that of before counts by the share of it that lies within the last 60 minutes.
 * Memory is bounded: beyond `maxKeys` the key that has not failed for longest is forgotten.
 */
export class Failures {
  readonly #counts = new Map<string, Count>();
  readonly #maxKeys: number;

  constructor(maxKeys: number = MAX_KEYS) {
    this.#maxKeys = maxKeys;
  }

  /** How many milliseconds a key's pause lasts from `nowMs` on; 0 for none. */
  pauseMs(key: string, nowMs: number): number {
    const left = (this.#counts.get(key)?.pausedUntil ?? 0) - nowMs;
    // A clock that was set back must not make a pause longer.
    return Math.min(Math.max(left, 0), LONGEST_PAUSE_MS);
  }

  /** Counts a failure of a key at `nowMs` (Unix milliseconds). */
  add(key: string, nowMs: number): void {
    const hour = Math.floor(nowMs / HOUR_MS);
    const { current, previous } = this.#countsAt(key, hour);
    const carried = previous * (1 - (nowMs - hour * HOUR_MS) / HOUR_MS);
    const beyond = Math.floor(carried + current + 1) - FREE;
    const pause = beyond > 0 ? Math.min(FIRST_PAUSE_MS * 2 ** (beyond - 1), LONGEST_PAUSE_MS) : 0;
    this.#counts.delete(key);
    for (const longestAgo of this.#counts.keys()) {
      if (this.#counts.size < this.#maxKeys) break;
      this.#counts.delete(longestAgo);
    }
    this.#counts.set(key, { hour, current: current + 1, previous, pausedUntil: nowMs + pause });
  }

  /** How many keys are remembered, for the memory bound. */
  get size(): number {
    return this.#counts.size;
  }

  #countsAt(key: string, hour: number): { current: number; previous: number } {
    const known = this.#counts.get(key);
    if (known?.hour === hour) return known;
    return { current: 0, previous: known?.hour === hour - 1 ? known.current : 0 };
  }
}
