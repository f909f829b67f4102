// The audit log as rows.
import type { Db } from './db.ts';
import { auditLogs } from './schema.ts';

/** Adds an entry. */
export async function insertAuditLog(db: Db, entry: typeof auditLogs.$inferInsert): Promise<void> {
  await db.insert(auditLogs).values(entry);
}
