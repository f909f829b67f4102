// The tables of what belongs to one person: SSH key, settings, secrets, skills.
import { sql } from 'drizzle-orm';
import { boolean, integer, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { textC, timestamp } from './columns.ts';
import { uniques, users } from './schema.ts';

export const gitSshKeys = pgTable('git_ssh_keys', {
  userId: uuid('user_id')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
  privateKey: text('private_key').notNull(),
  publicKey: text('public_key').notNull(),
});

export const userConfigs = pgTable(
  'user_configs',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    key: text().notNull(),
    value: text().notNull(),
  },
  (t) => [primaryKey({ name: 'user_configs_pkey', columns: [t.userId, t.key] })],
);

export const notificationPreferences = pgTable(
  'notification_preferences',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    templateId: uuid('template_id').notNull(),
    disabled: boolean().notNull(),
    createdAt: timestamp('created_at').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
  },
  (t) => [primaryKey({ name: 'notification_preferences_pkey', columns: [t.userId, t.templateId] })],
);

export const userSecrets = pgTable(
  'user_secrets',
  {
    id: uuid().primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: textC().notNull(),
    description: text().notNull().default(''),
    value: text().notNull(),
    valueBytes: integer('value_bytes').notNull(),
    envName: text('env_name').notNull().default(''),
    filePath: text('file_path').notNull().default(''),
    createdAt: timestamp('created_at').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
  },
  (t) => [
    uniqueIndex(uniques.secretName).on(t.userId, t.name),
    uniqueIndex(uniques.secretEnvName).on(t.userId, t.envName).where(sql`env_name <> ''`),
    // By hash: a path may be longer than an index takes (docs/differences.md 24).
    uniqueIndex(uniques.secretFilePath).on(t.userId, sql`hashtextextended(file_path, 0)`).where(sql`file_path <> ''`),
  ],
);

export const userSkills = pgTable(
  'user_skills',
  {
    id: uuid().primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: textC().notNull(),
    description: text().notNull().default(''),
    content: text().notNull(),
    createdAt: timestamp('created_at').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
  },
  (t) => [uniqueIndex(uniques.skillName).on(t.userId, t.name)],
);
