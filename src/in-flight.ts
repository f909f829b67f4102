// Work under way and those who wait for it: many items in one run, equal reads in the next one, one run for all.

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (err: unknown) => void;
}

/**
 * A function that handles one item through `run`, which takes many: at most one run is under way, and whoever comes
 * meanwhile shares the next one, up to `most` items. Every run starts after its items have arrived.
 * @param run gives one result for each item, in their order; when it fails for several items and `isShared` does not say
 * that all of them would fail, parts of them are tried: those that are alike together, or each alone if all are, so that
 * nobody fails for what another one sent or waits for
 */
export function batched<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  most: number,
  isShared: (err: unknown, items: readonly Item[]) => boolean,
  alike: (item: Item) => unknown = (item) => item,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let busy = false;

  function partsOf(batch: Waiting<Item, Result>[]): Waiting<Item, Result>[][] {
    const parts = Map.groupBy(batch, ({ item }) => alike(item));
    return parts.size > 1 ? [...parts.values()] : batch.map((one) => [one]);
  }

  async function settle(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item));
      for (const [at, { resolve }] of batch.entries()) resolve(results[at] as Result);
    } catch (err) {
      const items = batch.map(({ item }) => item);
      if (batch.length === 1 || isShared(err, items)) for (const { reject } of batch) reject(err);
      else await Promise.all(partsOf(batch).map(settle));
    }
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      await settle(batch);
    }
    busy = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (busy) return;
      busy = true;
      // Requests that were let through together arrive here one after the other within this turn.
      setImmediate(() => void work());
    });
}

/**
 * A runner of reads; nothing is cached. A read whose equal (same key) is under way waits for it to end and then runs once
 * for everybody who waits by then: each caller's read starts after the call, so it sees whatever was committed before.
 * @returns the result, shared by all who waited (nobody may change it); a failure is everybody's who waited
 */
export function latest<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
  const underWay = new Map<string, { current: Promise<unknown>; next: Promise<T> | undefined }>();

  function start(key: string, read: () => Promise<T>): Promise<T> {
    const current = read();
    const flight = { current, next: undefined };
    underWay.set(key, flight);
    const land = () => {
      if (underWay.get(key) === flight && flight.next === undefined) underWay.delete(key);
    };
    current.then(land, land);
    return current;
  }

  return (key, read) => {
    const flight = underWay.get(key);
    if (!flight) return start(key, read);
    const begin = () => start(key, read);
    flight.next ??= flight.current.then(begin, begin);
    return flight.next;
  };
}

/**
 * A runner of work that need not run twice at the same time: whoever comes while it is under way (same key) shares it,
 * its failure included. Nothing is remembered afterwards.
 */
export function once<K, T>(): (key: K, work: () => Promise<T>) => Promise<T> {
  const underWay = new Map<K, Promise<T>>();
  return (key, work) => {
    const running = underWay.get(key);
    if (running) return running;
    const started = work().finally(() => underWay.delete(key));
    underWay.set(key, started);
    return started;
  };
}

/** Work that goes on behind an answer. */
export interface Behind {
  /** Has `work` begin in a later turn; a failure is told to the log. With too much under way, it is not begun. */
  run(what: string, work: () => Promise<unknown>): void;
  /** Resolves when all that has begun so far is over. */
  settled(): Promise<void>;
}

/**
 * Runs work behind answers, so that these do not wait for it and the time they take tells nothing of it.
 * @param failed told of each failure, and of work beyond `most` that was not begun
 */
export function behindAnswers(failed: (what: string, err: unknown) => void, most = 2000): Behind {
  const underWay = new Set<Promise<void>>();
  return {
    run(what, work) {
      if (underWay.size >= most) return failed(what, new Error('too much is under way behind answers'));
      // In a later turn, so that the answer is on its way first.
      const done = new Promise<void>((resolve) => setImmediate(resolve))
        .then(work)
        .then(
          () => undefined,
          (err: unknown) => failed(what, err),
        )
        .finally(() => underWay.delete(done));
      underWay.add(done);
    },
    async settled() {
      await Promise.all(underWay);
    },
  };
}
