// The tables behind moving in: what the old deployment remembered of forms, and which rows were brought.
import { pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { textC } from './columns.ts';
import { users } from './schema.ts';

/** What a user last typed into the form of a template, in the deployment that the user came from. */
export const autofillParameters = pgTable(
  'autofill_parameters',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    templateId: uuid('template_id').notNull(),
    name: textC().notNull(),
    value: text().notNull(),
  },
  (t) => [primaryKey({ name: 'autofill_parameters_pkey', columns: [t.userId, t.templateId, t.name] })],
);

/**
 * Which rows came from another deployment and how they looked then (MD5 of what people can change about them), so that
 * a later import knows what is new there, what was changed here, and what was deleted on either side.
 */
export const importedRows = pgTable(
  'imported_rows',
  {
    kind: textC().notNull(),
    key: textC().notNull(),
    fingerprint: uuid().notNull(),
  },
  (t) => [primaryKey({ name: 'imported_rows_pkey', columns: [t.kind, t.key] })],
);
