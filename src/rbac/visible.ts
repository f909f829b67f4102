// Which rows a list may show: the filter that agrees with every single decision.
import { publish } from './authorize.ts';
import { byOrganization, type Votes } from './role-votes.ts';
import { isUnlimited } from './scopes.ts';
import { compile, type Subject } from './subjects.ts';

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
    const reached = some ? ownersOf(votes) : 'none';
    // Other people's keys are nothing for a limited key (docs/differences.md 23).
    const owner = reached === 'all' && resource === 'api_key' && !isUnlimited(subject) ? 'self' : reached;
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
