// The list of users: filters, order and count in one statement, prepared once for each set of filters.
import { and, Column, gt, is, type SQL, sql } from 'drizzle-orm';
import { latest } from '../in-flight.ts';
import type { OwnedRows } from '../rbac/visible.ts';
import type { Db } from './db.ts';
import { foldCase } from './fold.ts';
import { prepared, preparedShapes } from './prepared.ts';
import { userCounts, users } from './schema.ts';
import { type UserRow, userColumns } from './users.ts';

/** What a list is narrowed to; empty lists and undefined mean "any". */
export interface UserFilter {
  search?: string | undefined;
  name?: string | undefined;
  statuses?: readonly string[];
  roles?: readonly string[];
  loginTypes?: readonly string[];
  serviceAccount?: boolean | undefined;
  createdAfter?: string | undefined;
  createdBefore?: string | undefined;
  lastSeenAfter?: string | undefined;
  lastSeenBefore?: string | undefined;
  githubComUserId?: bigint | undefined;
}

export interface Page {
  afterId?: string | undefined;
  /** Undefined for no limit. */
  limit?: number | undefined;
  offset?: number | undefined;
}

/** Text as a LIKE pattern that finds it anywhere: its own wildcards stand for themselves (docs/differences.md 7). */
const containing = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/** One condition: which filter it stands for, its SQL over placeholders, and their values. */
interface Condition {
  key: string;
  where: SQL | undefined;
  values?: Record<string, unknown>;
}

const texts = (name: string) => sql`${sql.placeholder(name)}::text[]`;
const instant = (name: string) => sql`${sql.placeholder(name)}::timestamptz`;

/** The conditions of a filter, in a fixed order so that equal sets give the same statement. */
export function userConditions(filter: UserFilter): Condition[] {
  const conditions: Condition[] = [];
  const add = (key: string, where: SQL | undefined, values?: Record<string, unknown>) =>
    conditions.push({ key, where, ...(values && { values }) });
  // chr(1) parts name from address in the searched column: a term with it can match nothing.
  if (filter.search)
    add('search', sql`${users.searchText} like ${sql.placeholder('search')}`, {
      search: filter.search.includes('\u0001') ? '' : containing(foldCase(filter.search)),
    });
  if (filter.name)
    add('name', sql`${users.nameFolded} like ${sql.placeholder('name')}`, {
      name: containing(foldCase(filter.name)),
    });
  if (filter.statuses?.length)
    add('status', sql`${users.status} = any(${texts('statuses')})`, { statuses: filter.statuses });
  if (filter.roles?.length) add('roles', sql`${users.roles} && ${texts('roles')}`, { roles: filter.roles });
  if (filter.loginTypes?.length)
    add('login', sql`${users.loginType} = any(${texts('loginTypes')})`, { loginTypes: filter.loginTypes });
  if (filter.serviceAccount !== undefined)
    add('service', sql`${users.isServiceAccount} = ${sql.placeholder('serviceAccount')}`, {
      serviceAccount: filter.serviceAccount,
    });
  if (filter.createdAfter)
    add('ca', sql`${users.createdAt} >= ${instant('createdAfter')}`, { createdAfter: filter.createdAfter });
  if (filter.createdBefore)
    add('cb', sql`${users.createdAt} <= ${instant('createdBefore')}`, { createdBefore: filter.createdBefore });
  if (filter.lastSeenAfter)
    add('sa', sql`${users.lastSeenAt} >= ${instant('lastSeenAfter')}`, { lastSeenAfter: filter.lastSeenAfter });
  if (filter.lastSeenBefore)
    add('sb', sql`${users.lastSeenAt} <= ${instant('lastSeenBefore')}`, { lastSeenBefore: filter.lastSeenBefore });
  if (filter.githubComUserId)
    add('github', sql`${users.githubComUserId} = ${sql.placeholder('githubComUserId')}::bigint`, {
      githubComUserId: String(filter.githubComUserId),
    });
  return conditions;
}

/** What of the list the caller may see, as conditions. */
function visibleConditions(rows: OwnedRows): Condition[] {
  const conditions: Condition[] = [];
  if (rows.owner === 'none') conditions.push({ key: 'nobody', where: sql`false` });
  if (rows.owner === 'self')
    conditions.push({
      key: 'self',
      where: sql`${users.id} = ${sql.placeholder('self')}`,
      values: { self: rows.userId },
    });
  if (rows.ids !== 'all')
    conditions.push({
      key: 'ids',
      where: sql`${users.id} = any(${sql.placeholder('ids')}::uuid[])`,
      values: { ids: rows.ids },
    });
  return conditions;
}

/** How a page is read: see `build`. */
type Reading = { first: number } | 'page' | 'all';

