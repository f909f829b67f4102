// Who asks, and what decisions need of that, prepared once.
import { BoundedMap } from './bounded-map.ts';
import { RoleSet } from './role-votes.ts';
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
