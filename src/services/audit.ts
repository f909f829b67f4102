// The audit log: who changed what, written in the transaction of the change.
import { randomUUID } from 'node:crypto';
import { type Ctx, nowText } from '../ctx.ts';
import { cutTo } from '../golang/text.ts';
import { insertAuditLog } from '../store/audit.ts';
import { auditDiff, bounded } from './audit-diff.ts';

const MAX_TARGET = 2048;

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
  | 'idp_sync_settings_organization'
  | 'idp_sync_settings_group'
  | 'idp_sync_settings_role';

/** What entries about settings are found by: the settings of a deployment have no ids of their own. */
export const SETTINGS_ID = '5e771465-0000-4000-8000-000000000000';
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
  /** A UUID; of keys that of their user, with `keyId` beside it. */
  resourceId: string;
  keyId?: string | undefined;
  /** What a person would call it: a username, the name of a token. */
  resourceTarget: string;
  organizationId?: string | undefined;
  /** What the answer says: 200 unless the operation documents another success. */
  status?: number;
  /**
   * The fields before and after; only those that differ are kept. Without the one, a thing was created, without the other
   * it was deleted: there stand empty values. Names of secret fields go to `secretFields`.
   */
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  /** Fields that are noted as changed without any value. */
  secretFields?: readonly string[];
  /** Who acts where there is no session yet (login). */
  userId?: string | undefined;
  additionalFields?: Record<string, unknown>;
  /** Something that the server does by itself: no address, no client, no request. */
  isAutomatic?: boolean;
}

/** The row that notes a change, for statements that write it together with the change. */
export const auditRow = (ctx: Pick<Ctx, 'actor' | 'clock' | 'origin'>, entry: AuditEntry) => ({
  id: randomUUID(),
  time: nowText(ctx),
  userId: entry.userId ?? ctx.actor?.user.id ?? null,
  organizationId: entry.organizationId ?? null,
  ip: entry.isAutomatic ? '' : ctx.origin.ip,
  userAgent: entry.isAutomatic ? '' : ctx.origin.userAgent,
  requestId: entry.isAutomatic ? null : ctx.origin.requestId,
  resourceType: entry.resourceType,
  resourceId: entry.resourceId,
  keyId: entry.keyId ?? null,
  resourceTarget: cutTo(entry.resourceTarget, MAX_TARGET),
  action: entry.action,
  diff: auditDiff(entry),
  statusCode: entry.status ?? 200,
  additionalFields: bounded(entry.additionalFields ?? {}),
});

/** Notes a change. Call it with the ctx of the transaction that makes the change: both are kept or neither is. */
export async function audit(ctx: Ctx, entry: AuditEntry): Promise<void> {
  await insertAuditLog(ctx.db, auditRow(ctx, entry));
}
