// How all roles of a subject together vote on an action, level by level.
import { type Grants, isActionOf, isResource } from './policy.ts';
import { definitionOf, type RoleOptions, type RoleRef } from './roles.ts';

/** -1 denied, 1 granted, 0 nothing said. */
export type Vote = -1 | 0 | 1;

export interface OrganizationVotes {
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

  isIn(organizationId: string): boolean {
    return this.#organizations.has(organizationId);
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
