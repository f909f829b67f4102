// The tables of notifications: what is to be delivered, what lies in people's inboxes, and how templates are delivered.
import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { bytea, timestamp } from './columns.ts';
import { users } from './schema.ts';

/** What a client reads of a message, the same for everybody who gets it. */
const message = () => ({
  templateId: uuid('template_id').notNull(),
  targets: uuid().array(),
  title: text().notNull(),
  content: text().notNull(),
  actions: jsonb().$type<{ label: string; url: string }[]>().notNull(),
});

/** One message to one person by one way. What was delivered or given up stays for a while, so that no equal one follows. */
export const notificationMessages = pgTable(
  'notification_messages',
  {
    id: uuid().primaryKey(),
    /** No reference: it would lock each administrator who is told of a change, and wait for changes of theirs. */
    userId: uuid('user_id').notNull(),
    method: text().notNull(),
    ...message(),
    labels: jsonb().$type<Record<string, string>>().notNull(),
    data: jsonb(),
    /** Labels that nobody else may read, encrypted (crypto/secret-box.ts); gone once the message is handled. */
    sealedLabels: text('sealed_labels'),
    status: text().notNull().default('pending'),
    attempts: integer().notNull().default(0),
    createdAt: timestamp('created_at').notNull(),
    /** When the next attempt is due: in the future while a replica is at work on it. */
    dueAt: timestamp('due_at').notNull(),
    /** SHA-256 of all that makes two messages equal. */
    mark: bytea().notNull(),
  },
  (t) => [
    uniqueIndex('notification_messages_mark_key').on(t.userId, t.method, t.mark),
    index('notification_messages_due').on(t.dueAt).where(sql`status = 'pending'`),
    index('notification_messages_handled').on(t.createdAt).where(sql`status <> 'pending'`),
    check('notification_messages_method_check', sql`method in ('smtp', 'webhook', 'inbox')`),
    check('notification_messages_status_check', sql`status in ('pending', 'sent', 'failed', 'unwanted')`),
  ],
);

export const inboxNotifications = pgTable(
  'inbox_notifications',
  {
    id: uuid().primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    ...message(),
    icon: text().notNull(),
    readAt: timestamp('read_at'),
    /** When it came in: of several that came at once each has a moment of its own. */
    createdAt: timestamp('created_at').notNull(),
  },
  (t) => [
    index('inbox_notifications_user').on(t.userId, t.createdAt, t.id),
    index('inbox_notifications_unread').on(t.userId).where(sql`read_at is null`),
    index('inbox_notifications_created').on(t.createdAt),
  ],
);

/** By which method a template is delivered, where somebody chose one. */
export const notificationMethods = pgTable('notification_methods', {
  templateId: uuid('template_id').primaryKey(),
  method: text().notNull(),
});
