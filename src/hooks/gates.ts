// Gates: permission checks that a route lists because they must be answered before the body is read.
import type { FastifyRequest } from 'fastify';
import { ApiError, badRequest } from '../errors.ts';
import { isFromElsewhere } from '../http/origin.ts';
import { rolesHeldBy } from '../services/actors.ts';
import { requireMaySetPassword, requirePasswordAuth } from '../services/passwords.ts';
import { actorCtxOf } from './session.ts';
import { targetOf } from './target.ts';
import { memberOf } from './target-member.ts';

/** 404, 400 or 403 unless the caller may set the password of the user in the path (golden: users-password). */
export async function maySetPassword(request: FastifyRequest): Promise<void> {
  const ctx = actorCtxOf(request);
  const target = targetOf(request);
  requireMaySetPassword(ctx, target, await rolesHeldBy(ctx, target));
}

/** 400 when the user in the path is the caller: nobody changes their own roles. */
export async function notOneself(request: FastifyRequest): Promise<void> {
  if (targetOf(request).id === actorCtxOf(request).actor.user.id) throw badRequest('You cannot change your own roles.');
}

/** 400 when the member in the path is the caller: nobody changes their own roles. */
export async function notOneselfAsMember(request: FastifyRequest): Promise<void> {
  if (memberOf(request).userId === actorCtxOf(request).actor.user.id) {
    throw badRequest('You cannot change your own organization roles.', {
      detail: 'Another user with the appropriate permissions must change your roles.',
    });
  }
}

/** 403 while passwords are off for everybody; the passcode operations and pages say so before they read the body. */
export async function passwordsOn(request: FastifyRequest): Promise<void> {
  requirePasswordAuth(request.server.deps.config);
}

/** 403 for what a page of another site sent. */
export const fromElsewhere = (accessUrl: string) =>
  new ApiError(403, 'This request came from a page of another site.', { detail: `This server is at ${accessUrl}.` });

/**
 * 403 when a browser says that another site sent a request whose answer sets a cookie (docs/differences.md 22), unless the
 * settings let pages of any site in (golden: session-http-cors-open).
 */
export async function notFromElsewhere(request: FastifyRequest): Promise<void> {
  const { accessUrl, cors } = request.server.deps.config;
  if (!cors.allowAll && isFromElsewhere(request.headers, accessUrl)) throw fromElsewhere(accessUrl);
}
