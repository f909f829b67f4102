// The decision: may this subject do this to that.

import { channel } from 'node:diagnostics_channel';
import { NIL_UUID } from '../golang/uuids.ts';
import { BoundedMap } from './bounded-map.ts';
import type { RbacObject } from './policy.ts';
import { type OrganizationVotes, RoleSet } from './role-votes.ts';
import type { RoleOptions, RoleRef } from './roles.ts';
import { type CompiledReach, compileReach } from './scopes.ts';

/** Who asks: a user with all effective roles, through a key of some reach. Never changed after it was made. */
export interface Subject {
  readonly userId: string;
  readonly roles: readonly RoleRef[];
  /** Stored scope names; `coder:all` for a session. */
  readonly scopes: readonly string[];
  /** "type:id" texts; `*:*` for a session. */
  readonly allowList: readonly string[];
  /** Settings of the deployment that change what roles grant; none if missing. */
  readonly options?: RoleOptions;
}

/** One decision as published on `decisions`. For a filter, `allowed` says whether any row can pass at all. */
export interface Decision {
  readonly kind: 'can' | 'roles' | 'key' | 'filter';
  readonly subject: Subject;
  readonly action: string;
  readonly object: RbacObject;
  readonly allowed: boolean;
}

/** Every decision is published here, for tests and tracing; nothing is built while nobody listens. */
export const decisions = channel('coder-users:rbac:decision');

interface Compiled {
  readonly roles: RoleSet;
  readonly reach: CompiledReach;
}

const NO_OPTIONS: RoleOptions = {};
const roleSets = new BoundedMap<string, RoleSet>(1000);
// Most requests decide several times with one subject; the texts that identify equal subjects are then built once.
const compiledSubjects = new WeakMap<Subject, Compiled>();

/** What decisions need of a subject, prepared; equal subjects share it. */
export function compile(subject: Subject): Compiled {
  const known = compiledSubjects.get(subject);
  if (known !== undefined) return known;
  const options = subject.options ?? NO_OPTIONS;
  const roles = roleSets.getOrMake(
    JSON.stringify([options, subject.roles.map((role) => [role.name, role.organizationId, role.sharing])]),
    () => new RoleSet(subject.roles, options),
  );
  const compiled = { roles, reach: compileReach(subject) };
  compiledSubjects.set(subject, compiled);
  return compiled;
}

/** Whether the votes of one organization decide for an object in it. */
export function byOrganization(votes: OrganizationVotes | undefined, own: boolean): boolean {
  if (votes === undefined) return false;
  return votes.org === 1 || (votes.org !== -1 && own && votes.member === 1);
}

function rolesAllow(roles: RoleSet, userId: string, action: string, object: RbacObject): boolean {
  const org = object.org && !(object.anyOrg && object.org === NIL_UUID) ? object.org : undefined;
  // Asking for one and for any organization at once is refused even to owners. Golden: rbac-authcheck/org-forms-owner
  if (object.anyOrg && org !== undefined) return false;
  const votes = roles.votes(object.type, action);
  if (votes.site === 1) return true;
  if (votes.site === -1) return false;
  const own = !!object.owner && object.owner === userId;
  if (object.anyOrg) return byOrganization(votes.anyOrganization, own);
  if (org === undefined) return own && votes.user === 1;
  return byOrganization(votes.organizations.get(org), own) || groupAllows(roles, action, object);
}

/** The Everyone group of an organization, whose members are those of the organization, has the organization's id. */
function groupAllows(roles: RoleSet, action: string, object: RbacObject): boolean {
  if (object.groupAcl === undefined) return false;
  return Object.entries(object.groupAcl).some(([group, actions]) => roles.isIn(group) && actions.includes(action));
}

function reachAllows(reach: CompiledReach, action: string, object: RbacObject): boolean {
  return reach.permits(object.type, action) && reach.allowList.has(object.type, object.id);
}

/** Tells whoever listens of a decision. */
export function publish(
  kind: Decision['kind'],
  subject: Subject,
  action: string,
  object: RbacObject,
  allowed: boolean,
): void {
  if (decisions.hasSubscribers) {
    decisions.publish({ kind, subject, action, object, allowed } satisfies Decision);
  }
}

/**
 * Whether the subject may do the action to the object: its roles must allow it, and so must scopes and allow list of
 * the key. Pure but for the published decision; takes about a microsecond. Source: POST /authcheck; golden: rbac-authcheck*
 */
export function can(subject: Subject, action: string, object: RbacObject): boolean {
  const { roles, reach } = compile(subject);
  const allowed = reachAllows(reach, action, object) && rolesAllow(roles, subject.userId, action, object);
  publish('can', subject, action, object, allowed);
  return allowed;
}

/** Like `can`, but with the roles alone: what the user may do, however narrow the key is. */
export function canByRoles(subject: Subject, action: string, object: RbacObject): boolean {
  const allowed = rolesAllow(compile(subject).roles, subject.userId, action, object);
  publish('roles', subject, action, object, allowed);
  return allowed;
}

/** Like `can`, but with scopes and allow list alone: what the key reaches, whatever its user may do. */
export function canByKey(subject: Subject, action: string, object: RbacObject): boolean {
  const allowed = reachAllows(compile(subject).reach, action, object);
  publish('key', subject, action, object, allowed);
  return allowed;
}
