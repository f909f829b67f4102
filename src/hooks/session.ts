// Requires a session: 401 without a good key or for a user who may not act, and wakes dormant users.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MAX_LABEL } from '../codersdk/sizes.ts';
import type { Actor, ActorCtx, AppDeps, Ctx } from '../ctx.ts';
import { ApiError } from '../errors.ts';
import { cutTo } from '../golang/text.ts';
import { networkOf } from '../http/client-ip.ts';
import { DEFAULT_ORG_MEMBER_ROLES, effectiveRoles, type RoleOptions } from '../rbac/roles.ts';
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

const SIGNED_OUT = 'You are signed out or your session has expired. Please sign in again to continue.';

/** 401 with the challenge that OAuth clients read (golden: session-token-sources). */
function unauthenticated(deps: AppDeps, message: string, detail?: string): ApiError {
  const expired = message.includes('expired') || detail?.includes('expired');
  const challenge = `Bearer realm="coder", error="invalid_token", error_description="The access token ${expired ? 'has expired' : 'is invalid'}", resource_metadata="${deps.config.accessUrl}/.well-known/oauth-protected-resource"`;
  return new ApiError(401, message, {
    ...(detail !== undefined && { detail }),
    headers: { 'www-authenticate': challenge },
  });
}

/** What the user of a session may do with its key. */
export function actorOf(session: SessionRow, options: RoleOptions): Actor {
  const { user } = session;
  return {
    user,
    keyId: session.keyId,
    subject: {
      userId: user.id,
      roles: effectiveRoles({
        siteRoles: user.roles,
        memberships: session.memberships.map((m) => ({ ...m, isServiceAccount: user.isServiceAccount })),
        defaultOrgMemberRoles: DEFAULT_ORG_MEMBER_ROLES,
      }),
      scopes: session.scopes,
      allowList: session.allowList,
      options,
    },
  };
}

/** Checks that the identity provider still vouches for a session of its own; undefined or the 401. */
export type ProviderCheck = (session: SessionRow) => Promise<{ message?: string; detail: string } | undefined>;

/** The hook that sets `request.actor` or answers 401. */
export function createSessionHook(deps: AppDeps, providerCheck: ProviderCheck) {
  return async function session(request: FastifyRequest, _reply: FastifyReply): Promise<void> {
    if (request.actor) return;
    const { identity } = request;
    if ('refusal' in identity) throw unauthenticated(deps, SIGNED_OUT, identity.refusal);
    const { session: row } = identity;
    const refused = await providerCheck(row);
    if (refused) throw unauthenticated(deps, refused.message ?? SIGNED_OUT, refused.detail);
    if (row.user.status === 'dormant') await activateDormantUser(ctxOf(request), row.user);
    if (row.user.status !== 'active') {
      throw unauthenticated(
        deps,
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

/** The ctx of a request, with or without a session. */
export function ctxOf(request: FastifyRequest): Ctx {
  return {
    ...request.server.deps,
    origin: {
      requestId: request.id,
      ip: request.clientIp,
      network: networkOf(request.clientIp),
      userAgent: cutTo(request.headers['user-agent'] ?? '', MAX_LABEL),
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
