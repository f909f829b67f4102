// Wire types of the deployment itself: what clients ask before and beside their real work.
import { z } from 'zod';
import { count, map } from './answers.ts';
import { Time } from './common.ts';
import { MAX_DESCRIPTION, MAX_KNOWN, MAX_LABEL, MAX_URL, MAX_WORD } from './sizes.ts';
import { goBool, list, text } from './wire.ts';

export const BuildInfoResponse = z
  .object({
    external_url: text(MAX_URL),
    version: z.string(),
    dashboard_url: z.string(),
    telemetry: z.boolean(),
    workspace_proxy: z.boolean(),
    agent_api_version: text(MAX_WORD),
    provisioner_api_version: text(MAX_WORD),
    upgrade_message: z.string(),
    deployment_id: text(MAX_WORD),
    webpush_public_key: text(MAX_LABEL),
  })
  .meta({ id: 'codersdk.BuildInfoResponse' });
export type BuildInfoResponse = z.infer<typeof BuildInfoResponse>;

export const UpdateCheckResponse = z
  .object({ current: z.boolean(), version: z.string(), url: text(MAX_URL) })
  .meta({ id: 'codersdk.UpdateCheckResponse' });
export type UpdateCheckResponse = z.infer<typeof UpdateCheckResponse>;

const Feature = z
  .object({
    entitlement: z.enum(['entitled', 'grace_period', 'not_entitled']),
    enabled: z.boolean(),
    actual: count().optional(),
  })
  .meta({ id: 'codersdk.Feature' });

export const Entitlements = z
  .object({
    features: map(Feature, MAX_KNOWN, MAX_WORD),
    warnings: list(text(MAX_DESCRIPTION), MAX_KNOWN),
    errors: list(text(MAX_DESCRIPTION), MAX_KNOWN),
    has_license: z.boolean(),
    trial: z.boolean(),
    require_telemetry: z.boolean(),
    refreshed_at: Time,
  })
  .meta({ id: 'codersdk.Entitlements' });
export type Entitlements = z.infer<typeof Entitlements>;

export const SSHConfigResponse = z
  .object({
    hostname_prefix: z.string(),
    hostname_suffix: z.string(),
    ssh_config_options: z.record(z.string(), z.string()),
  })
  .meta({ id: 'codersdk.SSHConfigResponse' });
export type SSHConfigResponse = z.infer<typeof SSHConfigResponse>;

/** A group of settings, which may stand below another. */
export interface SerpentGroup {
  name: string;
  yaml?: string | undefined;
  parent?: SerpentGroup | undefined;
}
const SerpentGroup: z.ZodType<SerpentGroup> = z
  .object({
    name: text(MAX_LABEL),
    yaml: text(MAX_LABEL).optional(),
    get parent() {
      return SerpentGroup.optional();
    },
  })
  .meta({ id: 'serpent.Group' });

/** A setting with its value; secrets have none. */
export interface SerpentOption {
  name: string;
  description?: string | undefined;
  flag: string;
  flag_shorthand?: string | undefined;
  env: string;
  yaml?: string | undefined;
  default?: string | undefined;
  value?: unknown;
  value_source?: string | undefined;
  group?: SerpentGroup | undefined;
  hidden?: boolean | undefined;
  annotations?: Record<string, string> | undefined;
  use_instead?: SerpentOption[] | undefined;
}
const SerpentOption: z.ZodType<SerpentOption> = z
  .object({
    ...{ name: text(MAX_LABEL), description: text(MAX_DESCRIPTION).optional(), flag: text(MAX_LABEL) },
    ...{ flag_shorthand: text(MAX_WORD).optional(), env: text(MAX_LABEL), yaml: text(MAX_LABEL).optional() },
    ...{ default: z.string().optional(), value: z.unknown().optional(), value_source: text(MAX_WORD).optional() },
    ...{ group: SerpentGroup.optional(), hidden: z.boolean().optional() },
    annotations: map(text(MAX_LABEL), MAX_KNOWN, MAX_WORD).optional(),
    get use_instead() {
      return list(SerpentOption, MAX_KNOWN).optional();
    },
  })
  .meta({ id: 'serpent.Option' });

export const DeploymentConfig = z
  .object({ config: map(z.unknown(), MAX_KNOWN, MAX_LABEL), options: list(SerpentOption, MAX_KNOWN) })
  .meta({ id: 'codersdk.DeploymentConfig' });
export type DeploymentConfig = z.infer<typeof DeploymentConfig>;

const milliseconds = z
  .object({ P50: z.number(), P95: z.number() })
  .meta({ id: 'codersdk.WorkspaceConnectionLatencyMS' });

export const DeploymentStats = z
  .object({
    aggregated_from: Time,
    collected_at: Time,
    next_update_at: Time,
    workspaces: z
      .object({
        ...{ pending: count(), building: count(), running: count(), failed: count(), stopped: count() },
        connection_latency_ms: milliseconds,
        ...{ rx_bytes: count(), tx_bytes: count() },
      })
      .meta({ id: 'codersdk.WorkspaceDeploymentStats' }),
    session_count: z
      .object({ vscode: count(), ssh: count(), jetbrains: count(), reconnecting_pty: count() })
      .meta({ id: 'codersdk.SessionCountDeploymentStats' }),
  })
  .meta({ id: 'codersdk.DeploymentStats' });
export type DeploymentStats = z.infer<typeof DeploymentStats>;

export const NotificationsSettings = z
  .object({ notifier_paused: goBool() })
  .meta({ id: 'codersdk.NotificationsSettings' });
export type NotificationsSettings = z.output<typeof NotificationsSettings>;

export const AvailableExperiments = z
  .object({ safe: list(text(MAX_WORD), MAX_KNOWN) })
  .meta({ id: 'codersdk.AvailableExperiments' });
