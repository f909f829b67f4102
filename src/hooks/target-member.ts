// Resolves {user} below an organization's members to a membership; no member and one not to be seen are the same 404.

import type { FastifyRequest } from 'fastify';
import { badRequest, notFound } from '../errors.ts';
import { parseUuid } from '../golang/uuids.ts';
import { can } from '../rbac/authorize.ts';
import { memberObject } from '../rbac/objects.ts';
import { findMemberById, findMemberByName, type MemberRow } from '../store/members.ts';
import { actorCtxOf } from './session.ts';
import { organizationOf, userInPath } from './target.ts';

declare module 'fastify' {
  interface FastifyRequest {
    member: MemberRow | undefined;
  }
}

/**
 * `me`, the UUID or the name of a member of the organization in the path -> `request.member`. The user need not be
 * readable otherwise. Golden: rbac-members
 */
export async function targetMember(request: FastifyRequest): Promise<void> {
  const { actor, db } = actorCtxOf(request);
  const organization = organizationOf(request);
  const name = userInPath(request);
  const id = name === 'me' ? actor.user.id : parseUuid(name);
  const row = id ? await findMemberById(db, organization.id, id) : await findMemberByName(db, organization.id, name);
  if (!row || !can(actor.subject, 'read', memberObject(row.userId, organization.id))) throw notFound();
  request.server.limits.learn(request, 'user', row.userId);
  request.member = row;
}

/** The member that the path names. */
export function memberOf(request: FastifyRequest): MemberRow {
  if (!request.member) throw badRequest('User ID, username, or me must be given.');
  return request.member;
}
