// Those who wait, in one line for each caller: first in, first out within a line, and the lines take turns.

export interface Lines<Item> {
  /** How many wait in all. */
  readonly size: number;
  /** How many callers have somebody waiting. */
  readonly callers: number;
  /** How many of one caller wait. */
  lengthOf(caller: string): number;
  /** Puts an item at the end of its caller's line; a new line is the last one to have its turn. */
  add(caller: string, item: Item): void;
  /** Takes the first item of the line whose turn it is; undefined when nobody waits. */
  next(): Item | undefined;
}

/** Lines without anybody in them. */
export function createLines<Item>(): Lines<Item> {
  /** No line is empty; the one whose turn it is comes first. */
  const lines = new Map<string, Item[]>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    get callers() {
      return lines.size;
    },
    lengthOf: (caller) => lines.get(caller)?.length ?? 0,
    add(caller, item) {
      const line = lines.get(caller);
      if (line) line.push(item);
      else lines.set(caller, [item]);
      size += 1;
    },
    next() {
      const first = lines.entries().next();
      if (first.done) return undefined;
      const [caller, line] = first.value;
      const item = line.shift();
      lines.delete(caller);
      if (line.length > 0) lines.set(caller, line);
      size -= 1;
      return item;
    },
  };
}
