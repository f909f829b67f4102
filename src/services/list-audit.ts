// The audit log as it is read: the search language, only the entries that the caller may read, in pages or whole.
import {
  AUDIT_ACTIONS,
  AUDIT_FORMATS,
  AUDIT_RESOURCE_TYPES,
  type AuditFormat,
  BUILD_REASONS,
  OWN_RESOURCE_TYPES,
} from '../codersdk/audit.ts';
import { type ActorCtx, withConnection } from '../ctx.ts';
import { badRequest, forbidden } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { firstTerm, parseQuery, QueryReader, type QueryTerms } from '../golang/search.ts';
import { NIL_UUID, parseUuid } from '../golang/uuids.ts';
import { can } from '../rbac/authorize.ts';
import { auditObject, organizationObject } from '../rbac/objects.ts';
import { isUnlimited } from '../rbac/scopes.ts';
import * as store from '../store/audit.ts';
import { findOrganizationByName } from '../store/organizations.ts';
import { pageOf } from './paging.ts';

const DEFAULT_LIMIT = 100;
/** Entries of an export that are in memory at once. */
const EXPORT_PAGE = 200;

/** Whose entries the caller may read. @throws ApiError 403 when nobody's */
function readableOrganizations({ actor: { subject, user } }: ActorCtx): store.ReadableOrganizations {
  if (can(subject, 'read', auditObject())) return 'all';
  const organizations = user.organizationIds.filter((org) => can(subject, 'read', { ...auditObject(), org }));
  if (organizations.length === 0) throw forbidden();
  return organizations;
}

/** The nil UUID is no filter. */
const idFilter = (id: string | undefined) => (id === NIL_UUID ? undefined : id);

async function organizationFilter(ctx: ActorCtx, reader: QueryReader): Promise<string | undefined> {
  const text = reader.text('organization');
  if (text === undefined) return undefined;
  const id = parseUuid(text);
  if (id !== undefined) return idFilter(id);
  const organization = await findOrganizationByName(ctx.db, text);
  if (organization && can(ctx.actor.subject, 'read', organizationObject(organization.id))) return organization.id;
  const what = `organization ${quoted(text)} either does not exist, or you are unauthorized to view it`;
  reader.invalid('organization', what);
  return undefined;
}

/** Who acted, by name (of the living; `me` is the caller) and address (of everybody). */
async function actorFilter(ctx: ActorCtx, username?: string, email?: string): Promise<string[] | undefined> {
  if (username === undefined && email === undefined) return undefined;
  const named =
    username === 'me'
      ? [ctx.actor.user.id]
      : username !== undefined && (await store.findAuditedUsers(ctx.db, { username }));
  const addressed = email !== undefined && (await store.findAuditedUsers(ctx.db, { email }));
  if (!named) return addressed || [];
  return addressed ? named.filter((id) => addressed.includes(id)) : named;
}

/** @throws ApiError 400 naming everything that cannot be read (golden: audit-filter-errors) */
async function readFilter(ctx: ActorCtx, query: string): Promise<store.AuditFilter> {
  const refuse = (validations: QueryReader['problems']) => badRequest('Invalid audit search query.', { validations });
  const parsed = parseQuery(query, 'resource_type');
  if ('problem' in parsed) throw refuse([parsed.problem]);
  const reader = new QueryReader(parsed.terms);
  const requestId = idFilter(reader.uuid('request_id'));
  const resourceId = idFilter(reader.uuid('resource_id'));
  const resourceTarget = reader.text('resource_target');
  const username = reader.text('username');
  const email = reader.text('email');
  const from = reader.day('date_from');
  const to = reader.day('date_to');
  const resourceType = reader.word('resource_type', AUDIT_RESOURCE_TYPES);
  const action = reader.word('action', AUDIT_ACTIONS);
  const buildReason = reader.word('build_reason', BUILD_REASONS);
  const organizationId = await organizationFilter(ctx, reader);
  reader.refuseUnknown();
  if (reader.problems.length > 0) throw refuse(reader.problems);
  // There are no builds of workspaces here, so none has the reason.
  const userIds = buildReason === undefined ? await actorFilter(ctx, username, email) : [];
  return { requestId, resourceId, resourceTarget, resourceType, action, organizationId, from, to, userIds };
}

/**
 * The entries that match and that the caller may read, newest first, with their number.
 * @throws ApiError 400 for a query that cannot be read, 403 without audit_log.read for the site or any organization
 */
export async function listAuditLogs(
  ctx: ActorCtx,
  query: QueryTerms,
): Promise<{ rows: store.AuditRow[]; count: number; countCap: number }> {
  const organizations = readableOrganizations(ctx);
  const asked = await readFilter(ctx, firstTerm(query, 'q'));
  const filter = asked.resourceType === undefined ? { ...asked, withoutTypes: OWN_RESOURCE_TYPES } : asked;
  const { limit = DEFAULT_LIMIT, offset = 0 } = pageOf(query);
  await ctx.refusals.settled();
  const page = await withConnection(ctx, () => store.listAuditLogs(ctx.db, filter, organizations, { limit, offset }));
  return { ...page, countCap: store.COUNT_CAP };
}

/**
 * All entries that match and that the caller may read, newest first, in pages that are read as they are taken: however
 * many there are, one page is in memory, and no connection is held between two.
 * @throws ApiError as `listAuditLogs`, before the first page
 */
export async function exportAuditLogs(
  ctx: ActorCtx,
  query: QueryTerms,
): Promise<{ format: AuditFormat; pages: AsyncIterable<store.AuditRow[]> }> {
  const organizations = readableOrganizations(ctx);
  const filter = await readFilter(ctx, firstTerm(query, 'q'));
  const reader = new QueryReader(query);
  const format = reader.word('format', AUDIT_FORMATS) ?? 'jsonl';
  if (reader.problems.length > 0)
    throw badRequest('Query parameters have invalid values.', { validations: reader.problems });
  await ctx.refusals.settled();
  const pages = store.eachAuditPage(ctx.db, filter, organizations, EXPORT_PAGE, (read) => withConnection(ctx, read));
  return { format, pages: isUnlimited(ctx.actor.subject) ? pages : withoutKeys(pages) };
}

/** Which keys there are is not for limited keys (docs/differences.md 23). */
async function* withoutKeys(pages: AsyncIterable<store.AuditRow[]>): AsyncIterable<store.AuditRow[]> {
  for await (const rows of pages) yield rows.map((row) => ({ ...row, entry: { ...row.entry, keyId: null } }));
}
