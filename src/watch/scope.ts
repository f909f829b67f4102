// Which request something is done for, known wherever it is done: for lines about slow statements, and for traces.
import { AsyncLocalStorage } from 'node:async_hooks';

/** A request as whoever watches sees it. */
export interface Scope {
  readonly id: string;
  readonly method: string;
  /** The route's pattern, never the path; "" where nothing is served. */
  readonly route: string;
  readonly startedAt: number;
  /** What a trace keeps of it. */
  span?: unknown;
}

const scopes = new AsyncLocalStorage<Scope | undefined>();

/** The request that is being worked on. */
export const currentScope = (): Scope | undefined => scopes.getStore();

/** Runs what is done for several requests together, and so for none of them. */
export const outOfScope = <T>(work: () => T): T => scopes.run(undefined, work);

/** Runs `work`, and whatever it leads to, for a request. */
export const inScope = (scope: Scope, work: () => void): void => scopes.run(scope, work);
