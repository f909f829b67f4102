// How much each caller may have under way at the same time; what is beyond waits in memory, and costs nobody else anything.

/** A caller has more waiting than anybody may: only this caller is refused. */
export class ShareFullError extends Error {
  override readonly name = 'ShareFullError';
}

export interface Shares {
  /**
   * Begins something of a caller: at once (undefined), or when the promise resolves. `leave` must follow.
   * @throws ShareFullError when this caller has too much waiting; nothing has begun then
   */
  enter(caller: string): Promise<void> | undefined;
  /** Ends something that `enter` began: the next one that waits begins. */
  leave(caller: string): void;
  /** Both around `work`. */
  run<T>(caller: string, work: () => Promise<T>): Promise<T>;
}

interface Share {
  running: number;
  waiting: (() => void)[];
}

/**
 * Shares of `running` pieces at a time and `waiting` behind them for each caller, first in, first out.
 * @param defer begins what has waited; not within the turn that made room, so that a caller with hundreds waiting leaves
 * time for others
 */
export function createShares(
  limits: { running: number; waiting: number },
  defer: (begin: () => void) => void = (begin) => void setImmediate(begin),
): Shares {
  const shares = new Map<string, Share>();

  const enter: Shares['enter'] = (caller) => {
    const share = shares.get(caller);
    if (share === undefined) {
      shares.set(caller, { running: 1, waiting: [] });
      return undefined;
    }
    if (share.running < limits.running) {
      share.running += 1;
      return undefined;
    }
    if (share.waiting.length >= limits.waiting) throw new ShareFullError('this caller has too much waiting');
    return new Promise((resolve) => share.waiting.push(resolve));
  };

  const leave: Shares['leave'] = (caller) => {
    const share = shares.get(caller);
    if (share === undefined) return;
    const begin = share.waiting.shift();
    if (begin !== undefined) return defer(begin);
    share.running -= 1;
    if (share.running === 0) shares.delete(caller);
  };

  return {
    enter,
    leave,
    async run(caller, work) {
      const turn = enter(caller);
      if (turn) await turn;
      try {
        return await work();
      } finally {
        leave(caller);
      }
    },
  };
}

/** Lets everything through: for what has its share already. */
export const FREE: Shares = { enter: () => undefined, leave: () => undefined, run: (_caller, work) => work() };
