// What a key with limited scopes or a limited allow list may not do (docs/differences.md 3).

import { canByRoles, type Subject } from './authorize.ts';
import { RESOURCES, type Resource } from './policy.ts';
import { compileReach, isUnlimited, type KeyReach, scopesWithin } from './scopes.ts';

/** Whether the caller's roles allow everything in `reach` on whatever `ownerId` owns. */
function rolesCover(subject: Subject, ownerId: string, reach: KeyReach): boolean {
  const compiled = compileReach(reach);
  return (Object.keys(RESOURCES) as Resource[]).every((type) => {
    const ids = compiled.allowList.idsOf(type);
    if (ids !== 'all' && ids.size === 0) return true;
    return RESOURCES[type].every(
      (action) => !compiled.permits(type, action) || canByRoles(subject, action, { type, owner: ownerId }),
    );
  });
}

/**
 * Whether a caller may make a key of this reach for a user, as far as narrowing is concerned (the right to create keys
 * for that user is another question). A session or unlimited key may make any key. A limited one may make keys within
 * its own scopes and allow list, and for somebody else only keys for things that the caller's own roles reach too:
 * an owner's limited key must not open another user's secrets.
 */
export function mayMakeKey(subject: Subject, ownerId: string, reach: KeyReach): boolean {
  if (isUnlimited(subject)) return true;
  return scopesWithin(reach, subject) && (ownerId === subject.userId || rolesCover(subject, ownerId, reach));
}
