import { expect, it } from 'vitest';
import { ShareFullError } from '../../src/fairness/shares.ts';
import { createTurnstile, type Meter } from '../../src/fairness/turnstile.ts';
import { batched } from '../../src/in-flight.ts';

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

/** A thread that says of itself what it is told to, with the pauses that it was asked for. */
function told(thread: { now: number; active: number; idle: number }) {
  const pauses: number[] = [];
  const paused: (() => void)[] = [];
  const meter: Meter = {
    now: () => thread.now,
    measure: () => () => ({ active: thread.active, idle: thread.idle }),
    pause: (milliseconds, then) => {
      pauses.push(milliseconds);
      paused.push(then);
    },
  };
  return { meter, pauses, wake: () => paused.shift()?.() };
}

/** A turnstile whose budget is one at a time, before which `count` requests of each flooder wait. */
async function flooded(thread: { now: number; active: number; idle: number }, callers: string[], count: number) {
  const clock = told(thread);
  const turnstile = createTurnstile({ budgetMs: 0.5, waitingEach: 1000 }, clock.meter);
  for (let i = 0; i < 8; i += 1) turnstile.enter('filler')?.catch(() => undefined);
  const through: string[] = [];
  const send = async (caller: string) => {
    await turnstile.enter(caller);
    through.push(caller);
    thread.now += 1;
  };
  for (let i = 0; i < count; i += 1) for (const caller of callers) void send(caller);
  await nextTurn();
  return { ...clock, turnstile, through };
}

it('whoever has nothing waiting passes those who have', async () => {
  const { turnstile, through } = await flooded({ now: 0, active: 0, idle: 0 }, ['flood'], 100);
  expect(turnstile.enter('ann')).toBeUndefined();
  expect(through.length).toBeLessThan(10);
  expect(turnstile.enter('flood')).toBeInstanceOf(Promise);
});

it('in company a flood leaves the thread idle half as long as it had it, what it does in later turns included', async () => {
  const thread = { now: 0, active: 3, idle: 0 };
  const { turnstile, through, pauses, wake } = await flooded(thread, ['flood'], 100);
  expect(pauses).toEqual([]);
  expect(turnstile.enter('ann')).toBeUndefined();
  const before = through.length;
  await nextTurn();
  expect(pauses).toEqual([1.5]);
  Object.assign(thread, { active: 5, idle: 1.5 });
  wake();
  await nextTurn();
  expect(pauses).toEqual([1.5, 1]);
  expect(through).toHaveLength(before);
  Object.assign(thread, { active: 5, idle: 2.5 });
  wake();
  await nextTurn();
  expect(through).toHaveLength(before + 1);
});

it('several who flood leave together as much as each of them, and none waits for ever on a busy thread', async () => {
  const thread = { now: 0, active: 6, idle: 0 };
  const { turnstile, through, pauses, wake } = await flooded(thread, ['flood', 'storm', 'hail'], 10);
  expect(turnstile.enter('ann')).toBeUndefined();
  const before = through.length;
  await nextTurn();
  expect(pauses).toEqual([1]);
  thread.now += 21;
  wake();
  await nextTurn();
  expect(through).toHaveLength(before + 1);
});

it('a flood that is alone, or alone again, never pauses', async () => {
  const thread = { now: 0, active: 3, idle: 0 };
  const { turnstile, through, pauses } = await flooded(thread, ['flood'], 10);
  expect(turnstile.enter('ann')).toBeUndefined();
  thread.now += 2001;
  while (through.length < 10) await nextTurn();
  expect(pauses).toEqual([]);
});

it('a caller alone never pauses, however busy the thread is', async () => {
  const thread = { now: 0, active: 1000, idle: 0 };
  const { turnstile, through, pauses } = await flooded(thread, ['ann'], 50);
  while (through.length < 50) {
    void turnstile.enter('ann')?.catch(() => undefined);
    await nextTurn();
  }
  expect(pauses).toEqual([]);
});

it('writes of a caller alone join: those of one turn of the loop are one write', async () => {
  const { meter } = told({ now: 0, active: 1000, idle: 0 });
  const turnstile = createTurnstile({ budgetMs: 1, waitingEach: 1000 }, meter);
  const sizes: number[] = [];
  const write = batched(
    async (items: readonly number[]) => {
      sizes.push(items.length);
      await nextTurn();
      return items;
    },
    500,
    () => true,
  );
  const request = async (item: number) => {
    await turnstile.enter('ann');
    return write(item);
  };
  const numbers = Array.from({ length: 64 }, (_, at) => at);
  expect(await Promise.all(numbers.map(request))).toEqual(numbers);
  expect(sizes).toEqual([64]);
});
