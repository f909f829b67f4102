// Answers "may I?" with the engine that decides for every route.

import type { AuthorizationObject, AuthorizationRequest } from '../codersdk/authcheck.ts';
import type { ActorCtx } from '../ctx.ts';
import { badRequest } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { parseUuid } from '../golang/uuids.ts';
import { can } from '../rbac/authorize.ts';
import { bareUserObject, groupObject, type RbacObject } from '../rbac/objects.ts';
import { existingOrganizationIds, existingUserIds } from '../store/authcheck.ts';

/** Each of these costs a look into the database. */
const MAX_RESOURCE_IDS = 10;
/** The kinds of things that can be asked about by id. Workspaces and templates do not exist here, so none is found. */
const WITH_ID = new Set(['workspace', 'template', 'user', 'group']);

/** One question about a stored thing. */
interface Lookup {
  type: string;
  id: string;
}

function lookupOf(object: AuthorizationObject): Lookup | undefined {
  if (object.resource_id === '') return undefined;
  const id = parseUuid(object.resource_id);
  if (id === undefined) {
    throw badRequest(`Object ${quoted(object.resource_id)} id is not a valid uuid.`, {
      validations: [{ field: 'resource_id', detail: `${quoted(object.resource_id)} is not a UUID` }],
    });
  }
  if (!WITH_ID.has(object.resource_type)) {
    const text = `Object type ${quoted(object.resource_type)} does not support "resource_id" field.`;
    throw badRequest(text, { validations: [{ field: 'resource_type', detail: text }] });
  }
  return { type: object.resource_type, id };
}

/** The things that exist, each as the object that decisions are about; by type and id. */
async function findObjects(ctx: ActorCtx, lookups: Lookup[]): Promise<Map<string, RbacObject>> {
  const idsOf = (type: string) => lookups.filter((lookup) => lookup.type === type).map(({ id }) => id);
  const [users, groups] = await Promise.all([
    existingUserIds(ctx.db, idsOf('user')),
    existingOrganizationIds(ctx.db, idsOf('group')),
  ]);
  return new Map([
    ...[...users].map((id): [string, RbacObject] => [`user:${id}`, bareUserObject({ id })]),
    ...[...groups].map((id): [string, RbacObject] => [`group:${id}`, groupObject({ id, organizationId: id })]),
  ]);
}

/**
 * The answer to each question. A stored thing that is missing or that the caller may not read: no.
 * Golden: rbac-authcheck
 * @throws ApiError 400 for too many ids, a missing type, a bad id, and a type that has none
 */
export async function authcheck(ctx: ActorCtx, { checks }: AuthorizationRequest): Promise<Record<string, boolean>> {
  const { subject } = ctx.actor;
  const questions = Object.entries(checks);
  const withId = questions.filter(([, { object }]) => object.resource_id !== '').length;
  if (withId > MAX_RESOURCE_IDS) {
    throw badRequest(
      `Endpoint only supports using "resource_id" field ${MAX_RESOURCE_IDS} times, found ${withId} usages. Remove ${withId - MAX_RESOURCE_IDS} objects with this field set.`,
    );
  }
  const read = questions.map(([key, { object, action }]) => {
    if (object.resource_type === '')
      throw badRequest(`Object's "resource_type" field must be defined for key ${quoted(key)}.`);
    return { key, action, object, lookup: lookupOf(object) };
  });
  const found = await findObjects(
    ctx,
    read.flatMap(({ lookup }) => lookup ?? []),
  );
  const answers = read.map(({ key, action, object, lookup }): [string, boolean] => {
    if (lookup) {
      const stored = found.get(`${lookup.type}:${lookup.id}`);
      return [key, stored !== undefined && can(subject, 'read', stored) && can(subject, action, stored)];
    }
    const owner = object.owner_id === 'me' ? subject.userId : object.owner_id;
    return [
      key,
      can(subject, action, { type: object.resource_type, owner, org: object.organization_id, anyOrg: object.any_org }),
    ];
  });
  return Object.fromEntries(answers);
}
