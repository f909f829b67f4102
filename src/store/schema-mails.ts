// The tables behind mails to accounts: addresses that wait for their proof, and how many mails there were of late.
import { pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { bytea, timestamp } from './columns.ts';
import { users } from './schema.ts';

/** A new address that its owner has yet to prove: one for each account. Void when `oldEmail` or the password changes. */
export const emailChanges = pgTable(
  'email_changes',
  {
    userId: uuid('user_id')
      .primaryKey()
      .references(() => users.id, { onDelete: 'cascade' }),
    email: text().notNull(),
    /** SHA-256 of the token in the mailed link. */
    tokenHash: bytea('token_hash').notNull(),
    oldEmail: text('old_email').notNull(),
    /** SHA-256 of the stored password hash. */
    passwordMark: bytea('password_mark').notNull(),
    expiresAt: timestamp('expires_at').notNull(),
  },
  (t) => [uniqueIndex('email_changes_token_key').on(t.tokenHash)],
);

/** When an account was sent mails of a kind within the last hour. */
export const accountMails = pgTable(
  'account_mails',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    kind: text().notNull(),
    sentAt: timestamp('sent_at').array().notNull(),
  },
  (t) => [primaryKey({ name: 'account_mails_pkey', columns: [t.userId, t.kind] })],
);
