// Work under way: many items in one run, equal reads in the next one, one run for all who come meanwhile.
import { describe, expect, test } from 'vitest';
import { batched, behindAnswers, latest, once } from '../../src/in-flight.ts';

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

  test('that fails is tried in parts that are alike, and those fail together where one has to wait', async () => {
    const runs: string[][] = [];
    const store = batched(
      async (items: readonly string[]) => {
        runs.push([...items]);
        if (items.some((item) => item.startsWith('a'))) throw new Error('waited too long');
        return items;
      },
      10,
      (_err, items) => new Set(items.map(([user]) => user)).size === 1,
      ([user]) => user,
    );
    const results = await Promise.allSettled(['a1', 'b1', 'a2', 'b2'].map(store));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect(runs).toEqual([
      ['a1', 'b1', 'a2', 'b2'],
      ['a1', 'a2'],
      ['b1', 'b2'],
    ]);
  });

  test('that fails for all is not tried again', async () => {
    const { double, runs } = doubling(10, () => true);
    const results = await Promise.allSettled([1, -2, 3].map(double));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(runs).toHaveLength(1);
    expect(await double(4)).toBe(8);
  });
});

/** A read that answers with how many reads had started, when told to. */
function reads() {
  const started: ((value?: unknown) => void)[] = [];
  const read = () => {
    const number = started.length + 1;
    return new Promise<number>((resolve, reject) => {
      started.push((err) => (err ? reject(err) : resolve(number)));
    });
  };
  return { started, read };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('equal reads', () => {
  test('those who wait share the next read, which starts after the one under way has ended', async () => {
    const run = latest<number>();
    const { started, read } = reads();
    const first = run('a', read);
    const waiting = [run('a', read), run('a', read), run('a', read)];
    await settle();
    expect(started).toHaveLength(1);
    started[0]?.();
    expect(await first).toBe(1);
    await settle();
    expect(started).toHaveLength(2);
    const late = run('a', read);
    started[1]?.();
    expect(await Promise.all(waiting)).toEqual([2, 2, 2]);
    await settle();
    started[2]?.();
    expect(await late).toBe(3);
  });

  test('other keys do not wait, and a key at rest starts at once', async () => {
    const run = latest<number>();
    const { started, read } = reads();
    const both = [run('a', read), run('b', read)];
    expect(started).toHaveLength(2);
    for (const end of started) end();
    expect(await Promise.all(both)).toEqual([1, 2]);
    await settle();
    const again = run('a', read);
    expect(started).toHaveLength(3);
    started[2]?.();
    expect(await again).toBe(3);
  });

  test('a failure is told to those who waited for that read only', async () => {
    const run = latest<number>();
    const { started, read } = reads();
    const first = run('a', read);
    const second = run('a', read);
    started[0]?.(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await settle();
    started[1]?.();
    expect(await second).toBe(2);
  });
});

describe('work that need not run twice', () => {
  test('is shared while it is under way, by key, and begins anew afterwards', async () => {
    const run = once<string, number>();
    const { started, read } = reads();
    const all = [run('a', read), run('a', read), run('b', read)];
    expect(started).toHaveLength(2);
    for (const end of started) end();
    expect(await Promise.all(all)).toEqual([1, 1, 2]);
    const again = run('a', read);
    started[2]?.();
    expect(await again).toBe(3);
  });

  test('that fails fails for all who share it, and is not remembered', async () => {
    const run = once<string, number>();
    const { started, read } = reads();
    const both = [run('a', read), run('a', read)];
    started[0]?.(new Error('away'));
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const again = run('a', read);
    started[1]?.();
    expect(await again).toBe(2);
  });
});

describe('work behind an answer', () => {
  test('is begun in a later turn, waited for by nobody, and over when it is settled', async () => {
    const behind = behindAnswers(() => undefined);
    const done: string[] = [];
    let finish = () => {};
    behind.run('slow', async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      done.push('slow');
    });
    behind.run('quick', async () => void done.push('quick'));
    expect(done).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toEqual(['quick']);
    const settled = behind.settled().then(() => done.push('settled'));
    finish();
    await settled;
    expect(done).toEqual(['quick', 'slow', 'settled']);
  });

  test('tells what failed and what there was no room for, and goes on', async () => {
    const failures: string[] = [];
    const behind = behindAnswers((what, err) => failures.push(`${what}: ${(err as Error).message}`), 1);
    behind.run('first', async () => {
      throw new Error('broken');
    });
    behind.run('second', async () => {});
    await behind.settled();
    behind.run('third', async () => {});
    expect(failures.toSorted()).toEqual(['first: broken', 'second: too much is under way behind answers']);
  });
});
