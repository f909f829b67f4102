// A clock that tests move: it runs with the system's and jumps when told.
import { type Clock, type Micros, systemClock } from '../../src/clock.ts';

export interface TestClock {
  now: Clock;
  /** Moves time forward (microseconds). */
  advance(by: Micros): void;
}

export function testClock(): TestClock {
  let ahead = 0;
  return {
    now: () => systemClock() + ahead,
    advance(by) {
      ahead += by;
    },
  };
}
