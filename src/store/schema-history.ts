// The table behind insights: which status every user has had since when.
import { sql } from 'drizzle-orm';
import { bigint, check, index, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { timestamp } from './columns.ts';
import { users } from './schema.ts';

/**
 * One row for each change of a user's status, `deleted` among them. A trigger on `users` writes them, so that no way of
 * changing a user leaves one out; deletions are written by `deleteUser`, which knows when. An import that brings the
 * history of a user along replaces the rows that the trigger made of the imported user.
 */
export const userStatusChanges = pgTable(
  'user_status_changes',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    newStatus: text('new_status').notNull(),
    changedAt: timestamp('changed_at').notNull(),
    /** What it was before: a trigger fills it in, so rows of a user are inserted in the order of time. Null for the first. */
    oldStatus: text('old_status'),
  },
  (t) => [
    index('user_status_changes_user').on(t.userId, t.changedAt, t.id),
    check('user_status_changes_status_check', sql`new_status in ('active', 'dormant', 'suspended', 'deleted')`),
  ],
);
