// Storing a new key, and its audit entry with it, in one round trip.
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { prepared } from './prepared.ts';
import { type apiKeys, type auditLogs, EPOCH } from './schema.ts';

export type NewKey = Required<Omit<typeof apiKeys.$inferInsert, 'updatedAt' | 'lastUsed'>>;
type AuditLog = typeof auditLogs.$inferInsert;

const value = (name: string) => sql.placeholder(name);

// The user's row is locked so that a deletion under way either ends before or takes this key along.
const OWNER = sql`select id from users where id = ${value('userId')}::uuid and deleted = false for share`;

const KEY = sql`insert into api_keys
    (id, hashed_secret, user_id, last_used, expires_at, created_at, updated_at, login_type, lifetime_seconds, ip_address, token_name, scopes, allow_list)
  select ${value('keyId')}::text, ${value('hashedSecret')}::bytea, owner.id, ${sql.raw(`'${EPOCH}'`)}::timestamptz,
    ${value('expiresAt')}::timestamptz, ${value('createdAt')}::timestamptz, ${value('createdAt')}::timestamptz,
    ${value('loginType')}::text, ${value('lifetimeSeconds')}::bigint, ${value('ipAddress')}::text, ${value('tokenName')}::text,
    ${value('scopes')}::text[], ${value('allowList')}::text[]
  from owner
  on conflict (user_id, token_name) where login_type = 'token' do nothing
  returning id`;

const LOG = sql`insert into audit_logs
    (id, time, user_id, ip, user_agent, request_id, resource_type, resource_id, resource_target, action, diff, status_code)
  select ${value('logId')}::uuid, ${value('logTime')}::timestamptz, ${value('logUserId')}::uuid, ${value('logIp')}::text,
    ${value('logUserAgent')}::text, ${value('logRequestId')}::uuid, ${value('logResourceType')}::text, key.id,
    ${value('logResourceTarget')}::text, ${value('logAction')}::text, ${value('logDiff')}::jsonb, ${value('logStatusCode')}::int
  from key
  returning id`;

function build(db: Db, logged: boolean) {
  const id = { id: sql<string>`id` };
  const owner = db.$with('owner', id).as(OWNER);
  const key = db.$with('key', id).as(KEY);
  const log = db.$with('log', id).as(LOG);
  return db
    .with(owner, key, ...(logged ? [log] : []))
    .select({ stored: sql<boolean>`exists (select from key)` })
    .from(owner)
    .prepare(logged ? 'insert_key_logged' : 'insert_key');
}

const insertLogged = prepared((db) => build(db, true));
const insertAlone = prepared((db) => build(db, false));

/**
 * Stores a key of a living user and, if given, the audit entry: both or neither.
 * @returns what happened: `no-user` when the user is deleted or unknown, `name-taken` when the user has a token of that
 * name (nothing is stored then)
 */
export async function insertKey(db: Db, key: NewKey, log?: AuditLog): Promise<'stored' | 'no-user' | 'name-taken'> {
  const { id: keyId, ...columns } = key;
  const rows = log
    ? await insertLogged(db).execute({
        keyId,
        ...columns,
        logId: log.id,
        logTime: log.time,
        logUserId: log.userId,
        logIp: log.ip,
        logUserAgent: log.userAgent,
        logRequestId: log.requestId,
        logResourceType: log.resourceType,
        logResourceTarget: log.resourceTarget,
        logAction: log.action,
        logDiff: JSON.stringify(log.diff ?? {}),
        logStatusCode: log.statusCode,
      })
    : await insertAlone(db).execute({ keyId, ...columns });
  const row = rows[0];
  if (!row) return 'no-user';
  return row.stored ? 'stored' : 'name-taken';
}
