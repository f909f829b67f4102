// Runs expensive work a few at a time, with a limit on how much may wait.

/** More work is waiting than the queue takes: the caller answers 503. */
export class QueueFullError extends Error {
  override readonly name: string = 'QueueFullError';
}

export interface BoundedQueue {
  /** Runs `work` when its turn comes; rejects with the queue's full-error at once when too many are waiting. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * A first-in, first-out queue: at most `running` pieces of work at a time and `waiting` behind them;
 * `full` makes the error for whatever comes beyond.
 */
export function boundedQueue(
  limits: { running: number; waiting: number },
  full: () => Error = () => new QueueFullError('the queue is full'),
): BoundedQueue {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async run(work) {
      if (running < limits.running) {
        running += 1;
      } else {
        if (waiting.length >= limits.waiting) throw full();
        // Whoever finishes hands its place on, so nobody can slip in between.
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
