// What happens to every request before its route is looked at, in the order that clients can notice.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AppDeps } from '../ctx.ts';
import { clientIp } from '../http/client-ip.ts';
import { sessionCookies } from '../http/cookies.ts';
import { applyCors } from '../http/cors.ts';
import { decodedPath } from '../http/paths.ts';
import type { SessionRow } from '../store/sessions.ts';
import { csrfRefusal, csrfToken } from './csrf.ts';
import { createIdentify, type Identity, keysOf, NO_KEY } from './identify.ts';
import type { Limits } from './limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's address behind trusted proxies. */
    clientIp: string;
    /** The path as sent, percent-decoded, without query. */
    decodedPath: string;
    identity: Identity;
    csrfToken: Buffer;
  }
}

const isApi = (path: string) => path === '/api' || path.startsWith('/api/');
const isApiV2 = (path: string) => path === '/api/v2' || path.startsWith('/api/v2/');

/** Installs the hooks of the listener: headers, caller, cross-origin, forgery and the general rate limit. */
export function useListener(
  app: FastifyInstance,
  deps: AppDeps,
  lookup: (keyId: string) => Promise<SessionRow | undefined>,
  limits: Limits,
): void {
  const { config } = deps;
  const identify = createIdentify(deps, lookup);
  app.decorateRequest('clientIp', '');
  app.decorateRequest('decodedPath', '');
  app.decorateRequest('identity');
  app.decorateRequest('csrfToken');

  function afterIdentity(
    request: FastifyRequest,
    reply: FastifyReply,
    cookie: string | undefined,
    done: (err?: Error) => void,
  ): void {
    reply.header('x-coder-build-version', config.deployment.advertisedVersion);
    if (applyCors(request, reply, config.cors.allowAll)) {
      void reply.send();
      return;
    }
    reply.header('x-content-type-options', 'nosniff');
    if (isApi(request.decodedPath)) reply.header('cache-control', 'no-store');
    request.csrfToken = csrfToken(request, reply, config);
    const refusal = csrfRefusal(request, request.decodedPath, cookie, request.csrfToken);
    if (refusal) {
      void reply.code(400).type('text/plain; charset=utf-8').send(refusal);
      return;
    }
    if (isApiV2(request.decodedPath)) limits.general(request, reply, done);
    else done();
  }

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-coder-request-id', request.id);
    request.clientIp = clientIp(request.raw.socket.remoteAddress ?? '', request.raw.headers, config.proxy);
    request.decodedPath = decodedPath(request.originalUrl) ?? request.originalUrl;
    const cookies = sessionCookies(request, reply, config);
    const keys = keysOf(request, cookies);
    request.identity = NO_KEY;
    if (keys.length === 0) {
      afterIdentity(request, reply, cookies[0], done);
      return;
    }
    identify(keys, request.clientIp).then((identity) => {
      request.identity = identity;
      afterIdentity(request, reply, cookies[0], done);
    }, done);
  });
}
