// What happens to every request before its route is looked at, in the order that clients can notice.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MAX_PATH_PARAMETER } from '../codersdk/sizes.ts';
import type { AppDeps } from '../ctx.ts';
import { badRequest } from '../errors.ts';
import { clientIp, networkOf } from '../http/client-ip.ts';
import { checkHead } from '../http/connections.ts';
import { sessionCookies } from '../http/cookies.ts';
import { applyCors } from '../http/cors.ts';
import { isApi } from '../http/paths.ts';
import { isSecure, rightAddress } from '../http/scheme.ts';
import type { SessionRow } from '../store/sessions.ts';
import { csrfRefusal, csrfToken } from './csrf.ts';
import { type Credential, createIdentify, credentialsOf, type Identity, NO_KEY } from './identify.ts';
import type { Limits } from './limits.ts';
import { createTurns } from './turns.ts';

/** Characters of a body whose reading is worth a turn. */
const LARGE_BODY = 4096;

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's address behind trusted proxies. */
    clientIp: string;
    /** Who is counted: the user of a good key, or the network of the address. */
    caller: string;
    identity: Identity;
    csrfToken: Buffer;
  }
}

const hasLongSegment = (path: string) =>
  path.length > MAX_PATH_PARAMETER && path.split('/').some((segment) => segment.length > MAX_PATH_PARAMETER);

/** Installs the hooks of the listener: headers, caller, cross-origin, forgery and the general rate limit. */
export function useListener(
  app: FastifyInstance,
  deps: AppDeps,
  lookup: (keyId: string) => Promise<SessionRow | undefined>,
  limits: Limits,
): void {
  const { config } = deps;
  const identify = createIdentify(deps, lookup);
  const takeTurn = createTurns();
  app.decorateRequest('clientIp', '');
  app.decorateRequest('caller', '');
  app.decorateRequest('identity');
  app.decorateRequest('csrfToken');

  async function findCaller(request: FastifyRequest, credentials: readonly Credential[]): Promise<void> {
    if (credentials.length > 0) request.identity = await identify(credentials, request.clientIp);
    const { identity } = request;
    request.caller = 'session' in identity ? identity.session.user.id : networkOf(request.clientIp);
  }

  // Reading a large body is work of its own, long after the request had its turn: it waits for another one.
  app.addHook('preValidation', async (request) => {
    if (typeof request.body !== 'string' || request.body.length < LARGE_BODY) return;
    const turn = takeTurn(request);
    if (turn) await turn;
  });

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-coder-request-id', request.id);
    checkHead(request);
    if (config.hsts !== '' && isSecure(request, config)) reply.header('strict-transport-security', config.hsts);
    const elsewhere = rightAddress(request, config);
    if (elsewhere !== undefined) return reply.redirect(elsewhere, 307);
    request.clientIp = clientIp(request.raw.socket.remoteAddress ?? '', request.raw.headers, config.proxy);
    const cookies = sessionCookies(request, reply, config);
    const credentials = credentialsOf(request, cookies);
    request.identity = NO_KEY;
    await findCaller(request, credentials);
    const turn = takeTurn(request);
    if (turn) await turn;
    reply.header('x-coder-build-version', config.deployment.advertisedVersion);
    if (applyCors(request, reply, config.cors.allowAll)) return reply.send();
    reply.header('x-content-type-options', 'nosniff');
    if (isApi(request.path)) reply.header('cache-control', 'no-store');
    request.csrfToken = csrfToken(request, reply, config);
    if (request.path === '' || hasLongSegment(request.path)) throw badRequest('The request path is malformed.');
    const refusal = csrfRefusal(request, request.identity, cookies, request.csrfToken);
    if (refusal) return reply.code(400).type('text/plain; charset=utf-8').send(refusal);
    if (isApi(request.path)) return limits.general(request, reply);
    return undefined;
  });
}
