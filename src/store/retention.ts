// Deleting what was kept long enough: expired keys, spent states, messages and old audit entries.
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

/**
 * Deletes keys that expired before a time, the longest expired first. Rows that another replica is deleting are left to it.
 * @returns how many, at most `most`
 */
export async function deleteExpiredKeys(db: Db, before: string, most: number): Promise<number> {
  const result = await db.execute(sql`
    delete from api_keys where id in (
      select id from api_keys where expires_at < ${before}::timestamptz order by expires_at limit ${most} for update skip locked)`);
  return result.rowCount ?? 0;
}

/**
 * Deletes audit entries from before a time, the oldest first. Rows that another replica is deleting are left to it.
 * @returns how many, at most `most`
 */
export async function deleteOldAuditLogs(db: Db, before: string, most: number): Promise<number> {
  const result = await db.execute(sql`
    delete from audit_logs where id in (
      select id from audit_logs where time < ${before}::timestamptz order by time, id limit ${most} for update skip locked)`);
  return result.rowCount ?? 0;
}

/**
 * Deletes states of logins that came back before a time. Rows that another replica is deleting are left to it.
 * @returns how many, at most `most`
 */
export async function deleteSpentStates(db: Db, before: string, most: number): Promise<number> {
  const result = await db.execute(sql`
    delete from spent_states where hash in (
      select hash from spent_states where spent_at < ${before}::timestamptz order by spent_at limit ${most} for update skip locked)`);
  return result.rowCount ?? 0;
}

/**
 * Deletes messages from before a time that were delivered or given up. Rows that another replica is deleting are left to it.
 * @returns how many, at most `most`
 */
export async function deleteHandledMessages(db: Db, before: string, most: number): Promise<number> {
  const result = await db.execute(sql`
    delete from notification_messages where id in (
      select id from notification_messages where status <> 'pending' and created_at < ${before}::timestamptz
      order by created_at limit ${most} for update skip locked)`);
  return result.rowCount ?? 0;
}

/**
 * Deletes messages from before a time from inboxes. Rows that another replica is deleting are left to it.
 * @returns how many, at most `most`
 */
export async function deleteOldInboxMessages(db: Db, before: string, most: number): Promise<number> {
  const result = await db.execute(sql`
    delete from inbox_notifications where id in (
      select id from inbox_notifications where created_at < ${before}::timestamptz
      order by created_at limit ${most} for update skip locked)`);
  return result.rowCount ?? 0;
}
