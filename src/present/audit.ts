// Entries of the audit log as wire objects, field by field.
import type { AuditLog, AuditLogResponse } from '../codersdk/audit.ts';
import { isPlainUuid, NIL_UUID } from '../golang/uuids.ts';
import type { AuditRow } from '../store/audit.ts';
import { presentUser } from './users.ts';

const KINDS: Readonly<Record<string, string>> = {
  api_key: 'API key',
  convert_login: 'login type conversion',
  git_ssh_key: 'SSH key',
  notifications_settings: 'notification settings',
  user_settings: 'settings of',
};
const DEEDS: Readonly<Record<string, string>> = { create: 'created', write: 'updated', delete: 'deleted' };

/** What happened in words; readers put the names in place of {user} and {target}. */
function describe({ action, resourceType, statusCode }: AuditRow['entry']): string {
  const kind = KINDS[resourceType] ?? resourceType.replaceAll('_', ' ');
  if (statusCode >= 400) {
    const what = action === 'login' ? 'login' : `${action} ${kind} {target}`;
    return `{user} unsuccessfully attempted to ${what}`;
  }
  if (action === 'login') return '{user} logged in';
  if (action === 'logout') return '{user} logged out';
  if (action === 'request_password_reset') return '{user} requested a password reset for {target}';
  return `{user} ${DEEDS[action] ?? action} ${kind} {target}`;
}

/** codersdk.AuditLog. The id of a key is no UUID, so it is among the additional fields. Source: operation get-audit-logs. */
function presentAuditLog({ entry, user, organization, isDeleted }: AuditRow): AuditLog {
  return {
    id: entry.id,
    request_id: entry.requestId ?? NIL_UUID,
    time: entry.time,
    ip: entry.ip,
    user_agent: entry.userAgent,
    resource_type: entry.resourceType,
    resource_id: isPlainUuid(entry.resourceId) ? entry.resourceId : NIL_UUID,
    resource_target: entry.resourceTarget,
    resource_icon: '',
    action: entry.action,
    diff: entry.diff as AuditLog['diff'],
    status_code: entry.statusCode,
    additional_fields: {
      ...(entry.additionalFields as AuditLog['additional_fields']),
      ...(entry.resourceType === 'api_key' && !isPlainUuid(entry.resourceId) && { api_key_id: entry.resourceId }),
    },
    description: describe(entry),
    resource_link: '',
    is_deleted: isDeleted,
    organization_id: entry.organizationId ?? NIL_UUID,
    ...(organization && {
      organization: {
        id: organization.id,
        name: organization.name,
        display_name: organization.displayName,
        icon: organization.icon,
      },
    }),
    user: user && presentUser(user),
  };
}

/** codersdk.AuditLogResponse. */
export const presentAuditLogs = (page: { rows: AuditRow[]; count: number }): AuditLogResponse => ({
  audit_logs: page.rows.map(presentAuditLog),
  count: page.count,
});
