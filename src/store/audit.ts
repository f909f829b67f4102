// The audit log as rows.
import { and, eq, getTableColumns, inArray, notInArray, type SQL, sql } from 'drizzle-orm';
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

/** Text in a LIKE pattern that stands for itself. */
const literal = (text: string) => foldCase(text).replace(/[\\%_]/g, '\\$&');

/** What the log is narrowed to; undefined means "any". */
export interface AuditFilter {
  resourceType?: string | undefined;
  /** Kinds that are left out. */
  withoutTypes?: readonly string[] | undefined;
  resourceId?: string | undefined;
  /** Compared byte by byte. */
  resourceTarget?: string | undefined;
  action?: string | undefined;
  requestId?: string | undefined;
  /** Ids of the users who acted; none finds nothing. */
  userIds?: readonly string[] | undefined;
  organizationId?: string | undefined;
  /** Days (UTC), both inclusive. */
  from?: string | undefined;
  to?: string | undefined;
}

/** Whose entries a caller may read: everybody's, or those of some organizations. */
export type ReadableOrganizations = 'all' | readonly string[];

/** How many entries are counted; a count beyond it says "more". */
export const COUNT_CAP = 2000;

/** As in the index. */
const TARGET_START = 200;

// Values are bound one by one rather than joined from other tables: only so can Postgres tell who has three entries from
// who has a million, and take the right index.
function conditions(filter: AuditFilter, readable: ReadableOrganizations): SQL | undefined {
  const { resourceTarget: target } = filter;
  return and(
    readable === 'all' ? undefined : inArray(auditLogs.organizationId, [...readable]),
    filter.resourceType === undefined ? undefined : eq(auditLogs.resourceType, filter.resourceType),
    filter.withoutTypes === undefined ? undefined : notInArray(auditLogs.resourceType, [...filter.withoutTypes]),
    filter.resourceId === undefined ? undefined : eq(auditLogs.resourceId, filter.resourceId),
    target === undefined
      ? undefined
      : sql`left(${auditLogs.resourceTarget}, ${sql.raw(String(TARGET_START))}) = left(${target}::text, ${sql.raw(String(TARGET_START))})
          and ${auditLogs.resourceTarget} = ${target} and ${auditLogs.resourceTarget} <> ''`,
    filter.action === undefined ? undefined : eq(auditLogs.action, filter.action),
    filter.requestId === undefined ? undefined : eq(auditLogs.requestId, filter.requestId),
    filter.userIds === undefined ? undefined : inArray(auditLogs.userId, [...filter.userIds]),
    filter.organizationId === undefined ? undefined : eq(auditLogs.organizationId, filter.organizationId),
    filter.from === undefined ? undefined : sql`${auditLogs.time} >= ${filter.from}::timestamp at time zone 'UTC'`,
    filter.to === undefined
      ? undefined
      : sql`${auditLogs.time} < (${filter.to}::timestamp + interval '1 day') at time zone 'UTC'`,
  );
}

/** The id of what an entry is about, where it is one: entries of before had others, too. */
const resourceUuid = sql`(case when ${auditLogs.resourceId} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then ${auditLogs.resourceId}::uuid end)`;

/** Whether the thing that an entry is about is gone, by one look at an index each; most kinds of things are never looked for (golden: audit-keys). */
const isDeleted = sql<boolean>`case ${auditLogs.resourceType}
  when 'user' then coalesce((select u.deleted from users u where u.id = ${resourceUuid}), true)
  when 'organization' then coalesce((select false from organizations o where o.id = ${resourceUuid}), true)
  when 'user_secret' then coalesce((select false from user_secrets s where s.id = ${resourceUuid}), true)
  when 'oauth2_provider_app' then coalesce((select false from oauth2_apps a where a.id = ${resourceUuid}), true)
  when 'oauth2_provider_app_secret' then coalesce((select false from oauth2_app_secrets s where s.id = ${resourceUuid}), true)
  else false end`;

/** The application that an entry about one or about a secret of one leads to. */
const appId = sql<string | null>`case ${auditLogs.resourceType}
  when 'oauth2_provider_app' then ${auditLogs.resourceId}
  when 'oauth2_provider_app_secret' then (select s.app_id::text from oauth2_app_secrets s where s.id = ${resourceUuid}) end`;