/** Pages beyond this are read like the whole table. */
const LARGE_PAGE = 1000;
/** Sizes whose first page has a statement of its own. Few, since each combination with filters is one more. */
const USUAL_SIZES = new Set([10, 25, 50, 100]);

function readingOf({ limit, offset }: Page): Reading {
  if (limit === undefined || limit > LARGE_PAGE) return 'all';
  return USUAL_SIZES.has(limit) && !offset ? { first: limit } : 'page';
}

const listed = sql`${users.deleted} = false and ${users.isSystem} = false`;

/** The user's columns as expressions: the table comes in through a lateral join, which the builder does not know. */
const selected = Object.fromEntries(
  Object.entries(userColumns).map(([name, column]) => [
    name,
    is(column, Column) ? sql`${column}`.mapWith(column) : column,
  ]),
) as { [K in keyof UserRow]: SQL<UserRow[K]> };

/** How the matches are counted: by the triggers' counters, with the matches themselves, or beside the page. */
type Counting = 'counters' | 'window' | 'subquery';

function build(db: Db, conditions: (SQL | undefined)[], counting: Counting, reading: Reading) {
  const where = and(listed, ...conditions);
  const count = {
    counters: sql`(select sum(${userCounts.live}) from ${userCounts})`,
    // A search must read all its matches anyway; counting them in passing keeps the planner off the order's index.
    window: sql`count(*) over ()`,
    subquery: sql`(select count(*) from ${users} where ${where})`,
  }[counting];
  if (typeof reading === 'object' && counting !== 'window') {
    // Written out, the size tells the planner to walk the order's index and stop; bound, it would prepare for a tenth of all.
    const first = sql`(select *, ${count} as total from ${users} where ${where}
      order by ${users.usernameLower} limit ${sql.raw(String(reading.first))}) users`;
    return db
      .select({ ...selected, total: sql<string>`total` })
      .from(first)
      .orderBy(sql`username_lower`)
      .prepare('list_users');
  }
  // Ids first: the index holds id and order, so skipped rows are never read.
  const page = sql`(select ${users.id}, ${users.usernameLower}, ${count} as total from ${users} where ${where}
    order by ${users.usernameLower} limit ${sql.placeholder('limit')} offset ${sql.placeholder('offset')}) page`;
  // A page is few rows, which the planner of a prepared statement cannot know: row by row, not by reading the table.
  const query = db.select({ ...selected, total: sql<string>`page.total` }).from(page);
  const joined =
    reading === 'all'
      ? query.innerJoin(users, sql`${users.id} = page.id`)
      : query.crossJoinLateral(sql`(select * from ${users} where ${users.id} = page.id limit 1) users`);
  return joined.orderBy(sql`page.username_lower`).prepare('list_users');
}

interface ListedPage {
  users: UserRow[];
  count: number;
}

const statements = preparedShapes<ReturnType<typeof build>>();
/** Dashboards and scripts ask for the same page at once: those who wait share one statement. */
const shared = prepared(() => latest<ListedPage>());

/**
 * One page of the users that a caller may see, ordered by lower-cased name byte by byte, and how many match behind the
 * cursor (0 when the page is empty). Golden: users-paging
 * @param turn runs the statement when the caller may have a connection for it; those who share it wait for one turn
 */
export async function listUsers(
  db: Db,
  filter: UserFilter,
  rows: OwnedRows,
  page: Page,
  turn: <T>(work: () => Promise<T>) => Promise<T> = (work) => work(),
): Promise<ListedPage> {
  const conditions = [...userConditions(filter), ...visibleConditions(rows)];
  // Only the unfiltered list of somebody who sees all is what the counters count.
  const counted = conditions.length === 0 && !page.afterId;
  if (page.afterId) {
    conditions.push({
      key: 'after',
      where: gt(
        users.usernameLower,
        sql`(select a.username_lower from users a where a.id = ${sql.placeholder('afterId')})`,
      ),
      values: { afterId: page.afterId },
    });
  }
  const reading = readingOf(page);
  const how = typeof reading === 'object' ? `first${reading.first}` : reading;
  const key = [...conditions.map((condition) => condition.key), how].join('_');
  const counting = counted ? 'counters' : filter.search ? 'window' : 'subquery';
  const where = conditions.map((condition) => condition.where);
  const statement = statements(db, key, () => build(db, where, counting, reading));
  const values = Object.assign(
    { limit: page.limit ?? null, offset: page.offset ?? 0 },
    ...conditions.map((condition) => condition.values),
  );
  return shared(db)(`${key} ${JSON.stringify(values)}`, async () => {
    const found = await turn(() => statement.execute(values));
    return { users: found, count: Number(found[0]?.total ?? 0) };
  });
}
