// The clock: to the microsecond, in step with the system's clock whatever happens to it.
import { describe, expect, test } from 'vitest';
import { createClock, HOUR, instantText, MINUTE, parseInstant, systemClock } from '../../src/clock.ts';

/** A machine with both of its clocks; `steady` stands still while the machine is suspended. */
function machine() {
  let real = 1_795_573_779_937.25;
  let steady = 1234.5;
  return {
    clock: createClock(
      () => Math.floor(real),
      () => steady,
    ),
    real: () => real,
    run(milliseconds: number) {
      real += milliseconds;
      steady += milliseconds;
    },
    suspend(milliseconds: number) {
      real += milliseconds;
    },
    set(milliseconds: number) {
      real += milliseconds;
    },
  };
}

describe('the clock', () => {
  test('counts microseconds and stays within a millisecond of the system clock', () => {
    const m = machine();
    for (let i = 0; i < 10_000; i++) {
      const before = m.clock();
      m.run(0.137);
      expect(m.clock() - before).toBeGreaterThan(0);
      expect(Math.abs(m.clock() - m.real() * 1000)).toBeLessThanOrEqual(1000);
    }
    const before = m.clock();
    m.run(0.003);
    expect(m.clock() - before).toBeLessThanOrEqual(1003);
  });

  test('has gone on while the machine was suspended', () => {
    const m = machine();
    const before = m.clock();
    m.suspend(8 * 3_600_000);
    expect(m.clock() - before).toBeGreaterThanOrEqual(8 * HOUR);
  });

  test('follows a clock that is set, in both directions', () => {
    const m = machine();
    for (const step of [90_000, -3_600_000]) {
      m.set(step);
      expect(Math.abs(m.clock() - m.real() * 1000)).toBeLessThanOrEqual(1000);
    }
  });

  test('stands still rather than running back when the system corrects itself a little', () => {
    const m = machine();
    m.run(500);
    const before = m.clock();
    m.set(-200);
    expect(m.clock()).toBe(before);
    m.run(300);
    expect(m.clock()).toBeGreaterThan(before);
  });

  test('of the system is the time of day', () => {
    const before = Date.now() * 1000;
    expect(systemClock()).toBeGreaterThanOrEqual(before - 1000);
    expect(systemClock()).toBeLessThan(before + MINUTE);
  });
});

test('times are written without trailing zeros and read again', () => {
  for (const text of [
    '2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05.1Z',
    '2026-01-02T03:04:05.123456Z',
    '0001-01-01T00:00:00Z',
  ])
    expect(instantText(parseInstant(text))).toBe(text);
});
