// The decision: may this subject do this to that, and which rows may it see.

import { channel } from 'node:diagnostics_channel';
import { BoundedMap } from './bounded-map.ts';
import { type Grants, isResource, type RbacObject } from './policy.ts';
import { definitionOf, type RoleOptions, type RoleRef } from './roles.ts';
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

const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** -1 denied, 1 granted, 0 nothing said. */
type Vote = -1 | 0 | 1;

interface OrganizationVotes {
  readonly org: Vote;
  readonly member: Vote;
}

/** The votes of all roles together about one action on one type. */
interface Votes {
  readonly site: Vote;
  readonly user: Vote;
  readonly organizations: ReadonlyMap<string, OrganizationVotes>;
  readonly anyOrganization: OrganizationVotes;
}

// No role says anything about a type that does not exist.
const NO_VOTES: Votes = {
  site: 0,
  user: 0,
  organizations: new Map(),
  anyOrganization: { org: 0, member: 0 },
};

/** Permissions of one level, all roles together: type -> actions. */
class Level {
  readonly #allowed = new Map<string, Set<string>>();
  readonly #denied = new Map<string, Set<string>>();

  add(grants: Grants | undefined, denials: Grants | undefined): void {
    merge(this.#allowed, grants);
    merge(this.#denied, denials);
  }

  vote(type: string, action: string): Vote {
    if (matches(this.#denied, type, action)) return -1;
    return matches(this.#allowed, type, action) ? 1 : 0;
  }
}

function merge(into: Map<string, Set<string>>, grants: Grants | undefined): void {
  for (const [type, actions] of Object.entries(grants ?? {})) {
    const known = into.get(type) ?? new Set();
    for (const action of actions) known.add(action);
    into.set(type, known);
  }
}

function matches(permissions: ReadonlyMap<string, ReadonlySet<string>>, type: string, action: string): boolean {
  const actions = permissions.get(type);
  return actions !== undefined && (actions.has(action) || actions.has('*'));
}

/** All roles of a subject merged level by level. Unknown role names grant nothing. */
class RoleSet {
  readonly #site = new Level();
  readonly #user = new Level();
  readonly #organizations = new Map<string, { org: Level; member: Level }>();
  // Actions may come from a client (POST /authcheck), hence the bound.
  readonly #votes = new BoundedMap<string, Votes>(400);

  constructor(roles: readonly RoleRef[], options: RoleOptions) {
    for (const ref of roles) {
      const role = definitionOf(ref, options);
      if (role === undefined) continue;
      this.#site.add(role.site, role.deny?.site);
      this.#user.add(role.user, undefined);
      if (!ref.organizationId) continue;
      const levels = this.#organizations.get(ref.organizationId) ?? { org: new Level(), member: new Level() };
      levels.org.add(role.org, role.deny?.org);
      levels.member.add(role.member, role.deny?.member);
      this.#organizations.set(ref.organizationId, levels);
    }
  }

  isIn(organizationId: string): boolean {
    return this.#organizations.has(organizationId);
  }

  votes(type: string, action: string): Votes {
    if (!isResource(type)) return NO_VOTES;
    return this.#votes.getOrMake(`${type}:${action}`, () => this.#count(type, action));
  }

  #count(type: string, action: string): Votes {
    const organizations = new Map<string, OrganizationVotes>();
    for (const [id, levels] of this.#organizations) {
      organizations.set(id, { org: levels.org.vote(type, action), member: levels.member.vote(type, action) });
    }
    const all = [...organizations.values()];
    return {
      site: this.#site.vote(type, action),
      user: this.#user.vote(type, action),
      organizations,
      anyOrganization: {
        org: highest(all.map((votes) => votes.org)),
        member: highest(all.map((votes) => votes.member)),
      },
    };
  }
}

function highest(votes: readonly Vote[]): Vote {
  if (votes.includes(1)) return 1;
  return votes.length === 0 || votes.includes(0) ? 0 : -1;
}

interface Compiled {
  readonly roles: RoleSet;
  readonly reach: CompiledReach;
}

const NO_OPTIONS: RoleOptions = {};
const roleSets = new BoundedMap<string, RoleSet>(1000);
// Most requests decide several times with one subject; the texts that identify equal subjects are then built once.
const compiledSubjects = new WeakMap<Subject, Compiled>();

function compile(subject: Subject): Compiled {
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
function byOrganization(votes: OrganizationVotes | undefined, own: boolean): boolean {
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

function publish(kind: Decision['kind'], subject: Subject, action: string, object: RbacObject, allowed: boolean): void {
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

/** Which rows of a table without organizations a subject may see: the owner must fit, and the id. */
export interface OwnedRows {
  readonly kind: 'owned';
  /** 'self': only rows owned by `userId`. */
  readonly owner: 'all' | 'self' | 'none';
  readonly userId: string;
  readonly ids: 'all' | readonly string[];
}

/**
 * Which rows of organizations a subject may see: the organization must be in `organizations`, or in `ownIn` while the
 * row is owned by `userId`; and the id must fit. The id of a membership is that of its user.
 */
export interface OrganizationRows {
  readonly kind: 'organizations';
  readonly organizations: 'all' | readonly string[];
  readonly ownIn: readonly string[];
  readonly userId: string;
  readonly ids: 'all' | readonly string[];
}

/**
 * The filter that a list query needs so that it returns exactly the rows for which `can` says yes. Ids are plain
 * lower-case UUIDs; entries of an allow list that are written otherwise never match and are left out.
 */
export function visible(subject: Subject, action: string, resource: 'user' | 'api_key'): OwnedRows;
export function visible(
  subject: Subject,
  action: string,
  resource: 'organization' | 'organization_member',
): OrganizationRows;
export function visible(
  subject: Subject,
  action: string,
  resource: 'user' | 'api_key' | 'organization' | 'organization_member',
): OwnedRows | OrganizationRows {
  const { roles, reach } = compile(subject);
  const allowedIds = reach.permits(resource, action) ? reach.allowList.idsOf(resource) : new Set<string>();
  const ids = allowedIds === 'all' ? 'all' : [...allowedIds];
  const votes = roles.votes(resource, action);
  const some = ids === 'all' || ids.length > 0;
  const { userId } = subject;
  if (resource === 'user' || resource === 'api_key') {
    const owner = some ? ownersOf(votes) : 'none';
    publish('filter', subject, action, { type: resource }, owner !== 'none');
    return { kind: 'owned', owner, userId, ids };
  }
  // An organization has no owner, so what a member may do with own things does not reach it.
  const filter = some ? organizationsOf(votes, resource === 'organization_member') : NOWHERE;
  publish('filter', subject, action, { type: resource }, filter.organizations.length + filter.ownIn.length > 0);
  return { kind: 'organizations', ...filter, userId, ids };
}

function ownersOf(votes: Votes): OwnedRows['owner'] {
  if (votes.site === 1) return 'all';
  return votes.site === 0 && votes.user === 1 ? 'self' : 'none';
}

const NOWHERE: Pick<OrganizationRows, 'organizations' | 'ownIn'> = { organizations: [], ownIn: [] };

function organizationsOf(votes: Votes, haveOwners: boolean): Pick<OrganizationRows, 'organizations' | 'ownIn'> {
  if (votes.site === 1) return { organizations: 'all', ownIn: [] };
  if (votes.site === -1) return NOWHERE;
  const organizations: string[] = [];
  const ownIn: string[] = [];
  for (const [id, inOrganization] of votes.organizations) {
    if (byOrganization(inOrganization, false)) organizations.push(id);
    else if (haveOwners && byOrganization(inOrganization, true)) ownIn.push(id);
  }
  return { organizations, ownIn };
}
