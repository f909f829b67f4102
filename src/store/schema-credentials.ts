// The tables of what people get in with: keys, links to identity providers, states that were used.
import { sql } from 'drizzle-orm';
import { bigint, check, index, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { bytea, timestamp } from './columns.ts';
import { uniques, users, zeroTime } from './schema.ts';

const epoch = sql.raw(`'1970-01-01 00:00:00+00'`);

export const apiKeys = pgTable(
  'api_keys',
  {
    id: text().primaryKey(),
    hashedSecret: bytea('hashed_secret').notNull(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    lastUsed: timestamp('last_used').notNull().default(epoch),
    expiresAt: timestamp('expires_at').notNull(),
    createdAt: timestamp('created_at').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
    loginType: text('login_type').notNull(),
    kind: text().notNull(),
    lifetimeSeconds: bigint('lifetime_seconds', { mode: 'number' }).notNull(),
    ipAddress: text('ip_address').notNull().default('0.0.0.0'),
    tokenName: text('token_name').notNull().default(''),
    scopes: text().array().notNull(),
    allowList: text('allow_list').array().notNull(),
  },
  (t) => [
    uniqueIndex(uniques.tokenName).on(t.userId, t.tokenName).where(sql`login_type = 'token'`),
    index('api_keys_user').on(t.userId),
    index('api_keys_expires').on(t.expiresAt),
    check('api_keys_allow_list_check', sql`cardinality(allow_list) > 0`),
    check(
      'api_keys_kind_check',
      sql`kind in ('session', 'key', 'token') and (kind = 'token') = (login_type = 'token')`,
    ),
  ],
);

/** Links to accounts of identity providers; the provider's tokens are encrypted (crypto/secret-box.ts). */
export const userLinks = pgTable(
  'user_links',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    loginType: text('login_type').notNull(),
    linkedId: text('linked_id').notNull().default(''),
    accessToken: text('access_token').notNull().default(''),
    refreshToken: text('refresh_token').notNull().default(''),
    expiresAt: timestamp('expires_at').notNull().default(zeroTime),
    claims: jsonb().notNull().default({}),
    /** By when whoever is asking the provider for fresh tokens has to be done; null while nobody is. */
    refreshUntil: timestamp('refresh_until'),
  },
  (t) => [
    primaryKey({ name: 'user_links_pkey', columns: [t.userId, t.loginType] }),
    uniqueIndex(uniques.linkedId).on(t.loginType, t.linkedId).where(sql`linked_id <> ''`),
  ],
);

/** States of logins that came back from a provider, hashed: none is taken twice. Kept for a day (jobs.ts). */
export const spentStates = pgTable(
  'spent_states',
  {
    hash: bytea().primaryKey(),
    spentAt: timestamp('spent_at').notNull(),
  },
  (t) => [index('spent_states_spent_at').on(t.spentAt)],
);
