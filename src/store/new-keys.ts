// Storing new keys, each with its audit entry: all that are waiting in one statement.
import { sql } from 'drizzle-orm';
import { batched } from '../in-flight.ts';
import type { Db } from './db.ts';
import { isUnavailable } from './errors.ts';
import { prepared } from './prepared.ts';
import { type apiKeys, type auditLogs, EPOCH } from './schema.ts';

export type NewKey = Required<Omit<typeof apiKeys.$inferInsert, 'updatedAt' | 'lastUsed'>>;
type AuditLog = typeof auditLogs.$inferInsert;

/** What became of a key: `no-user` when the user is deleted or unknown; nothing is stored for it but with `stored`. */
export type Outcome = 'stored' | 'no-user' | 'name-taken';

interface Entry {
  key: NewKey;
  log: AuditLog | undefined;
}

const MAX_BATCH = 100;

const INPUT = sql`select * from json_to_recordset(${sql.placeholder('entries')}::json) as entry(
  "keyId" text, "hashedSecret" bytea, "userId" uuid, "expiresAt" timestamptz, "createdAt" timestamptz, "loginType" text, kind text,
  "lifetimeSeconds" bigint, "ipAddress" text, "tokenName" text, scopes text[], "allowList" text[],
  "logId" uuid, time timestamptz, "logUserId" uuid, ip text, "userAgent" text, "requestId" uuid, "resourceType" text,
  "resourceTarget" text, action text, diff jsonb, "statusCode" int)`;

// A deletion locks its user's row first: it either takes these keys along, or they are not stored. In one order, so that
// two statements never wait for each other.
const OWNER = sql`select id from users where id in (select "userId" from input) and deleted = false order by id for key share`;

const KEY = sql`insert into api_keys
    (id, hashed_secret, user_id, last_used, expires_at, created_at, updated_at, login_type, kind, lifetime_seconds, ip_address, token_name, scopes, allow_list)
  select "keyId", "hashedSecret", "userId", ${sql.raw(`'${EPOCH}'`)}::timestamptz, "expiresAt", "createdAt", "createdAt",
    "loginType", kind, "lifetimeSeconds", "ipAddress", "tokenName", scopes, "allowList"
  from input where "userId" in (select id from owner)
  on conflict (user_id, token_name) where login_type = 'token' do nothing
  returning id`;

const LOG = sql`insert into audit_logs
    (id, time, user_id, ip, user_agent, request_id, resource_type, resource_id, resource_target, action, diff, status_code)
  select "logId", time, "logUserId", ip, "userAgent", "requestId", "resourceType", "keyId", "resourceTarget", action, diff, "statusCode"
  from input where "logId" is not null and "keyId" in (select id from key)
  returning id`;

const insertAll = prepared((db) => {
  const id = { id: sql<string>`id` };
  const input = db.$with('input', { keyId: sql<string>`"keyId"` }).as(INPUT);
  return db
    .with(input, db.$with('owner', id).as(OWNER), db.$with('key', id).as(KEY), db.$with('log', id).as(LOG))
    .select({
      keyId: sql<string>`"keyId"`,
      outcome: sql<Outcome>`case when "keyId" in (select id from key) then 'stored'
        when "userId" in (select id from owner) then 'name-taken' else 'no-user' end`,
    })
    .from(input)
    .prepare('insert_keys');
});

/** An entry as the statement reads it. */
function columnsOf({ key, log }: Entry): Record<string, unknown> {
  const { id: keyId, hashedSecret, ...columns } = key;
  const { id: logId, userId: logUserId, resourceId: _, ...logColumns } = log ?? {};
  return { keyId, hashedSecret: `\\x${hashedSecret.toString('hex')}`, ...columns, logId, logUserId, ...logColumns };
}

async function insertEntries(db: Db, entries: readonly Entry[]): Promise<Outcome[]> {
  const rows = await insertAll(db).execute({ entries: JSON.stringify(entries.map(columnsOf)) });
  const outcomes = new Map(rows.map((row) => [row.keyId, row.outcome]));
  return entries.map(({ key }) => outcomes.get(key.id) ?? 'no-user');
}

const inserters = prepared((db) =>
  batched((entries: readonly Entry[]) => insertEntries(db, entries), MAX_BATCH, isUnavailable),
);

/** Stores a key of a living user and, if given, the audit entry: both or neither. */
export function insertKey(db: Db, key: NewKey, log?: AuditLog): Promise<Outcome> {
  return inserters(db)({ key, log });
}
