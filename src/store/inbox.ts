// People's inboxes: the messages that were put there, and which of them were read.
import { and, desc, eq, getTableColumns, inArray, isNotNull, isNull, type SQL, sql } from 'drizzle-orm';
import { readable } from './columns.ts';
import type { Db } from './db.ts';
import { inboxNotifications as inbox } from './schema-notifications.ts';

const columns = readable(getTableColumns(inbox));

export type InboxRow = typeof inbox.$inferSelect;

export type ReadStatus = 'all' | 'read' | 'unread';

/** What an inbox is narrowed to. */
export interface InboxFilter {
  readStatus: ReadStatus;
  /** Any of them; empty for all. */
  templates: readonly string[];
  /** All of them. */
  targets: readonly string[];
  /** Only messages before this one, if it exists. */
  startingBefore?: string | undefined;
}

function before(userId: string, id: string): SQL {
  const known = sql`from inbox_notifications b where b.id = ${id}::uuid and b.user_id = ${userId}::uuid`;
  return sql`(not exists (select ${known}) or (${inbox.createdAt}, ${inbox.id}) < (select b.created_at, b.id ${known}))`;
}

/** Messages of one person, newest first, at most `most`. */
export async function listInbox(db: Db, userId: string, filter: InboxFilter, most: number): Promise<InboxRow[]> {
  const { readStatus, templates, targets, startingBefore } = filter;
  return db
    .select(columns)
    .from(inbox)
    .where(
      and(
        eq(inbox.userId, userId),
        readStatus === 'read' ? isNotNull(inbox.readAt) : undefined,
        readStatus === 'unread' ? isNull(inbox.readAt) : undefined,
        templates.length > 0 ? inArray(inbox.templateId, [...templates]) : undefined,
        targets.length > 0 ? sql`${inbox.targets} @> ${sql.param(targets)}::uuid[]` : undefined,
        startingBefore === undefined ? undefined : before(userId, startingBefore),
      ),
    )
    .orderBy(desc(inbox.createdAt), desc(inbox.id))
    .limit(most);
}

/** How many messages of a person were not read. */
export async function countUnread(db: Db, userId: string): Promise<number> {
  return db.$count(inbox, and(eq(inbox.userId, userId), isNull(inbox.readAt)));
}

/** A message, whosever it is. */
export async function findInboxMessage(db: Db, id: string): Promise<InboxRow | undefined> {
  return (await db.select(columns).from(inbox).where(eq(inbox.id, id)))[0];
}

/** Notes that a message was read, or was not; what was read before stays so since then. */
export async function setRead(db: Db, id: string, readAt: string | null): Promise<InboxRow | undefined> {
  const value = readAt === null ? null : sql`coalesce(${inbox.readAt}, ${readAt}::timestamptz)`;
  return (await db.update(inbox).set({ readAt: value }).where(eq(inbox.id, id)).returning(columns))[0];
}

/** Notes that everything in an inbox was read. */
export async function setAllRead(db: Db, userId: string, readAt: string): Promise<void> {
  await db
    .update(inbox)
    .set({ readAt })
    .where(and(eq(inbox.userId, userId), isNull(inbox.readAt)));
}

/** What came into some inboxes since a moment, oldest first. */
export async function listArrivals(
  db: Db,
  userIds: readonly string[],
  since: string,
  most: number,
): Promise<InboxRow[]> {
  return db
    .select(columns)
    .from(inbox)
    .where(and(inArray(inbox.userId, [...userIds]), sql`${inbox.createdAt} > ${since}::timestamptz`))
    .orderBy(inbox.createdAt, inbox.id)
    .limit(most);
}

/** How many messages each of some people has not read. */
export async function countUnreadOf(db: Db, userIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db
    .select({ userId: inbox.userId, count: sql<number>`count(*)::int` })
    .from(inbox)
    .where(and(inArray(inbox.userId, [...userIds]), isNull(inbox.readAt)))
    .groupBy(inbox.userId);
  return new Map(rows.map(({ userId, count }) => [userId, count]));
}
