// One caller cannot starve the others (docs/differences.md 35): requests of those who send many wait behind those of the rest.
import type { FastifyRequest } from 'fastify';
import { createTurnstile } from '../fairness/turnstile.ts';

/** How long the server works on requests before it looks at what came meanwhile. */
const BUDGET_MS = 1;
/** Requests of one caller that may wait, which costs memory alone. */
const WAITING = 2000;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Asked by whoever watches over the server, which must not wait behind anybody's requests. */
    isProbe?: boolean;
  }
}

/** A hook that waits for the turn of a request whose caller is known. @throws ShareFullError */
export function createTurns(): (request: FastifyRequest) => Promise<void> | undefined {
  const turnstile = createTurnstile({ budgetMs: BUDGET_MS, waitingEach: WAITING });
  return ({ routeOptions, caller }) => (routeOptions.config.isProbe ? undefined : turnstile.enter(caller));
}
