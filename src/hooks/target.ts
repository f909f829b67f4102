// Resolves {user} and {organization} in a path to rows; what is missing or unreadable is the same 404.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { badRequest, notFound } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { NIL_UUID, parseUuid } from '../golang/uuids.ts';
import { can } from '../rbac/authorize.ts';
import { organizationObject, userObject } from '../rbac/objects.ts';
import {
  findDefaultOrganization,
  findOrganizationById,
  findOrganizationByName,
  type OrganizationRow,
} from '../store/organizations.ts';
import { findUserById, findUserByName, type UserRow } from '../store/users.ts';
import { actorCtxOf } from './session.ts';

declare module 'fastify' {
  interface FastifyRequest {
    target: UserRow | undefined;
    organization: OrganizationRow | undefined;
  }
}

/** Far beyond any name or spelling of an id: nobody is looked up by a longer text. */
const LONGEST_NAME = 256;

/**
 * How the path names a user. @throws ApiError 400 for text that cannot be stored, so that nobody can have it as a name: a null
 * byte, or bytes that are no UTF-8 and became U+FFFD; 404 for one that is too long (golden: users-get)
 */
export function userInPath(request: FastifyRequest): string {
  const { user: name = '' } = request.params as { user?: string };
  if (name.length > LONGEST_NAME) throw notFound();
  if (name.includes('\u0000') || name.includes('\ufffd')) {
    throw badRequest('"user" must be an existing uuid or username.', { detail: `queried user=${quoted(name)}` });
  }
  return name;
}

/**
 * `me`, a UUID in any spelling (deleted users too) or a name (living users) -> `request.target`.
 * A deleted user can be looked at, never changed (docs/differences.md 4). Golden: users-get
 */
export async function targetUser(request: FastifyRequest, _reply: FastifyReply): Promise<void> {
  const { actor, db } = actorCtxOf(request);
  const name = userInPath(request);
  let row: UserRow | undefined;
  if (name === 'me') row = actor.user;
  else {
    const id = parseUuid(name);
    row = id === actor.user.id ? actor.user : id ? await findUserById(db, id) : await findUserByName(db, name);
  }
  if (!row || !can(actor.subject, 'read', userObject(row))) throw notFound();
  if (row.deleted && request.method !== 'GET' && !isRepeatedDelete(request)) throw notFound();
  request.server.limits.learn(request, 'user', row.id);
  request.target = row;
}

const isRepeatedDelete = (request: FastifyRequest) =>
  request.method === 'DELETE' && /\/users\/:user\/?$/.test(request.routeOptions.url ?? '');

/** `default`, the nil UUID with its dashes (the same), a UUID or a name -> `request.organization`. Golden: rbac-organizations */
export async function targetOrganization(request: FastifyRequest, _reply: FastifyReply): Promise<void> {
  const { actor, db } = actorCtxOf(request);
  const { organization: name = '' } = request.params as { organization?: string };
  const id = parseUuid(name);
  const row =
    name === 'default' || name === NIL_UUID
      ? await findDefaultOrganization(db)
      : id
        ? await findOrganizationById(db, id)
        : await findOrganizationByName(db, name);
  if (!row || !can(actor.subject, 'read', organizationObject(row.id))) throw notFound();
  request.server.limits.learn(request, 'organization', row.id);
  request.organization = row;
}

/** The user that the path names. */
export function targetOf(request: FastifyRequest): UserRow {
  if (!request.target) throw badRequest('User ID, username, or me must be given.');
  return request.target;
}

/** The organization that the path names. */
export function organizationOf(request: FastifyRequest): OrganizationRow {
  if (!request.organization) throw badRequest('Organization must be given.');
  return request.organization;
}
