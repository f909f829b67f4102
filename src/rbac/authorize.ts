// The decision: may this subject do this to that.

import { channel } from 'node:diagnostics_channel';
import { isBeyondLimitedKey } from './limited-keys.ts';
import type { RbacObject } from './objects.ts';
import { isGuardedFrom } from './owners.ts';
import type { CompiledReach } from './scopes.ts';
import { compile, type Subject } from './subjects.ts';

/** One decision as published on `decisions`. For a filter, `allowed` says whether any row can pass at all. */
export interface Decision {
  readonly kind: 'can' | 'power' | 'roles' | 'filter';
  readonly subject: Subject;
  readonly action: string;
  readonly object: RbacObject;
  readonly allowed: boolean;
}

/** Every decision is published here, for tests and tracing; nothing is built while nobody listens. */
export const decisions = channel('coder-users:rbac:decision');

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
 * Yes, or why not: roles or key do not allow it at all; it is an owner's, which the caller's site roles do not reach; it
 * is power over people and the key in use is limited.
 */
export type Verdict = 'allowed' | 'forbidden' | 'owners-only' | 'limited-key';

function judge(subject: Subject, action: string, object: RbacObject): Verdict {
  const { roles, reach } = compile(subject);
  if (!reachAllows(reach, action, object) || !roles.allow(subject.userId, action, object)) return 'forbidden';
  if (roles.allowInOrganization(action, object)) return judgeKey(subject, object);
  return judgePower(subject, action, object);
}

function judgePower(subject: Subject, action: string, object: RbacObject): Verdict {
  return isGuardedFrom(subject, action, object) ? 'owners-only' : judgeKey(subject, object);
}

const judgeKey = (subject: Subject, object: RbacObject): Verdict =>
  isBeyondLimitedKey(subject, object) ? 'limited-key' : 'allowed';

/**
 * Whether the subject may do the action to the object: its roles must allow it, and so must scopes and allow list of the
 * key; owners are guarded, and power over people needs an unlimited key (docs/differences.md 2 and 23). Pure but for the
 * published decision; takes about a microsecond. Source: POST /authcheck; golden: rbac-authcheck*
 */
export function decide(subject: Subject, action: string, object: RbacObject): Verdict {
  const verdict = judge(subject, action, object);
  publish('can', subject, action, object, verdict === 'allowed');
  return verdict;
}

/** `decide` where something else than a role permits it, such as a password: only owners and limited keys matter. */
export function decidePower(subject: Subject, action: string, object: RbacObject): Verdict {
  const verdict = judgePower(subject, action, object);
  publish('power', subject, action, object, verdict === 'allowed');
  return verdict;
}

/** `decide` for those who do not ask why. */
export function can(subject: Subject, action: string, object: RbacObject): boolean {
  return decide(subject, action, object) === 'allowed';
}

/** Like `can`, but with the roles alone: what the user may do, however narrow the key is. */
export function canByRoles(subject: Subject, action: string, object: RbacObject): boolean {
  const allowed = compile(subject).roles.allow(subject.userId, action, object);
  publish('roles', subject, action, object, allowed);
  return allowed;
}
