// The tables of people, organizations and the site. Constraint names that services react to are exported as `uniques`.
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { textC, timestamp } from './columns.ts';

/** `last_seen_at` of somebody who was never seen, and the expiry of a token that never expires. */
export const ZERO_TIME = '0001-01-01T00:00:00Z';
/** `last_used` of a key that was never used. */
export const EPOCH = '1970-01-01T00:00:00Z';
/** The built-in account that owns prebuilt workspaces; never listed (golden: rbac-system-user). */
export const SYSTEM_USER_ID = 'c42fdf75-3097-471c-8c33-fb52454d81c0';

export const uniques = {
  username: 'users_username_lower_key',
  email: 'users_email_lower_key',
  tokenName: 'api_keys_token_name_key',
  organizationName: 'organizations_name_lower_key',
  organizationMember: 'organization_members_pkey',
  linkedId: 'user_links_linked_id_key',
  secretName: 'user_secrets_name_key',
  secretEnvName: 'user_secrets_env_name_key',
  secretFilePath: 'user_secrets_file_path_key',
  skillName: 'user_skills_name_key',
} as const;

export const zeroTime = sql.raw(`'0001-01-01 00:00:00+00'`);

export const users = pgTable(
  'users',
  {
    id: uuid().primaryKey(),
    username: text().notNull(),
    email: text().notNull(),
    name: text().notNull().default(''),
    avatarUrl: text('avatar_url').notNull().default(''),
    hashedPassword: text('hashed_password').notNull().default(''),
    loginType: text('login_type').notNull(),
    status: text().notNull(),
    roles: text().array().notNull().default([]),
    createdAt: timestamp('created_at').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
    lastSeenAt: timestamp('last_seen_at').notNull().default(zeroTime),
    deleted: boolean().notNull().default(false),
    isSystem: boolean('is_system').notNull().default(false),
    isServiceAccount: boolean('is_service_account').notNull().default(false),
    /** Used AI features where the account came from; nothing here takes or frees a seat. */
    hasAiSeat: boolean('has_ai_seat').notNull().default(false),
    githubComUserId: bigint('github_com_user_id', { mode: 'bigint' }),
    hashedOneTimePasscode: text('hashed_one_time_passcode'),
    oneTimePasscodeExpiresAt: timestamp('one_time_passcode_expires_at'),
    usernameLower: textC('username_lower').notNull().generatedAlwaysAs(sql`lower(username collate "C")`),
    // What lists are searched by: letter case folded alike on every database, whatever its locale (store/fold.ts).
    searchText: text('search_text').notNull().generatedAlwaysAs(sql`fold_case(username) || chr(1) || fold_case(email)`),
    nameFolded: text('name_folded').notNull().generatedAlwaysAs(sql`fold_case(name)`),
  },
  (t) => [
    uniqueIndex(uniques.username).on(t.usernameLower).where(sql`deleted = false`),
    uniqueIndex(uniques.email).on(sql`lower(${t.email} collate "C")`).where(sql`deleted = false and email <> ''`),
    // The order of every list, with the id beside it so that a page can be found without the rows.
    index('users_list_order').on(t.usernameLower, t.id).where(sql`deleted = false and is_system = false`),
    index('users_search_trgm').using('gin', sql`search_text gin_trgm_ops`),
    index('users_owners').on(t.id).where(sql`deleted = false and roles @> array['owner']`),
    index('users_told_of_accounts').on(t.id).where(sql`deleted = false and roles && array['owner', 'user-admin']`),
    check('users_status_check', sql`status in ('active', 'dormant', 'suspended')`),
    check(
      'users_login_type_check',
      sql`login_type in ('password', 'github', 'oidc', 'token', 'none', 'oauth2_provider_app')`,
    ),
    check(
      'users_service_account_check',
      sql`(email = '') = is_service_account and (not is_service_account or login_type = 'none')`,
    ),
  ],
);

export const organizations = pgTable(
  'organizations',
  {
    id: uuid().primaryKey(),
    name: text().notNull(),
    displayName: text('display_name').notNull(),
    description: text().notNull().default(''),
    icon: text().notNull().default(''),
    isDefault: boolean('is_default').notNull().default(false),
    defaultOrgMemberRoles: text('default_org_member_roles')
      .array()
      .notNull()
      .default(['organization-workspace-access']),
    shareableWorkspaceOwners: text('shareable_workspace_owners').notNull().default('everyone'),
    createdAt: timestamp('created_at').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
  },
  (t) => [
    uniqueIndex(uniques.organizationName).on(sql`lower(${t.name} collate "C")`),
    uniqueIndex('organizations_single_default').on(t.isDefault).where(sql`is_default`),
  ],
);

export const organizationMembers = pgTable(
  'organization_members',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    organizationId: uuid('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    roles: text().array().notNull().default([]),
    createdAt: timestamp('created_at').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
  },
  (t) => [
    primaryKey({ name: uniques.organizationMember, columns: [t.userId, t.organizationId] }),
    index('organization_members_organization').on(t.organizationId),
    // In the order in which answers list a user's organizations.
    index('organization_members_user').on(t.userId, t.createdAt, t.organizationId),
  ],
);

export const auditLogs = pgTable(
  'audit_logs',
  {
    id: uuid().primaryKey(),
    time: timestamp().notNull(),
    userId: uuid('user_id'),
    organizationId: uuid('organization_id'),
    ip: text().notNull().default(''),
    userAgent: text('user_agent').notNull().default(''),
    requestId: uuid('request_id'),
    resourceType: text('resource_type').notNull(),
    /** A UUID as text: of keys that of their user. */
    resourceId: text('resource_id').notNull(),
    /** Which key an entry about keys means. */
    keyId: text('key_id'),
    resourceTarget: text('resource_target').notNull(),
    action: text().notNull(),
    diff: jsonb().notNull().default({}),
    statusCode: integer('status_code').notNull(),
    additionalFields: jsonb('additional_fields').notNull().default({}),
  },
  (t) => [
    index('audit_logs_time').on(t.time, t.id),
    index('audit_logs_user').on(t.userId, t.time),
    index('audit_logs_resource').on(t.resourceId, t.time),
    index('audit_logs_organization').on(t.organizationId, t.time),
    index('audit_logs_request').on(t.requestId),
    index('audit_logs_type').on(t.resourceType, t.time, t.id),
    index('audit_logs_action').on(t.action, t.time, t.id),
    // Targets may be longer than an index bears.
    index('audit_logs_target').on(sql`left(${t.resourceTarget}, 200)`, t.time).where(sql`resource_target <> ''`),
  ],
);

/**
 * How many listed users (living, not the system account) there are, spread over shards so that writers do not wait for
 * each other; triggers keep it. The sum is the count of the unfiltered list.
 */
export const userCounts = pgTable('user_counts', {
  shard: integer().primaryKey(),
  live: bigint({ mode: 'number' }).notNull(),
});

/** One value per key: the deployment id, signing keys (encrypted), notification settings. */
export const siteSettings = pgTable('site_settings', {
  key: text().primaryKey(),
  value: text().notNull(),
});
