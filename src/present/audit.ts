// Entries of the audit log as wire objects, field by field.
import type { AuditFormat, AuditLog, AuditLogResponse } from '../codersdk/audit.ts';
import { type CsvValue, csvLine } from '../csv.ts';
import { isPlainUuid, NIL_UUID } from '../golang/uuids.ts';
import type { AuditRow } from '../store/audit.ts';
import type { UserRow } from '../store/users.ts';
import { presentUser } from './users.ts';

/** What things are called in descriptions, where it is not the kind's own name. Golden: audit-* */
const THINGS: Readonly<Record<string, string>> = {
  api_key: 'token',
  convert_login: 'login type conversion to',
  custom_role: 'custom role',
  git_ssh_key: 'the git ssh key',
  idp_sync_settings_group: 'settings',
  idp_sync_settings_organization: 'settings',
  idp_sync_settings_role: 'settings',
  notification_template: 'notification template',
  oauth2_provider_app: 'oauth2 app',
  oauth2_provider_app_secret: 'oauth2 app secret',
  organization_member: 'organization member',
  template_version: 'template version',
  user_secret: 'user secret',
  user_skill: 'user skill',
  workspace_build: 'workspace',
};
const DEEDS: Readonly<Record<string, string>> = {
  create: 'created',
  write: 'updated',
  delete: 'deleted',
  start: 'started',
  stop: 'stopped',
};
/** Done and refused, where no thing is named. */
const PLAIN: Readonly<Record<string, string>> = { login: 'logged in', logout: 'logged out', register: 'registered' };

/** What happened in words; readers put the names in place of {user} and {target}. */
function describe({ action, resourceType, statusCode }: AuditRow['entry']): string {
  const isRefused = statusCode >= 400;
  if (action === 'request_password_reset' && !isRefused) return 'password reset requested for {target}';
  const deed = isRefused ? `unsuccessfully attempted to ${action}` : (PLAIN[action] ?? DEEDS[action] ?? action);
  if (action in PLAIN) return `{user} ${deed}`;
  const thing = THINGS[resourceType] ?? resourceType;
  // The target of an SSH key is the key itself.
  return `{user} ${deed} ${thing}${resourceType === 'git_ssh_key' ? '' : ' {target}'}`;
}

/** Where the thing can be seen; "" where it cannot. */
function linkTo({ entry: { resourceType, resourceTarget }, isDeleted, appId }: AuditRow): string {
  if (isDeleted) return '';
  if (resourceType === 'user') return `/users?filter=${resourceTarget}`;
  return appId === null ? '' : `/deployment/oauth2-provider/apps/${appId}`;
}

/** The database keeps the names of fields in an order of its own. */
const sorted = (fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Who acted, as of now. */
const presentActor = (user: UserRow): AuditLog['user'] => ({ ...presentUser(user), organization_ids: [] });

/** codersdk.AuditLog. Source: operation get-audit-logs; golden: audit-* */
function presentAuditLog(row: AuditRow): AuditLog {
  const { entry, user, organization } = row;
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
    diff: sorted(entry.diff as AuditLog['diff']) as AuditLog['diff'],
    status_code: entry.statusCode,
    additional_fields: entry.additionalFields as AuditLog['additional_fields'],
    description: describe(entry),
    resource_link: linkTo(row),
    is_deleted: row.isDeleted,
    organization_id: entry.organizationId ?? NIL_UUID,
    ...(organization && {
      organization: {
        id: organization.id,
        name: organization.name,
        display_name: organization.displayName,
        icon: organization.icon,
      },
    }),
    user: user && presentActor(user),
  };
}

/** codersdk.AuditLogResponse. */
export const presentAuditLogs = (page: {
  rows: readonly AuditRow[];
  count: number;
  countCap: number;
}): AuditLogResponse => ({
  audit_logs: page.rows.map(presentAuditLog),
  count: page.count,
  count_cap: page.countCap,
});

type Pages = AsyncIterable<readonly AuditRow[]>;

/** Each entry as the list shows it, and of entries about keys which key. */
const jsonLines = (rows: readonly AuditRow[]): string =>
  rows
    .map((row) => {
      const { keyId } = row.entry;
      return `${JSON.stringify({ ...presentAuditLog(row), ...(keyId !== null && { key_id: keyId }) })}\n`;
    })
    .join('');

const CSV_COLUMNS = [
  ...['id', 'time', 'request_id', 'ip', 'user_agent', 'user_id', 'username', 'user_email'],
  ...['organization_id', 'organization_name', 'resource_type', 'resource_id', 'key_id', 'resource_target'],
  ...['action', 'status_code', 'description', 'is_deleted', 'diff', 'additional_fields'],
];

const csvLines = (rows: readonly AuditRow[]): string =>
  rows
    .map((row) => {
      const { user, organization, ...entry } = presentAuditLog(row);
      const cells: Record<string, CsvValue> = {
        ...entry,
        user_id: user?.id ?? '',
        username: user?.username ?? '',
        user_email: user?.email ?? '',
        organization_name: organization?.name ?? '',
        key_id: row.entry.keyId,
      };
      return csvLine(CSV_COLUMNS.map((column) => cells[column] ?? null));
    })
    .join('');

async function* inParts(head: string, pages: Pages, lines: (rows: readonly AuditRow[]) => string) {
  yield head;
  for await (const rows of pages) yield lines(rows);
}

/** The log as a file, part by part: JSON lines, or CSV with a line of names first. */
export const auditFile = (
  format: AuditFormat,
  pages: Pages,
): { name: string; type: string; parts: AsyncIterable<string> } =>
  format === 'csv'
    ? { name: 'audit.csv', type: 'text/csv; charset=utf-8', parts: inParts(csvLine(CSV_COLUMNS), pages, csvLines) }
    : { name: 'audit.jsonl', type: 'application/jsonl; charset=utf-8', parts: inParts('', pages, jsonLines) };
