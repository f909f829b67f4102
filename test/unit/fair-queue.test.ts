import { expect, it } from 'vitest';
import { fairQueue, QueueFullError } from '../../src/fairness/fair-queue.ts';

it('runs no more than allowed at a time, in order of arrival', async () => {
  const queue = fairQueue({ running: 2, waiting: 10, waitingEach: 10 });
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const all = [0, 1, 2, 3].map((id) =>
    queue.run(
      'a',
      () =>
        new Promise<number>((resolve) => {
          started.push(id);
          finish.push(() => resolve(id));
        }),
    ),
  );
  expect(started).toEqual([0, 1]);
  finish[1]?.();
  await all[1];
  await new Promise((resolve) => setImmediate(resolve));
  expect(started).toEqual([0, 1, 2]);
  finish[0]?.();
  finish[2]?.();
  await all[2];
  await new Promise((resolve) => setImmediate(resolve));
  finish[3]?.();
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
});

it('a failing piece of work gives its place back', async () => {
  const queue = fairQueue({ running: 1, waiting: 0, waitingEach: 0 });
  await expect(queue.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await queue.run('a', async () => 'yes')).toBe('yes');
});

it('refuses what does not fit into the waiting room', async () => {
  const queue = fairQueue({ running: 1, waiting: 1, waitingEach: 1 });
  const work = () => new Promise<string>((resolve) => setImmediate(() => resolve('done')));
  const running = queue.run('a', work);
  const waiting = queue.run('a', work);
  await expect(queue.run('a', work)).rejects.toThrow(QueueFullError);
  expect(await Promise.all([running, waiting])).toEqual(['done', 'done']);
  expect(await queue.run('a', work)).toBe('done');
});

it('lines take turns: a hundred pieces of one delay another by one', async () => {
  const queue = fairQueue({ running: 1, waiting: 200, waitingEach: 200 });
  const done: string[] = [];
  const work = (share: string) =>
    queue.run(share, async () => {
      done.push(share);
    });
  const flood = Array.from({ length: 100 }, () => work('flood'));
  const others = [work('ann'), work('ben'), work('ann')];
  await Promise.all([...flood, ...others]);
  // The first one ran before anybody else was there.
  expect(done.slice(0, 6)).toEqual(['flood', 'flood', 'ann', 'ben', 'flood', 'ann']);
  expect(done).toHaveLength(103);
});

it('one line has its own bound, and what is full can be asked before', async () => {
  const queue = fairQueue({ running: 1, waiting: 3, waitingEach: 2 });
  const work = () => new Promise<void>((resolve) => setImmediate(resolve));
  const all = [queue.run('a', work), queue.run('a', work), queue.run('a', work)];
  expect(() => queue.requireRoom('a')).toThrow(QueueFullError);
  await expect(queue.run('a', work)).rejects.toThrow(QueueFullError);
  expect(() => queue.requireRoom('b')).not.toThrow();
  all.push(queue.run('b', work));
  expect(() => queue.requireRoom('c')).toThrow(QueueFullError);
  await Promise.all(all);
  expect(() => queue.requireRoom('a')).not.toThrow();
});
