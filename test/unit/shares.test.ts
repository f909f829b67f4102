import { expect, it } from 'vitest';
import { createShares, ShareFullError } from '../../src/fairness/shares.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('so many of a caller run at a time, the rest in order of arrival; others do not wait for them', async () => {
  const shares = createShares({ running: 2, waiting: 10 });
  const began: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string) => () =>
    new Promise<void>((resolve) => {
      began.push(name);
      ends.push(resolve);
    });
  const all = ['a1', 'a2', 'a3', 'a4'].map((name) => shares.run('a', work(name)));
  all.push(shares.run('b', work('b1')));
  expect(began).toEqual(['a1', 'a2', 'b1']);
  ends[0]?.();
  await turn();
  await turn();
  expect(began).toEqual(['a1', 'a2', 'b1', 'a3']);
  for (const end of ends) end();
  await turn();
  await turn();
  for (const end of ends) end();
  await Promise.all(all);
  expect(began.at(-1)).toBe('a4');
});

it('what does not fit is refused for that caller alone, and room that is left comes back', async () => {
  const shares = createShares({ running: 1, waiting: 1 });
  expect(shares.enter('a')).toBeUndefined();
  const waiting = shares.enter('a');
  expect(() => shares.enter('a')).toThrow(ShareFullError);
  expect(shares.enter('b')).toBeUndefined();
  shares.leave('a');
  await waiting;
  shares.leave('a');
  expect(shares.enter('a')).toBeUndefined();
});

it('work that fails leaves, too', async () => {
  const shares = createShares({ running: 1, waiting: 0 });
  await expect(shares.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await shares.run('a', async () => 'yes')).toBe('yes');
});

it('what waited does not begin within the turn that made room', async () => {
  const shares = createShares({ running: 1, waiting: 5 });
  await shares.enter('a');
  let began = false;
  const waiting = shares.enter('a')?.then(() => {
    began = true;
  });
  shares.leave('a');
  await Promise.resolve();
  await Promise.resolve();
  expect(began).toBe(false);
  await waiting;
  expect(began).toBe(true);
});
