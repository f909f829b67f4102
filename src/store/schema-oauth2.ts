// The tables of programs that act for people: applications and their secrets.
import { index, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { bytea, textC, timestamp } from './columns.ts';

/** Names need not be unique. */
export const oauth2Apps = pgTable('oauth2_apps', {
  id: uuid().primaryKey(),
  name: textC().notNull(),
  callbackUrl: text('callback_url').notNull(),
  icon: text().notNull().default(''),
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
});

export const oauth2AppSecrets = pgTable(
  'oauth2_app_secrets',
  {
    id: uuid().primaryKey(),
    appId: uuid('app_id')
      .notNull()
      .references(() => oauth2Apps.id, { onDelete: 'cascade' }),
    /** The part of the secret by which it is found. */
    prefix: textC().notNull().unique('oauth2_app_secrets_prefix_key'),
    /** SHA-256 of the rest. */
    hashedSecret: bytea('hashed_secret').notNull(),
    /** The last six characters, to be told apart by. */
    displayed: text().notNull(),
    createdAt: timestamp('created_at').notNull(),
    lastUsedAt: timestamp('last_used_at'),
  },
  (t) => [index('oauth2_app_secrets_app').on(t.appId)],
);