export interface AuditRow {
  entry: typeof auditLogs.$inferSelect;
  /** Who acted; null for an operator at the command line. */
  user: UserRow | null;
  organization: { id: string; name: string; displayName: string; icon: string } | null;
  isDeleted: boolean;
  appId: string | null;
}

/** The statement behind `listAuditLogs`: the entries of one page, newest first. */
export function auditPage(
  db: Db,
  filter: AuditFilter,
  scope: ReadableOrganizations,
  page: { limit: number; offset?: number; after?: { time: string; id: string } | undefined },
) {
  const { after } = page;
  const where = and(
    conditions(filter, scope),
    after && sql`(${auditLogs.time}, ${auditLogs.id}) < (${after.time}::timestamptz, ${after.id}::uuid)`,
  );
  // The page first: what is looked up for each entry is looked up for no other.
  const ids = sql`(select ${auditLogs.id} from ${auditLogs} where ${where ?? sql`true`}
    order by ${auditLogs.time} desc, ${auditLogs.id} desc limit ${page.limit} offset ${page.offset ?? 0})`;
  return db
    .select({
      entry: readable(getTableColumns(auditLogs)),
      user: userColumns,
      organization: {
        id: organizations.id,
        name: organizations.name,
        displayName: organizations.displayName,
        icon: organizations.icon,
      },
      isDeleted,
      appId,
    })
    .from(auditLogs)
    .leftJoin(users, eq(users.id, auditLogs.userId))
    .leftJoin(organizations, eq(organizations.id, auditLogs.organizationId))
    .where(sql`${auditLogs.id} = any(array${ids})`)
    .orderBy(sql`${auditLogs.time} desc`, sql`${auditLogs.id} desc`);
}

/** The statement that counts what matches, up to one more than `COUNT_CAP`. */
export function auditCount(db: Db, filter: AuditFilter, scope: ReadableOrganizations) {
  const some = db
    .select({ one: sql`1`.as('one') })
    .from(auditLogs)
    .where(conditions(filter, scope))
    .limit(COUNT_CAP + 1)
    .as('some');
  return db.select({ total: sql<string>`count(*)` }).from(some);
}

/** One page of the log, newest first, and how many entries match in all, counted up to one more than `COUNT_CAP`. */
export async function listAuditLogs(
  db: Db,
  filter: AuditFilter,
  scope: ReadableOrganizations,
  page: { limit: number; offset: number },
): Promise<{ rows: AuditRow[]; count: number }> {
  const [counted] = await auditCount(db, filter, scope);
  const count = Number(counted?.total ?? 0);
  const isBeyond = count <= COUNT_CAP && page.offset >= count;
  return { rows: isBeyond ? [] : await auditPage(db, filter, scope, page), count };
}

/**
 * All entries that match, newest first, a page at a time: what came after the first page was read is not among them.
 * @param run runs the reading of each page
 */
export async function* eachAuditPage(
  db: Db,
  filter: AuditFilter,
  scope: ReadableOrganizations,
  limit: number,
  run: <T>(read: () => Promise<T>) => Promise<T>,
): AsyncGenerator<AuditRow[]> {
  let after: { time: string; id: string } | undefined;
  for (;;) {
    const page = { limit, after };
    const rows: AuditRow[] = await run(async () => auditPage(db, filter, scope, page));
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < limit) return;
    after = { time: last.entry.time, id: last.entry.id };
  }
}

/** Ids of the users of this name who live, or of this address, deleted ones too; each compared without case. */
export async function findAuditedUsers(db: Db, by: { username: string } | { email: string }): Promise<string[]> {
  const where =
    'username' in by
      ? sql`${users.usernameLower} = ${folded(by.username)} and ${users.deleted} = false`
      : // The column that has an index which covers deleted users too, and what decides.
        sql`${users.searchText} like ${`%\u0001${literal(by.email)}`} and lower(${users.email} collate "C") = ${folded(by.email)}`;
  const rows = await db.select({ id: users.id }).from(users).where(where);
  return rows.map(({ id }) => id);
}
