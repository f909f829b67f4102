import { expect, it } from 'vitest';
import { ShareFullError } from '../../src/fairness/shares.ts';
import { createTurnstile } from '../../src/fairness/turnstile.ts';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Work on the thread for so many milliseconds. */
function spin(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

it('who comes alone goes through at once', async () => {
  const turnstile = createTurnstile({ budgetMs: 1, waitingEach: 10 });
  for (let i = 0; i < 20; i += 1) {
    expect(turnstile.enter('ann')).toBeUndefined();
    await nextTurn();
  }
});

it('what comes within one turn of the loop and is more than a few waits, and all of it goes through', async () => {
  const turnstile = createTurnstile({ budgetMs: 1, waitingEach: 1000 });
  const turns = Array.from({ length: 500 }, () => turnstile.enter('ann'));
  expect(turns.filter((turn) => turn === undefined)).toHaveLength(8);
  await Promise.all(turns);
});

it('callers take turns, however many of one wait', async () => {
  const turnstile = createTurnstile({ budgetMs: 1000, waitingEach: 1000 });
  const order: string[] = [];
  const arrive = (caller: string) => Promise.resolve(turnstile.enter(caller)).then(() => order.push(caller));
  for (let i = 0; i < 8; i += 1) turnstile.enter('filler')?.catch(() => undefined);
  const all = [...Array.from({ length: 100 }, () => arrive('flood')), arrive('ann'), arrive('ben'), arrive('ann')];
  await Promise.all(all);
  expect(order.slice(0, 6)).toEqual(['flood', 'ann', 'ben', 'flood', 'ann', 'flood']);
  expect(order).toHaveLength(103);
});

it('the loop turns when the time is up, measured by the work that those who went through really do', async () => {
  const turnstile = createTurnstile({ budgetMs: 1, waitingEach: 1000 });
  for (let i = 0; i < 8; i += 1) turnstile.enter('filler')?.catch(() => undefined);
  const perTurn: number[] = [];
  let done = 0;
  const work = async () => {
    await turnstile.enter('flood');
    // The work begins some steps behind the turn, as that of a request does.
    await Promise.resolve();
    await Promise.resolve();
    spin(0.6);
    done += 1;
  };
  const all = Array.from({ length: 40 }, work);
  while (done < 40) {
    const before = done;
    await nextTurn();
    perTurn.push(done - before);
  }
  await Promise.all(all);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(2);
});

it('refuses a caller with too much waiting, and nobody else', async () => {
  const turnstile = createTurnstile({ budgetMs: 1, waitingEach: 3 });
  const turns = Array.from({ length: 11 }, () => turnstile.enter('flood'));
  expect(() => turnstile.enter('flood')).toThrow(ShareFullError);
  turns.push(turnstile.enter('ann'));
  await Promise.all(turns);
  expect(turnstile.enter('flood')).toBeUndefined();
});
