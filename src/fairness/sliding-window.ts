// Counting requests per caller in a sliding window of one minute; pure, the time comes from the caller.

export interface RateLimitVerdict {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** The end of the current minute in Unix seconds. */
  readonly resetUnixSeconds: number;
}

const WINDOW_MS = 60_000;
const MAX_KEYS = 100_000;

/**
 * A limit of `limit` requests a minute per key. Windows are the full minutes of the clock; the rate is the previous
 * minute's count times the share of it that still lies within the last 60 seconds, plus this minute's count, rounded.
 * A refused request is not counted. Memory is bounded: two maps, swapped each minute, of at most `maxKeys` keys each;
 * beyond that the key counted first is forgotten. Golden: session-rate-limit, session-rate-limit-defaults.
 */
export class SlidingWindow {
  readonly #limit: number;
  readonly #maxKeys: number;
  #minute = 0;
  #current = new Map<string, number>();
  #previous = new Map<string, number>();

  constructor(limit: number, maxKeys: number = MAX_KEYS) {
    this.#limit = limit;
    this.#maxKeys = maxKeys;
  }

  /** Counts one request of `key` at `nowMs` (Unix milliseconds), unless it is refused. */
  hit(key: string, nowMs: number): RateLimitVerdict {
    this.#turn(nowMs);
    // A clock that was set back by less than a minute stays at the start of the current one.
    const elapsedMs = Math.max(nowMs - this.#minute * WINDOW_MS, 0);
    const counted = this.#current.get(key) ?? 0;
    const carried = (this.#previous.get(key) ?? 0) * (1 - elapsedMs / WINDOW_MS);
    const rate = Math.round(carried + counted);
    if (rate + 1 > this.#limit) return this.#verdict(false, 0);
    if (counted === 0 && this.#current.size >= this.#maxKeys) this.#forgetFirst();
    this.#current.set(key, counted + 1);
    return this.#verdict(true, this.#limit - rate - 1);
  }

  /** What a first request would be told; for callers who are not counted. */
  untouched(nowMs: number): RateLimitVerdict {
    this.#turn(nowMs);
    return this.#verdict(true, Math.max(this.#limit - 1, 0));
  }

  /** How many keys are remembered, for the memory bound. */
  get size(): number {
    return this.#current.size + this.#previous.size;
  }

  #turn(nowMs: number): void {
    const minute = Math.floor(nowMs / WINDOW_MS);
    if (minute === this.#minute || minute === this.#minute - 1) return;
    const follows = minute === this.#minute + 1;
    this.#previous = follows ? this.#current : new Map();
    this.#current = new Map();
    this.#minute = minute;
  }

  #forgetFirst(): void {
    const first = this.#current.keys().next();
    if (!first.done) this.#current.delete(first.value);
  }

  #verdict(allowed: boolean, remaining: number): RateLimitVerdict {
    const resetUnixSeconds = ((this.#minute + 1) * WINDOW_MS) / 1000;
    return { allowed, limit: this.#limit, remaining, resetUnixSeconds };
  }
}
