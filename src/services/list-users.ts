// GET /users: the search language, paging, and only the rows that the caller may read.
import { type ActorCtx, withConnection } from '../ctx.ts';
import { badRequest } from '../errors.ts';
import { firstTerm, parseQuery, type QueryProblem, QueryReader, type QueryTerms } from '../golang/search.ts';
import { visible } from '../rbac/visible.ts';
import { listUsers as listRows, type UserFilter } from '../store/list-users.ts';
import type { UserRow } from '../store/users.ts';
import { pageOf } from './paging.ts';

const STATUSES = ['active', 'dormant', 'suspended'] as const;
const LOGIN_TYPES = ['password', 'github', 'oidc', 'token', 'none', 'oauth2_provider_app'] as const;

function readFilter(terms: QueryTerms): { filter: UserFilter; problems: QueryProblem[] } {
  const reader = new QueryReader(terms);
  const filter: UserFilter = {
    search: reader.text('search'),
    name: reader.text('name'),
    statuses: reader.oneOf('status', STATUSES),
    serviceAccount: reader.bool('service_account'),
    roles: reader.list('role'),
    lastSeenAfter: reader.time('last_seen_after'),
    lastSeenBefore: reader.time('last_seen_before'),
    createdAfter: reader.time('created_after'),
    createdBefore: reader.time('created_before'),
    githubComUserId: reader.int64('github_com_user_id'),
    loginTypes: reader.oneOf('login_type', LOGIN_TYPES),
  };
  reader.refuseUnknown();
  // Everybody is a member: alone the role narrows nothing, beside others it means those who have it stored.
  if (filter.roles?.every((role) => role === 'member')) filter.roles = [];
  return { filter, problems: reader.problems };
}

/**
 * The filter that a search query of users says.
 * @param message of the 400 when it cannot be read
 */
export function userFilter(query: string, message: string): UserFilter {
  const parsed = parseQuery(query, 'search');
  if ('problem' in parsed) throw badRequest(message, { validations: [parsed.problem] });
  const { filter, problems } = readFilter(parsed.terms);
  if (problems.length > 0) throw badRequest(message, { validations: problems });
  return filter;
}

/** The users that match and that the caller may read, with their number. Golden: users-search, users-paging */
export async function listUsers(ctx: ActorCtx, query: QueryTerms): Promise<{ users: UserRow[]; count: number }> {
  const filter = userFilter(firstTerm(query, 'q'), 'Invalid user search query.');
  const page = pageOf(query);
  const rows = visible(ctx.actor.subject, 'read', 'user');
  return listRows(ctx.db, filter, rows, page, (work) => withConnection(ctx, work));
}
