import { describe, expect, it } from 'vitest';
import { Failures } from '../../src/fairness/failures.ts';

const HOUR = 3_600_000;
const START = 500_000 * HOUR;

function failing(times: number, at = START, failures = new Failures()): Failures {
  for (let i = 0; i < times; i++) failures.add('a', at);
  return failures;
}

describe('pauses', () => {
  it('begin with the hundredth failure within an hour, double, and end at a minute', () => {
    const failures = failing(99);
    expect(failures.pauseMs('a', START)).toBe(0);
    const pauses = Array.from({ length: 9 }, () => failing(1, START, failures).pauseMs('a', START) / 1000);
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('run out by themselves, and are those of one key', () => {
    const failures = failing(101);
    expect([0, 1999, 2000].map((ms) => failures.pauseMs('a', START + ms))).toEqual([2000, 1, 0]);
    expect(failures.pauseMs('b', START)).toBe(0);
  });

  it('fade with the hour: failures of before count by what is left of it', () => {
    const later = (ms: number) => failing(1, START + ms, failing(150)).pauseMs('a', START + ms);
    expect(later(HOUR)).toBe(60_000);
    expect(later(1.5 * HOUR)).toBe(0);
    expect(later(2 * HOUR)).toBe(0);
  });

  it('are no longer than that when the clock is set back', () => {
    expect(failing(200).pauseMs('a', START - 10 * HOUR)).toBe(60_000);
  });
});

it('memory is bounded: the key that has not failed for longest is forgotten, not one that fails on and on', () => {
  const failures = failing(150, START, new Failures(3));
  for (let i = 0; i < 100; i++) {
    failures.add(`b${i}`, START);
    failures.add('a', START);
  }
  expect(failures.size).toBe(3);
  expect(failures.pauseMs('a', START)).toBe(60_000);
});
