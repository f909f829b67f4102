// Wire types of the deployment itself: what clients ask before and beside their real work.
import { z } from 'zod';
import { Time } from './common.ts';
import { goBool } from './wire.ts';

export const BuildInfoResponse = z
  .object({
    external_url: z.string(),
    version: z.string(),
    dashboard_url: z.string(),
    telemetry: z.boolean(),
    workspace_proxy: z.boolean(),
    agent_api_version: z.string(),
    provisioner_api_version: z.string(),
    upgrade_message: z.string(),
    deployment_id: z.string(),
    webpush_public_key: z.string(),
  })
  .meta({ id: 'codersdk.BuildInfoResponse' });
export type BuildInfoResponse = z.infer<typeof BuildInfoResponse>;

export const UpdateCheckResponse = z
  .object({ current: z.boolean(), version: z.string(), url: z.string() })
  .meta({ id: 'codersdk.UpdateCheckResponse' });
export type UpdateCheckResponse = z.infer<typeof UpdateCheckResponse>;

const Feature = z
  .object({
    entitlement: z.enum(['entitled', 'grace_period', 'not_entitled']),
    enabled: z.boolean(),
    actual: z.int().optional(),
  })
  .meta({ id: 'codersdk.Feature' });

export const Entitlements = z
  .object({
    features: z.record(z.string(), Feature),
    warnings: z.array(z.string()),
    errors: z.array(z.string()),
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
    name: z.string(),
    yaml: z.string().optional(),
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
    ...{ name: z.string(), description: z.string().optional(), flag: z.string() },
    ...{ flag_shorthand: z.string().optional(), env: z.string(), yaml: z.string().optional() },
    ...{ default: z.string().optional(), value: z.unknown().optional(), value_source: z.string().optional() },
    ...{ group: SerpentGroup.optional(), hidden: z.boolean().optional() },
    annotations: z.record(z.string(), z.string()).optional(),
    get use_instead() {
      return z.array(SerpentOption).optional();
    },
  })
  .meta({ id: 'serpent.Option' });

export const DeploymentConfig = z
  .object({ config: z.record(z.string(), z.unknown()), options: z.array(SerpentOption) })
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
        ...{ pending: z.int(), building: z.int(), running: z.int(), failed: z.int(), stopped: z.int() },
        connection_latency_ms: milliseconds,
        ...{ rx_bytes: z.int(), tx_bytes: z.int() },
      })
      .meta({ id: 'codersdk.WorkspaceDeploymentStats' }),
    session_count: z
      .object({ vscode: z.int(), ssh: z.int(), jetbrains: z.int(), reconnecting_pty: z.int() })
      .meta({ id: 'codersdk.SessionCountDeploymentStats' }),
  })
  .meta({ id: 'codersdk.DeploymentStats' });
export type DeploymentStats = z.infer<typeof DeploymentStats>;

export const NotificationsSettings = z
  .object({ notifier_paused: goBool() })
  .meta({ id: 'codersdk.NotificationsSettings' });
export type NotificationsSettings = z.output<typeof NotificationsSettings>;

export const AvailableExperiments = z
  .object({ safe: z.array(z.string()) })
  .meta({ id: 'codersdk.AvailableExperiments' });
