// The audit log as rows.
import { and, eq, getTableColumns, gte, inArray, lte, type SQL, sql } from 'drizzle-orm';
import { folded, readable } from './columns.ts';
import type { Db } from './db.ts';
import { foldCase } from './fold.ts';
import { auditLogs, organizations, users } from './schema.ts';
import { type UserRow, userColumns } from './users.ts';

/** Adds an entry. */
export async function insertAuditLog(db: Db, entry: typeof auditLogs.$inferInsert): Promise<void> {
  await db.insert(auditLogs).values(entry);
}

/** Adds entries, all or none. */
export async function insertAuditLogs(db: Db, entries: readonly (typeof auditLogs.$inferInsert)[]): Promise<void> {
  await db.insert(auditLogs).values([...entries]);
}

/** What the log is narrowed to; undefined means "any". */
export interface AuditFilter {
  resourceType?: string | undefined;
  resourceId?: string | undefined;
  resourceTarget?: string | undefined;
  action?: string | undefined;
  requestId?: string | undefined;
  /** Id of the user who acted. */
  userId?: string | undefined;
  /** Name or address of the user who acted, without case; deleted users count. */
  username?: string | undefined;
  email?: string | undefined;
  /** Id or name of an organization, without case. */
  organization?: string | undefined;
  /** Both inclusive. */
  from?: string | undefined;
  to?: string | undefined;
}

/** Text in a LIKE pattern that stands for itself. */
const literal = (text: string) => foldCase(text).replace(/[\\%_]/g, '\\$&');

/** The users whose "name, chr(1), address" is like the pattern; that column has an index which covers deleted users too. */
const usersLike = (pattern: string): SQL =>
  sql`${auditLogs.userId} = any(array(select u.id from users u where u.search_text like ${pattern}))`;

function conditions(filter: AuditFilter, organizationIds: 'all' | readonly string[]): SQL | undefined {
  const { organization } = filter;
  return and(
    organizationIds === 'all' ? undefined : inArray(auditLogs.organizationId, [...organizationIds]),
    filter.resourceType === undefined ? undefined : eq(auditLogs.resourceType, filter.resourceType),
    filter.resourceId === undefined ? undefined : eq(auditLogs.resourceId, filter.resourceId),
    filter.resourceTarget === undefined
      ? undefined
      : sql`${folded(auditLogs.resourceTarget)} = ${folded(filter.resourceTarget)}`,
    filter.action === undefined ? undefined : eq(auditLogs.action, filter.action),
    filter.requestId === undefined ? undefined : eq(auditLogs.requestId, filter.requestId),
    filter.userId === undefined ? undefined : eq(auditLogs.userId, filter.userId),
    filter.username === undefined ? undefined : usersLike(`${literal(filter.username)}\u0001%`),
    filter.email === undefined ? undefined : usersLike(`%\u0001${literal(filter.email)}`),
    organization === undefined
      ? undefined
      : sql`${auditLogs.organizationId} in (select o.id from organizations o where o.id::text = ${folded(organization)} or lower(o.name collate "C") = ${folded(organization)})`,
    filter.from === undefined ? undefined : gte(auditLogs.time, filter.from),
    filter.to === undefined ? undefined : lte(auditLogs.time, filter.to),
  );
}

/** Whether the thing that an entry is about is gone; kinds that never go are there. */
const isDeleted = sql<boolean>`case ${auditLogs.resourceType}
  when 'user' then coalesce((select u.deleted from users u where u.id::text = ${auditLogs.resourceId}), true)
  when 'api_key' then not exists (select from api_keys k where k.id = ${auditLogs.resourceId})
  when 'organization' then not exists (select from organizations o where o.id::text = ${auditLogs.resourceId})
  when 'user_secret' then not exists (select from user_secrets s where s.id::text = ${auditLogs.resourceId})
  when 'user_skill' then not exists (select from user_skills s where s.id::text = ${auditLogs.resourceId})
  else false end`;

export interface AuditRow {
  entry: typeof auditLogs.$inferSelect;
  /** Who acted; null for an operator at the command line. */
  user: UserRow | null;
  organization: { id: string; name: string; displayName: string; icon: string } | null;
  isDeleted: boolean;
}

/** The statement behind `listAuditLogs`: one row for each entry of the page, or a single one without entry. */
export function auditPage(
  db: Db,
  filter: AuditFilter,
  organizationIds: 'all' | readonly string[],
  page: { limit: number; offset: number },
) {
  const where = conditions(filter, organizationIds);
  const ids = sql`(select ${auditLogs.id} from ${auditLogs} where ${where ?? sql`true`}
    order by ${auditLogs.time} desc, ${auditLogs.id} desc limit ${page.limit} offset ${page.offset})`;
  const total = sql`(select count(*) as total from ${auditLogs} where ${where ?? sql`true`}) counted`;
  return db
    .select({
      total: sql<string>`counted.total`,
      entry: readable(getTableColumns(auditLogs)),
      user: userColumns,
      organization: {
        id: organizations.id,
        name: organizations.name,
        displayName: organizations.displayName,
        icon: organizations.icon,
      },
      isDeleted,
    })
    .from(total)
    .leftJoin(auditLogs, sql`${auditLogs.id} = any(array${ids})`)
    .leftJoin(users, eq(users.id, auditLogs.userId))
    .leftJoin(organizations, eq(organizations.id, auditLogs.organizationId))
    .orderBy(sql`${auditLogs.time} desc`, sql`${auditLogs.id} desc`);
}

/** One page of the log, newest first, and how many entries match in all. */
export async function listAuditLogs(
  db: Db,
  filter: AuditFilter,
  organizationIds: 'all' | readonly string[],
  page: { limit: number; offset: number },
): Promise<{ rows: AuditRow[]; count: number }> {
  const found = await auditPage(db, filter, organizationIds, page);
  const rows = found.flatMap(({ entry, user, organization, isDeleted }) =>
    entry === null ? [] : [{ entry, user, organization, isDeleted }],
  );
  return { rows, count: Number(found[0]?.total ?? 0) };
}
