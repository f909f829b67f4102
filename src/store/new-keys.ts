// Storing new keys, each with its audit entry: all that are waiting in one statement.
import { sql } from 'drizzle-orm';
import { batched } from '../in-flight.ts';
import type { Db } from './db.ts';
import { databaseTrouble } from './errors.ts';
import { prepared } from './prepared.ts';
import { type auditLogs, EPOCH } from './schema.ts';
import type { apiKeys } from './schema-credentials.ts';

export type NewKey = Required<Omit<typeof apiKeys.$inferInsert, 'updatedAt' | 'lastUsed'>>;
type AuditLog = typeof auditLogs.$inferInsert;

/**
 * What must still be true when a key is stored (docs/differences.md 26).
 * Whoever changes any of it locks the user's row, or the key's, and so comes wholly before or wholly after.
 */
export interface KeyConditions {
  /** The password hash that was checked must still be the stored one. */
  readonly passwordHash?: string | undefined;
  /** The key of the same user that makes this one must not have been ended since it was read. */
  readonly parent?: { readonly id: string; readonly expiresAt: string } | undefined;
  /** The user must be active. */
  readonly onlyActive?: boolean | undefined;
}

/**
 * What became of a key: `no-user` when the user is deleted or unknown, `outdated` when a condition does not hold any more;
 * nothing is stored for it but with `stored`.
 */
export type Outcome = 'stored' | 'no-user' | 'outdated' | 'name-taken';

interface Entry {
  key: NewKey;
  log: AuditLog | undefined;
  conditions: KeyConditions;
}

const MAX_BATCH = 100;

const INPUT = sql`select * from json_to_recordset(${sql.placeholder('entries')}::json) as entry(
  "keyId" text, "hashedSecret" bytea, "userId" uuid, "expiresAt" timestamptz, "createdAt" timestamptz, "loginType" text, kind text,
  "lifetimeSeconds" bigint, "ipAddress" text, "tokenName" text, scopes text[], "allowList" text[],
  "passwordHash" text, "parentId" text, "parentExpiresAt" timestamptz, "onlyActive" boolean,
  "logId" uuid, time timestamptz, "logUserId" uuid, ip text, "userAgent" text, "requestId" uuid, "resourceType" text, "resourceId" text, "logKeyId" text,
  "resourceTarget" text, action text, diff jsonb, "statusCode" int)`;

// Whoever deletes or suspends a user or sets a password locks the user's row first (locks.ts): either that is seen here, or
// these keys are seen there. What was waited for is read as it is then.
const OWNER = sql`select id, hashed_password, status from users
  where id in (select "userId" from input) and deleted = false order by id for key share`;

// Joined with the users, whose rows are thereby locked first.
const PARENT = sql`select k.id from owner join input on "userId" = owner.id
    join api_keys k on k.id = "parentId" and k.user_id = owner.id
  where k.expires_at >= "parentExpiresAt" order by k.id for share of k`;

const FIT = sql`select "keyId" from input join owner on owner.id = "userId"
  where ("passwordHash" is null or "passwordHash" = hashed_password)
    and ("onlyActive" is not true or status = 'active')
    and ("parentId" is null or "parentId" in (select id from parent))`;

const KEY = sql`insert into api_keys
    (id, hashed_secret, user_id, last_used, expires_at, created_at, updated_at, login_type, kind, lifetime_seconds, ip_address, token_name, scopes, allow_list)
  select "keyId", "hashedSecret", "userId", ${sql.raw(`'${EPOCH}'`)}::timestamptz, "expiresAt", "createdAt", "createdAt",
    "loginType", kind, "lifetimeSeconds", "ipAddress", "tokenName", scopes, "allowList"
  from input where "keyId" in (select "keyId" from fit)
  on conflict (user_id, token_name) where login_type = 'token' do nothing
  returning id`;

const LOG = sql`insert into audit_logs
    (id, time, user_id, ip, user_agent, request_id, resource_type, resource_id, key_id, resource_target, action, diff, status_code)
  select "logId", time, "logUserId", ip, "userAgent", "requestId", "resourceType", "resourceId", "logKeyId", "resourceTarget", action, diff, "statusCode"
  from input where "logId" is not null and "keyId" in (select id from key)
  returning id`;

const insertAll = prepared((db) => {
  const id = { id: sql<string>`id` };
  const keyId = { keyId: sql<string>`"keyId"` };
  const input = db.$with('input', keyId).as(INPUT);
  return db
    .with(
      input,
      db.$with('owner', id).as(OWNER),
      db.$with('parent', id).as(PARENT),
      db.$with('fit', keyId).as(FIT),
      db.$with('key', id).as(KEY),
      db.$with('log', id).as(LOG),
    )
    .select({
      keyId: sql<string>`"keyId"`,
      outcome: sql<Outcome>`case when "keyId" in (select id from key) then 'stored'
        when "keyId" in (select "keyId" from fit) then 'name-taken'
        when "userId" in (select id from owner) then 'outdated' else 'no-user' end`,
    })
    .from(input)
    .prepare('insert_keys');
});

/** An entry as the statement reads it. */
function columnsOf({ key, log, conditions: { parent, ...conditions } }: Entry): Record<string, unknown> {
  const { id: keyId, hashedSecret, ...columns } = key;
  const { id: logId, userId: logUserId, keyId: logKeyId, ...logColumns } = log ?? {};
  return {
    keyId,
    hashedSecret: `\\x${hashedSecret.toString('hex')}`,
    ...columns,
    ...conditions,
    parentId: parent?.id,
    parentExpiresAt: parent?.expiresAt,
    logId,
    logUserId,
    logKeyId,
    ...logColumns,
  };
}

async function insertEntries(db: Db, entries: readonly Entry[]): Promise<Outcome[]> {
  const rows = await insertAll(db).execute({ entries: JSON.stringify(entries.map(columnsOf)) });
  const outcomes = new Map(rows.map((row) => [row.keyId, row.outcome]));
  return entries.map(({ key }) => outcomes.get(key.id) ?? 'no-user');
}

/** Whoever waits too long waits for the row of one user: the keys of others can be stored. */
function failsForAll(err: unknown, entries: readonly Entry[]): boolean {
  const trouble = databaseTrouble(err);
  if (trouble !== 'too slow') return trouble !== undefined;
  return entries.every(({ key }) => key.userId === entries[0]?.key.userId);
}

const inserters = prepared((db) =>
  batched(
    (entries: readonly Entry[]) => insertEntries(db, entries),
    MAX_BATCH,
    failsForAll,
    ({ key }) => key.userId,
  ),
);

/** Stores a key of a living user for whom the conditions hold and, if given, the audit entry: both or neither. */
export function insertKey(db: Db, key: NewKey, log?: AuditLog, conditions: KeyConditions = {}): Promise<Outcome> {
  return inserters(db)({ key, log, conditions });
}
