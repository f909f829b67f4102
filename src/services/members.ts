// Members of organizations: listing, adding and removing them.

import { type ActorCtx, nowText, withConnection } from '../ctx.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { firstTerm, parseQuery, QueryReader, type QueryTerms } from '../golang/search.ts';
import { NIL_UUID } from '../golang/uuids.ts';
import { can } from '../rbac/authorize.ts';
import {
  assignRoleObject,
  grantOrgRoleObject,
  membershipObject,
  membersObject,
  newMemberObject,
} from '../rbac/objects.ts';
import { canAssign } from '../rbac/roles.ts';
import { visible } from '../rbac/visible.ts';
import { isForeignKey, isUnique } from '../store/errors.ts';
import {
  deleteMember,
  findMemberById,
  listMembers as listRows,
  lockMember,
  type MemberFilter,
  type MemberRow,
  pageOfMembers,
} from '../store/members.ts';
import { insertMember, type OrganizationRow } from '../store/organizations.ts';
import { uniques } from '../store/schema.ts';
import type { UserRow } from '../store/users.ts';
import { auditedMember } from './accounts.ts';
import { requirePermission, withAccount } from './actors.ts';
import { audit } from './audit.ts';
import { userFilter } from './list-users.ts';
import { rolesOfNewMember } from './organization-roles.ts';
import { pageOf } from './paging.ts';

/** No client can write this as a key, so free text is told apart from every `key:value`. */
const FREE_TEXT = '';

const invalidQuery = (validations: { field: string; detail: string }[]) =>
  badRequest('Invalid organization member search query.', { validations });

/** The filter of a search query of members; free text is refused. Golden: rbac-members */
function memberFilter(query: string): MemberFilter {
  const parsed = parseQuery(query, FREE_TEXT);
  if ('problem' in parsed) throw invalidQuery([parsed.problem]);
  const word = parsed.terms.get(FREE_TEXT)?.[0];
  if (word !== undefined) throw invalidQuery([{ field: 'q', detail: `invalid search term: ${word}` }]);
  const reader = new QueryReader(parsed.terms);
  const userId = reader.uuid('user_id');
  const githubComUserId = reader.int64('github_user_id');
  const includeSystem = reader.bool('include_system');
  reader.refuseUnknown();
  if (reader.problems.length > 0) throw invalidQuery(reader.problems);
  return {
    userId: userId === NIL_UUID ? undefined : userId,
    githubComUserId: githubComUserId || undefined,
    includeSystem,
  };
}

/** Answers with members name their site roles, which needs its own right (golden: keys-scope-org-secret). @throws ApiError 403 */
function requireRoleNames(ctx: ActorCtx): void {
  if (!can(ctx.actor.subject, 'read', assignRoleObject())) throw forbidden();
}

/** The members that match and that the caller may read. @throws ApiError 400 for a bad query, 403 without assign_role.read */
export async function listMembers(
  ctx: ActorCtx,
  organization: OrganizationRow,
  query: QueryTerms,
): Promise<MemberRow[]> {
  const filter = memberFilter(firstTerm(query, 'q'));
  const rows = visible(ctx.actor.subject, 'read', 'organization_member');
  requireRoleNames(ctx);
  return withConnection(ctx, () => listRows(ctx.db, organization.id, filter, rows));
}

/** One page of the members that match, with their number. @throws ApiError 400 for a bad query, 404 without the right to read all members */
export async function paginatedMembers(
  ctx: ActorCtx,
  organization: OrganizationRow,
  query: QueryTerms,
): Promise<{ members: MemberRow[]; count: number }> {
  const filter = userFilter(firstTerm(query, 'q'), 'Invalid member search query.');
  const page = pageOf(query);
  if (!can(ctx.actor.subject, 'read', membersObject(organization.id))) throw notFound();
  requireRoleNames(ctx);
  return withConnection(ctx, () => pageOfMembers(ctx.db, organization.id, filter, page));
}

/** The member that the path names, for an answer. @throws ApiError 404 for the system account, 403 without assign_role.read */
export function readMember(ctx: ActorCtx, member: MemberRow): MemberRow {
  if (member.isSystem) throw notFound();
  requireRoleNames(ctx);
  return member;
}

/**
 * Makes a user a member without extra roles.
 * @throws ApiError 404 without the rights, or when user or organization were deleted meanwhile; 403 for an owner unless the
 * roles in the organization allow it, and for a limited key; 400 for a member
 */
export async function addMember(ctx: ActorCtx, organization: OrganizationRow, user: UserRow): Promise<MemberRow> {
  const { id: organizationId } = organization;
  const authorize = (ctx: ActorCtx, user: UserRow) => {
    requirePermission(ctx, 'assign', grantOrgRoleObject(organizationId, user), notFound);
    const { roles } = ctx.actor.subject;
    if (!rolesOfNewMember(organization).every((name) => canAssign(roles, { name, organizationId }))) throw notFound();
    requirePermission(ctx, 'create', newMemberObject(user, organizationId), notFound);
  };
  authorize(ctx, user);
  try {
    return await withAccount(ctx, user, async (ctx, account) => {
      authorize(ctx, account);
      await insertMember(ctx.db, { userId: user.id, organizationId, now: nowText(ctx) });
      const member = await findMemberById(ctx.db, organizationId, user.id);
      if (!member) throw notFound();
      await audit(ctx, {
        action: 'create',
        resourceType: 'organization_member',
        resourceId: user.id,
        resourceTarget: account.username,
        organizationId,
        after: auditedMember(member),
      });
      return member;
    });
  } catch (err) {
    if (isUnique(err, uniques.organizationMember)) {
      throw badRequest('User is already an organization member', {
        detail: `${user.username} is already a member of ${organization.displayName}`,
      });
    }
    if (isForeignKey(err)) throw notFound();
    throw err;
  }
}

/**
 * Ends a membership with its roles; sessions and keys of the user stay.
 * @throws ApiError 400 for oneself; 404 without the right and for the system account; 403 for an owner unless the roles in
 * the organization allow it, and for a limited key (golden: rbac-members)
 */
export async function removeMember(ctx: ActorCtx, member: MemberRow): Promise<void> {
  const { userId, organizationId } = member;
  const target = { id: userId, roles: member.globalRoles };
  if (userId === ctx.actor.user.id) throw badRequest('cannot remove self from an organization');
  if (member.isSystem) throw notFound();
  requirePermission(ctx, 'delete', membershipObject(target, organizationId), notFound);
  await withAccount(ctx, target, async (ctx, account) => {
    requirePermission(ctx, 'delete', membershipObject(account, organizationId), notFound);
    const roles = await lockMember(ctx.db, userId, organizationId);
    if (!roles) throw notFound();
    await deleteMember(ctx.db, userId, organizationId);
    await audit(ctx, {
      action: 'delete',
      resourceType: 'organization_member',
      resourceId: userId,
      resourceTarget: account.username,
      organizationId,
      before: auditedMember({ ...member, username: account.username, roles }),
      status: 204,
    });
  });
}
