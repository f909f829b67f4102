// Equal reads that wait at the same time are answered by one of them. Nothing is cached.

/**
 * A runner of reads. A read whose equal (same key) is under way waits for it to end and then runs once for everybody who
 * waits by then: each caller's read starts after the call, so it sees whatever was committed before.
 * @returns the result, shared by all who waited (nobody may change it); a failure is everybody's who waited
 */
export function coalesced<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
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
