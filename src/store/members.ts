// Members of organizations as rows: a membership with what its user shows.
import { and, eq, gt, type SQL, sql } from 'drizzle-orm';
import type { OrganizationRows } from '../rbac/visible.ts';
import { folded, readable } from './columns.ts';
import type { Db } from './db.ts';
import { type Page, type UserFilter, userConditions } from './list-users.ts';
import { prepared, preparedShapes } from './prepared.ts';
import { organizationMembers, users } from './schema.ts';

const memberColumns = readable({
  userId: organizationMembers.userId,
  organizationId: organizationMembers.organizationId,
  roles: organizationMembers.roles,
  createdAt: organizationMembers.createdAt,
  updatedAt: organizationMembers.updatedAt,
  username: users.username,
  name: users.name,
  avatarUrl: users.avatarUrl,
  email: users.email,
  status: users.status,
  loginType: users.loginType,
  globalRoles: users.roles,
  lastSeenAt: users.lastSeenAt,
  userCreatedAt: users.createdAt,
  userUpdatedAt: users.updatedAt,
  isSystem: users.isSystem,
  isServiceAccount: users.isServiceAccount,
  hasAiSeat: users.hasAiSeat,
});

export interface MemberRow {
  userId: string;
  organizationId: string;
  roles: string[];
  createdAt: string;
  updatedAt: string;
  username: string;
  name: string;
  avatarUrl: string;
  email: string;
  status: string;
  loginType: string;
  globalRoles: string[];
  lastSeenAt: string;
  userCreatedAt: string;
  userUpdatedAt: string;
  isSystem: boolean;
  isServiceAccount: boolean;
  hasAiSeat: boolean;
}

const ofUser = eq(users.id, organizationMembers.userId);
const inOrganization = eq(organizationMembers.organizationId, sql.placeholder('organizationId'));
const selectMembers = (db: Db) => db.select(memberColumns).from(organizationMembers).innerJoin(users, ofUser);

const byId = prepared((db) =>
  selectMembers(db)
    .where(and(inOrganization, eq(users.id, sql.placeholder('id')), eq(users.deleted, false)))
    .prepare('member_by_id'),
);
const byName = prepared((db) =>
  selectMembers(db)
    .where(and(inOrganization, eq(users.usernameLower, folded(sql.placeholder('username'))), eq(users.deleted, false)))
    .prepare('member_by_name'),
);

/** One member by the id of the user. */
export async function findMemberById(db: Db, organizationId: string, id: string): Promise<MemberRow | undefined> {
  return (await byId(db).execute({ organizationId, id }))[0];
}

/** One member by the name of the user, compared without case. */
export async function findMemberByName(
  db: Db,
  organizationId: string,
  username: string,
): Promise<MemberRow | undefined> {
  return (await byName(db).execute({ organizationId, username }))[0];
}

/** What a list of members is narrowed to; undefined means "any". */
export interface MemberFilter {
  userId?: string | undefined;
  githubComUserId?: bigint | undefined;
  /** Whether the system account is listed too. */
  includeSystem?: boolean | undefined;
}

/** The members of one organization that a caller may see. */
function visibleMembers(rows: OrganizationRows, organizationId: string): SQL | undefined {
  const all = rows.organizations === 'all' || rows.organizations.includes(organizationId);
  if (!all && !rows.ownIn.includes(organizationId)) return sql`false`;
  return and(
    all ? undefined : eq(users.id, rows.userId),
    rows.ids === 'all' ? undefined : sql`${users.id} = any(${sql.param([...rows.ids])}::uuid[])`,
  );
}

/** All members that match and that the caller may see, by lower-cased name. */
export async function listMembers(
  db: Db,
  organizationId: string,
  filter: MemberFilter,
  rows: OrganizationRows,
): Promise<MemberRow[]> {
  return selectMembers(db)
    .where(
      and(
        eq(organizationMembers.organizationId, organizationId),
        eq(users.deleted, false),
        filter.includeSystem ? undefined : eq(users.isSystem, false),
        filter.userId === undefined ? undefined : eq(users.id, filter.userId),
        filter.githubComUserId === undefined ? undefined : eq(users.githubComUserId, filter.githubComUserId),
        visibleMembers(rows, organizationId),
      ),
    )
    .orderBy(users.usernameLower);
}

function buildPage(db: Db, conditions: (SQL | undefined)[]) {
  const where = and(inOrganization, eq(users.deleted, false), eq(users.isSystem, false), ...conditions);
  const total = sql<string>`(select count(*) from ${organizationMembers} join ${users} on ${ofUser} where ${where})`;
  return db
    .select({ ...memberColumns, total })
    .from(organizationMembers)
    .innerJoin(users, ofUser)
    .where(where)
    .orderBy(users.usernameLower)
    .limit(sql.placeholder('limit'))
    .offset(sql.placeholder('offset'))
    .prepare('page_of_members');
}

const statements = preparedShapes<ReturnType<typeof buildPage>>();

/**
 * One page of the members that match, ordered by lower-cased name byte by byte, and how many match behind the cursor
 * (0 when the page is empty). The cursor is the user id of a member; any other id leads to an empty page.
 * Golden: rbac-members-paginated
 */
export async function pageOfMembers(
  db: Db,
  organizationId: string,
  filter: UserFilter,
  page: Page,
): Promise<{ members: MemberRow[]; count: number }> {
  const conditions = userConditions(filter);
  if (page.afterId) {
    const cursor = sql`(select c.username_lower from users c join organization_members cm on cm.user_id = c.id
      where c.id = ${sql.placeholder('afterId')} and cm.organization_id = ${sql.placeholder('organizationId')})`;
    conditions.push({ key: 'after', where: gt(users.usernameLower, cursor), values: { afterId: page.afterId } });
  }
  const key = conditions.map((condition) => condition.key).join('_');
  const where = conditions.map((condition) => condition.where);
  const statement = statements(db, key, () => buildPage(db, where));
  const values = { organizationId, limit: page.limit ?? null, offset: page.offset ?? 0 };
  const members = await statement.execute(Object.assign(values, ...conditions.map((condition) => condition.values)));
  return { members, count: Number(members[0]?.total ?? 0) };
}

const one = (userId: string, organizationId: string) =>
  and(eq(organizationMembers.userId, userId), eq(organizationMembers.organizationId, organizationId));

/** Locks a membership until the transaction ends; its roles, undefined when the user is no member. */
export async function lockMember(db: Db, userId: string, organizationId: string): Promise<string[] | undefined> {
  const rows = await db
    .select({ roles: organizationMembers.roles })
    .from(organizationMembers)
    .where(one(userId, organizationId))
    .for('update');
  return rows[0]?.roles;
}

/** Replaces the roles of a membership; its times stay. */
export async function updateMemberRoles(
  db: Db,
  userId: string,
  organizationId: string,
  roles: string[],
): Promise<void> {
  await db.update(organizationMembers).set({ roles }).where(one(userId, organizationId));
}

/** Ends a membership; false when there was none. */
export async function deleteMember(db: Db, userId: string, organizationId: string): Promise<boolean> {
  const rows = await db
    .delete(organizationMembers)
    .where(one(userId, organizationId))
    .returning({ userId: organizationMembers.userId });
  return rows.length > 0;
}
