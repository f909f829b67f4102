// Owners: who is one, what that keeps others from, and which of them can look after a deployment (docs/differences.md 2, 36).
import type { RbacObject } from './objects.ts';
import type { Subject } from './subjects.ts';

/** Whether somebody has the site role that everything belongs to. */
export const isOwner = (user: { readonly roles: readonly string[] }): boolean => user.roles.includes('owner');

const READING: ReadonlySet<string> = new Set(['read', 'read_personal']);

/** Whether an object is an owner's and the subject neither that owner nor any other, so that it may only look at it. */
export function isGuardedFrom(subject: Subject, action: string, object: RbacObject): boolean {
  if (!object.ofOwner || READING.has(action) || object.owner === subject.userId) return false;
  return !subject.roles.some(({ name, organizationId }) => name === 'owner' && !organizationId);
}

const WAYS_TO_SIGN_IN: ReadonlySet<string> = new Set(['password', 'oidc', 'github']);

/** Whether an account is a person who can sign in today; only such an owner counts as the last one. */
export function canSignIn(user: {
  readonly status: string;
  readonly loginType: string;
  readonly isServiceAccount: boolean;
}): boolean {
  return user.status === 'active' && !user.isServiceAccount && WAYS_TO_SIGN_IN.has(user.loginType);
}
