// Wire types of the audit log.
import { z } from 'zod';
import { count, map, whole } from './answers.ts';
import { QueryCount, QueryText, Time, Uuid } from './common.ts';
import {
  MAX_DESCRIPTION,
  MAX_DISPLAY_NAME,
  MAX_KNOWN,
  MAX_LABEL,
  MAX_NAME,
  MAX_URL,
  MAX_USERNAME,
  MAX_WORD,
} from './sizes.ts';
import { User } from './users.ts';
import { text } from './wire.ts';

/** Every action that the API documents; this server writes some of them. */
export const AUDIT_ACTIONS = [
  ...['create', 'write', 'delete', 'start', 'stop', 'login', 'logout', 'register', 'request_password_reset'],
  ...['connect', 'disconnect', 'open', 'close'],
] as const;

/** Every reason for a build of a workspace that the API documents. */
export const BUILD_REASONS = ['initiator', 'autostart', 'autostop', 'dormancy', 'autodelete'] as const;

/** Every kind of resource that the API documents; this server writes some of them. */
export const AUDIT_RESOURCE_TYPES = [
  ...['template', 'template_version', 'user', 'workspace', 'workspace_build', 'git_ssh_key', 'api_key', 'group'],
  ...['license', 'convert_login', 'health_settings', 'notifications_settings', 'prebuilds_settings'],
  ...['workspace_proxy', 'organization', 'oauth2_provider_app', 'oauth2_provider_app_secret', 'custom_role'],
  ...['organization_member', 'notification_template', 'idp_sync_settings_organization', 'idp_sync_settings_group'],
  ...['idp_sync_settings_role', 'workspace_agent', 'workspace_app', 'task', 'user_secret', 'user_skill'],
  'appearance',
] as const;

/** Kinds that the API does not document: listed when asked for, so that no client meets what it cannot know. */
export const OWN_RESOURCE_TYPES: readonly string[] = ['appearance'];

const AuditDiffField = z
  .object({ old: z.unknown().optional(), new: z.unknown().optional(), secret: z.boolean() })
  .meta({ id: 'codersdk.AuditDiffField' });

const MinimalOrganization = z
  .object({ id: Uuid, name: text(MAX_USERNAME), display_name: text(MAX_DISPLAY_NAME), icon: text(MAX_URL) })
  .meta({ id: 'codersdk.MinimalOrganization' });

export const AuditLog = z
  .object({
    id: Uuid,
    request_id: Uuid,
    time: Time,
    ip: text(MAX_WORD),
    user_agent: text(MAX_LABEL),
    resource_type: z.string().meta({ id: 'codersdk.ResourceType', enum: AUDIT_RESOURCE_TYPES }),
    resource_id: Uuid,
    resource_target: text(MAX_NAME),
    resource_icon: text(MAX_URL),
    action: z.string().meta({ id: 'codersdk.AuditAction', enum: AUDIT_ACTIONS }),
    diff: map(AuditDiffField, MAX_KNOWN, MAX_LABEL).meta({ id: 'codersdk.AuditDiff' }),
    status_code: whole(0, 999),
    additional_fields: map(z.unknown(), MAX_KNOWN, MAX_LABEL),
    description: text(MAX_LABEL),
    resource_link: text(MAX_DESCRIPTION),
    is_deleted: z.boolean(),
    organization_id: Uuid,
    organization: MinimalOrganization.optional(),
    user: User.nullable(),
  })
  .meta({ id: 'codersdk.AuditLog' });
export type AuditLog = z.infer<typeof AuditLog>;

export const AuditLogResponse = z
  .object({ audit_logs: z.array(AuditLog), count: count(), count_cap: count() })
  .meta({ id: 'codersdk.AuditLogResponse' });
export type AuditLogResponse = z.infer<typeof AuditLogResponse>;

/** Query parameters of the list, for the contract document. */
export const AuditLogQuery = z.object({
  q: QueryText('Search query'),
  limit: QueryCount('Page limit'),
  offset: QueryCount('Page offset'),
});

/** In which form the log leaves. */
export const AUDIT_FORMATS = ['jsonl', 'csv'] as const;
export type AuditFormat = (typeof AUDIT_FORMATS)[number];

/** The file of the export: of the type that the format says. */
export const AuditExport = z.string().describe('One line for each entry, in the format asked for.');

/** Query parameters of the export, for the contract document. */
export const AuditExportQuery = z.object({
  q: QueryText('Search query'),
  format: QueryText('jsonl (default): one entry of the list on each line; csv: one line for each entry'),
});
