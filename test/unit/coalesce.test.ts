// Equal reads at the same time share one; no read is answered by one that started before it was asked for.
import { describe, expect, it } from 'vitest';
import { coalesced } from '../../src/store/coalesce.ts';

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

describe('coalesced reads', () => {
  it('those who wait share the next read, which starts after the one under way has ended', async () => {
    const run = coalesced<number>();
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

  it('other keys do not wait, and a key at rest starts at once', async () => {
    const run = coalesced<number>();
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

  it('a failure is told to those who waited for that read only', async () => {
    const run = coalesced<number>();
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
