// GET /audit: the search language of the log, and only the entries that the caller may read.
import { AUDIT_ACTIONS, AUDIT_RESOURCE_TYPES } from '../codersdk/audit.ts';
import { type ActorCtx, withConnection } from '../ctx.ts';
import { badRequest, forbidden } from '../errors.ts';
import { asciiLower } from '../golang/ascii.ts';
import { firstTerm, parseQuery, QueryReader, type QueryTerms } from '../golang/search.ts';
import { parseUuid } from '../golang/uuids.ts';
import { can } from '../rbac/authorize.ts';
import { auditObject } from '../rbac/objects.ts';
import { type AuditFilter, type AuditRow, listAuditLogs as listRows } from '../store/audit.ts';
import { limitOf } from './paging.ts';

const DEFAULT_LIMIT = 100;

/** Whose entries the caller may read. @throws ApiError 403 when nobody's */
function readableOrganizations({ actor: { subject, user } }: ActorCtx): 'all' | string[] {
  if (can(subject, 'read', auditObject())) return 'all';
  const organizations = user.organizationIds.filter((org) => can(subject, 'read', { ...auditObject(), org }));
  if (organizations.length === 0) throw forbidden();
  return organizations;
}

function readFilter(ctx: ActorCtx, query: string): AuditFilter {
  const refuse = (validations: QueryReader['problems']) => badRequest('Invalid audit search query.', { validations });
  // The ids of keys are told apart by letter case.
  const parsed = parseQuery(query, 'resource_type', { keepCase: true });
  if ('problem' in parsed) throw refuse([parsed.problem]);
  const reader = new QueryReader(parsed.terms);
  const id = reader.text('resource_id');
  const username = reader.text('username');
  const isMe = asciiLower(username ?? '') === 'me';
  const filter: AuditFilter = {
    requestId: reader.uuid('request_id'),
    resourceId: id === undefined ? undefined : (parseUuid(id) ?? id),
    resourceTarget: reader.text('resource_target'),
    userId: isMe ? ctx.actor.user.id : undefined,
    username: isMe ? undefined : username,
    email: reader.text('email'),
    organization: reader.text('organization'),
    resourceType: reader.word('resource_type', AUDIT_RESOURCE_TYPES),
    action: reader.word('action', AUDIT_ACTIONS),
    from: reader.dayOrTime('date_from', 'first'),
    to: reader.dayOrTime('date_to', 'last'),
  };
  reader.refuseUnknown();
  if (reader.problems.length > 0) throw refuse(reader.problems);
  return filter;
}

/**
 * The entries that match and that the caller may read, newest first, with their number.
 * @throws ApiError 400 for a query that cannot be read, 403 without audit_log.read for the site or any organization
 */
export async function listAuditLogs(ctx: ActorCtx, query: QueryTerms): Promise<{ rows: AuditRow[]; count: number }> {
  const organizations = readableOrganizations(ctx);
  const filter = readFilter(ctx, firstTerm(query, 'q'));
  const { limit = DEFAULT_LIMIT, offset = 0 } = limitOf(query);
  await ctx.refusals.settled();
  return withConnection(ctx, () => listRows(ctx.db, filter, organizations, { limit, offset }));
}
