// Joins writes that arrive while another is under way into one statement, one commit and one wait for the disk.

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (err: unknown) => void;
}

/**
 * A function that handles one item through `run`, which takes many: at most one run is under way, and whoever comes
 * meanwhile shares the next one, up to `most` items.
 * @param run gives one result for each item, in their order; when it fails for several items and `isShared` does not say
 * that all of them would fail, each is tried alone, so that nobody fails for what another one sent
 */
export function batched<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  most: number,
  isShared: (err: unknown) => boolean,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let busy = false;

  async function settle(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item));
      for (const [at, { resolve }] of batch.entries()) resolve(results[at] as Result);
    } catch (err) {
      if (batch.length === 1 || isShared(err)) for (const { reject } of batch) reject(err);
      else for (const one of batch) await settle([one]);
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
