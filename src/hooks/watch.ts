// Tells whoever watches of every request, by its route's pattern: when it begins, how it ends, and what is done for it.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requestBegan, requestEnded } from '../watch/events.ts';
import { inScope, type Scope } from '../watch/scope.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined while nobody watches. */
    scope: Scope | undefined;
  }
}

/** The word of proxies for a client that did not wait for its answer. */
const GONE = 499;

const scopeOf = ({ id, method, routeOptions: { url, config } }: FastifyRequest): Scope => ({
  id,
  method,
  route: config.unserved ? '' : (url ?? ''),
  startedAt: performance.now(),
});

/** Installs the hooks; they must be the first ones. */
export function useWatch(app: FastifyInstance): void {
  app.decorateRequest('scope');
  app.addHook('onRequest', (request, reply, done) => {
    const scope = scopeOf(request);
    request.scope = scope;
    if (requestBegan.isHeard) {
      const { traceparent, tracestate } = request.headers as Record<string, string | undefined>;
      requestBegan.tell({ scope, traceparent, tracestate });
    }
    if (requestEnded.isHeard) {
      const { raw } = reply;
      raw.once('close', () => {
        const status = raw.headersSent ? raw.statusCode : GONE;
        requestEnded.tell({ scope, status, startedAt: scope.startedAt, endedAt: performance.now() });
      });
    }
    inScope(scope, done);
  });
  // Reading a body comes back by way of the connection, which knows no request.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.scope) inScope(request.scope, done);
    else done();
  });
}
