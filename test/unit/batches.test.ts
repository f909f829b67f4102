// Writes that arrive together share one run, and nobody fails for what another one sent.
import { describe, expect, test } from 'vitest';
import { batched } from '../../src/store/batches.ts';

/** A batcher that doubles numbers, with the runs it made; negative numbers are faults of whoever sent them. */
function doubling(most: number, isShared = (_err: unknown) => false) {
  const runs: number[][] = [];
  const double = batched(
    async (items: readonly number[]) => {
      runs.push([...items]);
      if (items.some((item) => item < 0)) throw new Error('negative');
      return items.map((item) => item * 2);
    },
    most,
    isShared,
  );
  return { double, runs };
}

describe('a batch', () => {
  test('takes what arrives together, each with its own result', async () => {
    const { double, runs } = doubling(10);
    expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
    expect(await double(4)).toBe(8);
    expect(runs).toEqual([[1, 2, 3], [4]]);
  });

  test('is no larger than allowed, and one runs at a time', async () => {
    const { double, runs } = doubling(2);
    expect(await Promise.all([1, 2, 3, 4, 5].map(double))).toEqual([2, 4, 6, 8, 10]);
    expect(runs).toEqual([[1, 2], [3, 4], [5]]);
  });

  test('that fails is tried one by one, so that only the fault itself is refused', async () => {
    const { double, runs } = doubling(10);
    const results = await Promise.allSettled([1, -2, 3].map(double));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(runs).toEqual([[1, -2, 3], [1], [-2], [3]]);
  });

  test('that fails for all is not tried again', async () => {
    const { double, runs } = doubling(10, () => true);
    const results = await Promise.allSettled([1, -2, 3].map(double));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(runs).toHaveLength(1);
    expect(await double(4)).toBe(8);
  });
});
