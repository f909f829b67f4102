// Runs expensive work a few pieces at a time; those who wait get their turns one caller after the other.
import { createLines } from './lines.ts';

/** More work is waiting than the queue takes: the caller answers 503. */
export class QueueFullError extends Error {
  override readonly name: string = 'QueueFullError';
}

export interface FairQueue {
  /** Runs `work` when its turn comes. @throws the queue's full-error at once when too much is waiting */
  run<T>(share: string, work: () => Promise<T>): Promise<T>;
  /** @throws the queue's full-error when `run` would: asked before anything else is done for what ends in the queue */
  requireRoom(share: string): void;
  /** How many pieces run and wait. */
  load(): { running: number; waiting: number };
}

/**
 * A queue that runs at most `running` pieces of work at a time. Each share (caller) waits in its own line, first in, first
 * out, and the lines take turns: whoever sends a hundred pieces delays others by one.
 * @param limits `waiting` pieces in all and `waitingEach` for each share may wait
 * @param full makes the error for whatever comes beyond
 */
export function fairQueue(
  limits: { running: number; waiting: number; waitingEach: number },
  full: () => Error = () => new QueueFullError('the queue is full'),
): FairQueue {
  const lines = createLines<() => void>();
  let running = 0;

  function requireRoom(share: string): void {
    if (running < limits.running) return;
    if (lines.size >= limits.waiting || lines.lengthOf(share) >= limits.waitingEach) throw full();
  }

  return {
    requireRoom,
    load: () => ({ running, waiting: lines.size }),
    async run(share, work) {
      requireRoom(share);
      if (running < limits.running) {
        running += 1;
      } else {
        // Whoever finishes hands its place on, so nobody can slip in between.
        await new Promise<void>((resolve) => lines.add(share, resolve));
      }
      try {
        return await work();
      } finally {
        const turn = lines.next();
        if (turn === undefined) running -= 1;
        else turn();
      }
    },
  };
}
