import { describe, expect, it } from 'vitest';
import { SlidingWindow } from '../../src/fairness/sliding-window.ts';

/** A full minute: 2026-11-25T01:05:00Z. */
const MINUTE = 1_795_568_700_000;
const SECOND = 1000;

function spend(window: SlidingWindow, key: string, count: number, at: number): void {
  for (let i = 0; i < count; i += 1) window.hit(key, at);
}

describe('within a minute', () => {
  it('counts down to nothing, then refuses; each key and each limiter for itself', () => {
    const window = new SlidingWindow(4);
    const verdicts = [1, 2, 3, 4, 5, 6].map(() => window.hit('a', MINUTE + 17_250));
    expect(verdicts.map((verdict) => [verdict.allowed, verdict.limit, verdict.remaining])).toEqual([
      [true, 4, 3],
      [true, 4, 2],
      [true, 4, 1],
      [true, 4, 0],
      [false, 4, 0],
      [false, 4, 0],
    ]);
    expect(window.hit('b', MINUTE + 17_250)).toMatchObject({ allowed: true, remaining: 3 });
    expect(new SlidingWindow(60).hit('a', MINUTE + 17_250)).toMatchObject({ limit: 60, remaining: 59 });
  });

  it('says the end of the minute in Unix seconds', () => {
    const window = new SlidingWindow(4);
    expect(window.hit('a', MINUTE).resetUnixSeconds).toBe(MINUTE / 1000 + 60);
    expect(window.hit('a', MINUTE + 59_999).resetUnixSeconds).toBe(MINUTE / 1000 + 60);
    expect(window.hit('a', MINUTE + 60_000).resetUnixSeconds).toBe(MINUTE / 1000 + 120);
  });

  it('a caller who is not counted is told what a first request is told', () => {
    const window = new SlidingWindow(4);
    spend(window, 'owner', 4, MINUTE);
    expect(window.untouched(MINUTE)).toEqual({
      allowed: true,
      limit: 4,
      remaining: 3,
      resetUnixSeconds: MINUTE / 1000 + 60,
    });
    expect(window.hit('owner', MINUTE).allowed).toBe(false);
  });
});

describe('across minutes', () => {
  it('the last minute weighs by the share of it that is less than a minute ago', () => {
    const cases: [number, number][] = [
      [0, 0],
      [15, 14],
      [30, 29],
      [45, 44],
      [59, 58],
    ];
    for (const [seconds, remaining] of cases) {
      const window = new SlidingWindow(60);
      spend(window, 'a', 60, MINUTE + 10 * SECOND);
      const verdict = window.hit('a', MINUTE + 60 * SECOND + seconds * SECOND);
      expect([seconds, verdict.allowed, verdict.remaining]).toEqual([seconds, seconds > 0, remaining]);
    }
  });

  it('the rate is rounded, not cut', () => {
    const at = (milliseconds: number): boolean => {
      const window = new SlidingWindow(4);
      spend(window, 'a', 4, MINUTE);
      return window.hit('a', MINUTE + 60_000 + milliseconds).allowed;
    };
    // 4 x (1 - 7.5 s / 60 s) = 3.5 rounds to 4; just below it to 3.
    expect(at(7_500)).toBe(false);
    expect(at(7_501)).toBe(true);
  });

  it('refused requests do not count against the next minute', () => {
    const window = new SlidingWindow(4);
    spend(window, 'a', 1000, MINUTE);
    expect(window.hit('a', MINUTE + 90_000)).toMatchObject({ allowed: true, remaining: 1 });
  });

  it('after a whole idle minute nothing is left', () => {
    const window = new SlidingWindow(4);
    spend(window, 'a', 4, MINUTE + 59_999);
    expect(window.hit('a', MINUTE + 120_000)).toMatchObject({ allowed: true, remaining: 3 });
  });

  it('a clock set back by seconds opens no new window', () => {
    const window = new SlidingWindow(4);
    spend(window, 'a', 4, MINUTE);
    expect(window.hit('a', MINUTE - 5 * SECOND)).toMatchObject({
      allowed: false,
      resetUnixSeconds: MINUTE / 1000 + 60,
    });
    expect(window.hit('a', MINUTE + SECOND).allowed).toBe(false);
  });

  it('a clock set back by an hour does not lock anybody out', () => {
    const window = new SlidingWindow(4);
    spend(window, 'a', 4, MINUTE);
    expect(window.hit('a', MINUTE - 3_600_000).allowed).toBe(true);
  });
});

describe('memory', () => {
  it('is bounded by two maps of so many keys', () => {
    const window = new SlidingWindow(4, 10);
    for (let i = 0; i < 1000; i += 1) window.hit(`key ${i}`, MINUTE);
    expect(window.size).toBe(10);
    for (let i = 0; i < 1000; i += 1) window.hit(`other ${i}`, MINUTE + 60_000);
    expect(window.size).toBe(20);
    window.hit('a', MINUTE + 300_000);
    expect(window.size).toBe(1);
  });

  it('the key counted first is forgotten first', () => {
    const window = new SlidingWindow(1, 2);
    for (const key of ['a', 'b', 'c']) window.hit(key, MINUTE);
    expect(window.hit('c', MINUTE).allowed).toBe(false);
    expect(window.hit('b', MINUTE).allowed).toBe(false);
    expect(window.hit('a', MINUTE).allowed).toBe(true);
  });
});

it('a limit of zero refuses everything', () => {
  expect(new SlidingWindow(0).hit('a', MINUTE)).toMatchObject({ allowed: false, remaining: 0 });
});
