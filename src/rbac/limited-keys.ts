// What a key with limited scopes or a limited allow list may not do (docs/differences.md 3 and 23).
import type { RbacObject } from './objects.ts';
import { isUnlimited, type KeyReach, scopesWithin } from './scopes.ts';
import type { Subject } from './subjects.ts';

/**
 * Whether acting on an object is power over people that the subject's key lacks, because it is limited. A leaked key for
 * one task must not become the whole account of its user, or of somebody else.
 */
export function isBeyondLimitedKey(subject: Subject, { power, owner }: RbacObject): boolean {
  if (power === undefined || (power === 'over-others' && owner === subject.userId)) return false;
  return !isUnlimited(subject);
}

/**
 * Whether a caller may make a key of this reach, as far as narrowing is concerned: no key makes one that may do more than
 * itself. The right to create keys for that user is another question.
 */
export function mayMakeKey(subject: Subject, reach: KeyReach): boolean {
  return isUnlimited(subject) || scopesWithin(reach, subject);
}
