// Requires a session: 401 without a good key or for a user who may not act, and wakes dormant users.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Actor, ActorCtx, AppDeps, Ctx } from '../ctx.ts';
import { SIGNED_OUT, unauthenticated } from '../errors.ts';
import { networkOf } from '../http/client-ip.ts';
import { actorOf } from '../services/actors.ts';
import { activateDormantUser } from '../services/status.ts';
import type { SessionRow } from '../store/sessions.ts';

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | undefined;
  }
  interface FastifyInstance {
    deps: AppDeps;
  }
}

/** Checks that the identity provider still vouches for a session of its own; undefined or the 401. */
export type ProviderCheck = (session: SessionRow) => Promise<{ message?: string; detail: string } | undefined>;

/** The hook that sets `request.actor` or answers 401. */
export function createSessionHook(deps: AppDeps, providerCheck: ProviderCheck) {
  return async function session(request: FastifyRequest, _reply: FastifyReply): Promise<void> {
    if (request.actor) return;
    const { accessUrl } = deps.config;
    const { identity } = request;
    if ('refusal' in identity) throw unauthenticated(accessUrl, SIGNED_OUT, identity.refusal);
    const { session: row } = identity;
    const refused = await providerCheck(row);
    if (refused) throw unauthenticated(accessUrl, refused.message ?? SIGNED_OUT, refused.detail);
    if (row.user.status === 'dormant') await activateDormantUser(ctxOf(request), row.user);
    if (row.user.status !== 'active') {
      throw unauthenticated(
        accessUrl,
        `User is not active (status = "${row.user.status}"). Contact an admin to reactivate your account.`,
      );
    }
    request.actor = actorOf(row, deps.config.rbac);
  };
}

/** Guards every route of a scope with the session hook, and says so in the contract document. */
export function requireSession(scope: FastifyInstance): void {
  scope.addHook('onRequest', scope.session);
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, session: true };
  });
}

/** Characters kept of what a client calls itself. */
const MAX_USER_AGENT = 300;

/** What a client calls itself: its bytes are UTF-8, whatever the header was read as. Golden: audit-login/agent-1 */
const userAgentOf = (header: string): string =>
  Array.from(Buffer.from(header, 'latin1').toString()).slice(0, MAX_USER_AGENT).join('');

/** The ctx of a request, with or without a session. */
export function ctxOf(request: FastifyRequest): Ctx {
  return {
    ...request.server.deps,
    origin: {
      requestId: request.id,
      ip: request.clientIp,
      network: networkOf(request.clientIp),
      userAgent: userAgentOf(request.headers['user-agent'] ?? ''),
    },
    actor: request.actor,
  };
}

/** The ctx of a request on a route behind the session hook. */
export function actorCtxOf(request: FastifyRequest): ActorCtx {
  const { actor } = request;
  if (!actor) throw new Error('a route outside the session scope asked for its actor');
  return { ...ctxOf(request), actor };
}
