// Random choices that are the same in every run, for property tests.

/** A generator of numbers from 0 up to 1, always the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One item of a list that is not empty. */
export function pick<T>(random: () => number, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** One to `most` items of a list that is not empty, repetitions possible. */
export function pickSome<T>(random: () => number, items: readonly T[], most: number): T[] {
  return Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(random, items));
}
