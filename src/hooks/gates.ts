// Gates: permission checks that a route lists because they must be answered before the body is read.
import type { FastifyRequest } from 'fastify';
import { badRequest, notFound } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { isOwner } from '../rbac/owners.ts';
import { userObject } from '../rbac/policy.ts';
import { requirePasswordAuth } from '../services/passwords.ts';
import { actorCtxOf } from './session.ts';
import { targetOf } from './target.ts';
import { memberOf } from './target-member.ts';

/** 404 unless the caller may change the personal data of the user in the path (golden: users-password). */
export async function mayUpdatePersonal(request: FastifyRequest): Promise<void> {
  const { actor } = actorCtxOf(request);
  if (!can(actor.subject, 'update_personal', userObject(targetOf(request)))) throw notFound();
}

/** 400 when somebody who is no owner sets an owner's password. */
export async function onlyOwnersTouchOwners(request: FastifyRequest): Promise<void> {
  if (isOwner(targetOf(request)) && !isOwner(actorCtxOf(request).actor.user)) {
    throw badRequest('Only owners can change the password of an owner.');
  }
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
