// What all roles of a subject together allow: each level votes, and the levels are weighed.
import { NIL_UUID } from '../golang/uuids.ts';
import type { RbacObject } from './objects.ts';
import { type Grants, isActionOf, isResource } from './policy.ts';
import { definitionOf, type RoleOptions, type RoleRef } from './roles.ts';

/** -1 denied, 1 granted, 0 nothing said. */
type Vote = -1 | 0 | 1;

interface OrganizationVotes {
  readonly org: Vote;
  readonly member: Vote;
}

/** The votes of all roles together about one action on one type. */
export interface Votes {
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

/** Whether the votes of one organization decide for an object in it. */
export function byOrganization(votes: OrganizationVotes | undefined, own: boolean): boolean {
  if (votes === undefined) return false;
  return votes.org === 1 || (votes.org !== -1 && own && votes.member === 1);
}

/** All roles of a subject merged level by level. Unknown role names grant nothing. */
export class RoleSet {
  readonly #site = new Level();
  readonly #user = new Level();
  readonly #organizations = new Map<string, { org: Level; member: Level }>();
  /** By type and action, of which there are so many and no more: what a client makes up does not come in here. */
  readonly #votes = new Map<string, Votes>();

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

  /** Whether the roles allow an action on an object of which `userId` may be the owner. */
  allow(userId: string, action: string, object: RbacObject): boolean {
    const org = object.org && !(object.anyOrg && object.org === NIL_UUID) ? object.org : undefined;
    // Asking for one and for any organization at once is refused even to owners. Golden: rbac-authcheck/org-forms-owner
    if (object.anyOrg && org !== undefined) return false;
    const votes = this.votes(object.type, action);
    if (votes.site === 1) return true;
    if (votes.site === -1) return false;
    const own = !!object.owner && object.owner === userId;
    if (object.anyOrg) return byOrganization(votes.anyOrganization, own);
    if (org === undefined) return own && votes.user === 1;
    return byOrganization(votes.organizations.get(org), own) || this.#groupAllows(action, object);
  }

  /** Whether the roles in the object's own organization allow it, whatever the site roles say. */
  allowInOrganization(action: string, object: RbacObject): boolean {
    if (!object.org) return false;
    return byOrganization(this.votes(object.type, action).organizations.get(object.org), false);
  }

  /** The Everyone group of an organization, whose members are those of the organization, has the organization's id. */
  #groupAllows(action: string, object: RbacObject): boolean {
    if (object.groupAcl === undefined) return false;
    return Object.entries(object.groupAcl).some(
      ([group, actions]) => this.#organizations.has(group) && actions.includes(action),
    );
  }

  votes(type: string, action: string): Votes {
    if (!isResource(type)) return NO_VOTES;
    // An action that does not exist is only meant where a role has all of them (POST /authcheck).
    const known = isActionOf(type, action) ? action : '*';
    const key = `${type}:${known}`;
    const votes = this.#votes.get(key) ?? this.#count(type, known);
    this.#votes.set(key, votes);
    return votes;
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
