import { expect, it } from 'vitest';
import { boundedQueue, QueueFullError } from '../../src/crypto/bounded-queue.ts';

it('runs no more than allowed at a time, in order of arrival', async () => {
  const queue = boundedQueue({ running: 2, waiting: 10 });
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const all = [0, 1, 2, 3].map((id) =>
    queue.run(
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
  const queue = boundedQueue({ running: 1, waiting: 0 });
  await expect(queue.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await queue.run(async () => 'yes')).toBe('yes');
});

it('refuses what does not fit into the waiting room', async () => {
  const queue = boundedQueue({ running: 1, waiting: 1 });
  const work = () => new Promise<string>((resolve) => setImmediate(() => resolve('done')));
  const running = queue.run(work);
  const waiting = queue.run(work);
  await expect(queue.run(work)).rejects.toThrow(QueueFullError);
  expect(await Promise.all([running, waiting])).toEqual(['done', 'done']);
  expect(await queue.run(work)).toBe('done');
});
