// The audit log: who changed what, written in the transaction of the change.
import { randomUUID } from 'node:crypto';
import { type Ctx, nowText } from '../ctx.ts';
import { insertAuditLog } from '../store/audit.ts';

export type AuditAction = 'create' | 'write' | 'delete' | 'login' | 'logout' | 'register' | 'request_password_reset';
export type AuditResource =
  | 'user'
  | 'api_key'
  | 'git_ssh_key'
  | 'organization'
  | 'organization_member'
  | 'user_secret'
  | 'user_skill'
  | 'convert_login'
  | 'notifications_settings'
  | 'health_settings'
  | 'appearance'
  | 'oauth2_provider_app'
  | 'oauth2_provider_app_secret'
  | 'notification_template'
  | 'user_settings'
  | 'idp_sync_settings_organization'
  | 'idp_sync_settings_group'
  | 'idp_sync_settings_role';

/** Settings of sync have one id for all. */
export const SYNC_SETTINGS_ID = '51a51c00-0000-0000-0000-000000000000';
export const SYNC_SETTINGS_TARGETS = {
  idp_sync_settings_organization: 'Organization Sync',
  idp_sync_settings_group: 'Organization Group Sync',
  idp_sync_settings_role: 'Organization Role Sync',
} as const;

export interface AuditEntry {
  action: AuditAction;
  resourceType: AuditResource;
  resourceId: string;
  /** What a person would call it: a username, the name of a token. */
  resourceTarget: string;
  organizationId?: string | undefined;
  /** What the answer says: 200 unless the operation documents another success. */
  status?: number;
  /** The fields before and after; only those that differ are kept. Names of secret fields go to `secretFields`. */
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  /** Fields that are noted as changed without any value. */
  secretFields?: string[];
  /** Who acts where there is no session yet (login, first user). */
  userId?: string | undefined;
  additionalFields?: Record<string, unknown>;
}

/** The fields that differ, as {field: {old, new, secret}}. */
function auditDiff(entry: Pick<AuditEntry, 'before' | 'after' | 'secretFields'>): Record<string, unknown> {
  const diff: Record<string, unknown> = {};
  for (const field of new Set([...Object.keys(entry.before ?? {}), ...Object.keys(entry.after ?? {})])) {
    const old = entry.before?.[field] ?? null;
    const now = entry.after?.[field] ?? null;
    if (JSON.stringify(old) !== JSON.stringify(now)) diff[field] = { old, new: now, secret: false };
  }
  for (const field of entry.secretFields ?? []) diff[field] = { old: '', new: '', secret: true };
  return diff;
}

/** The row that notes a change, for statements that write it together with the change. */
export const auditRow = (ctx: Pick<Ctx, 'actor' | 'clock' | 'origin'>, entry: AuditEntry) => ({
  id: randomUUID(),
  time: nowText(ctx),
  userId: entry.userId ?? ctx.actor?.user.id ?? null,
  organizationId: entry.organizationId ?? null,
  ip: ctx.origin.ip,
  userAgent: ctx.origin.userAgent,
  requestId: ctx.origin.requestId,
  resourceType: entry.resourceType,
  resourceId: entry.resourceId,
  resourceTarget: entry.resourceTarget,
  action: entry.action,
  diff: auditDiff(entry),
  statusCode: entry.status ?? 200,
  additionalFields: entry.additionalFields ?? {},
});

/** Notes a change. Call it with the ctx of the transaction that makes the change: both are kept or neither is. */
export async function audit(ctx: Ctx, entry: AuditEntry): Promise<void> {
  await insertAuditLog(ctx.db, auditRow(ctx, entry));
}
