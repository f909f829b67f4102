// One caller cannot starve the others (docs/differences.md 35): so many requests of each are worked on at a time, the rest wait.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';
import { createShares } from '../fairness/shares.ts';

/** Enough to keep every connection to the database and every processor busy. */
const AT_A_TIME = 16;
/** Requests of one caller that may wait, which costs memory alone. */
const WAITING = 1000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose turn this request takes; undefined while it has none. */
    turnOf: string | undefined;
  }
  interface FastifyContextConfig {
    /** Asked by whoever watches over the server, which must not wait behind anybody's requests. */
    isProbe?: boolean;
  }
}

/**
 * Makes an app count who has what under way.
 * @returns waits for the turn of a request whose caller is known, and says whether it had to wait. The turn ends with the work
 * on the request, not with its connection: hanging up gives nobody more
 */
export function useTurns(app: FastifyInstance): (request: FastifyRequest) => Promise<boolean> {
  const shares = createShares({ running: AT_A_TIME, waiting: WAITING });
  app.decorateRequest('turnOf');
  app.addHook('onSend', (request, _reply, _payload, done) => {
    if (request.turnOf !== undefined) shares.leave(request.turnOf);
    request.turnOf = undefined;
    done();
  });
  return async (request) => {
    if (request.routeOptions.config.isProbe) return false;
    const { caller } = request;
    const turn = shares.enter(caller);
    if (turn) await turn;
    request.turnOf = caller;
    // Nobody is there any more to be answered.
    if (turn && request.raw.socket.destroyed) throw new ApiError(400, 'The connection was closed.');
    return turn !== undefined;
  };
}
