// The deployment as wire objects: versions, entitlements, settings that clients read.
import { instantText, MINUTE, type Micros, SECOND } from '../clock.ts';
import type {
  BuildInfoResponse,
  DeploymentConfig,
  DeploymentStats,
  Entitlements,
  SSHConfigResponse,
  UpdateCheckResponse,
} from '../codersdk/deployment.ts';
import type { Config } from '../config.ts';

const HOMEPAGE = 'https://github.com/coder/coder';

/** Every feature that clients know by name, and whether this product does it (docs/differences.md 16). */
const FEATURES: Readonly<Record<string, boolean>> = {
  access_control: false,
  advanced_template_scheduling: false,
  ai_governance_user_limit: false,
  aibridge: false,
  appearance: false,
  audit_log: true,
  boundary: false,
  browser_only: false,
  connection_log: false,
  control_shared_ports: false,
  custom_roles: false,
  external_provisioner_daemons: false,
  external_token_encryption: true,
  high_availability: true,
  managed_agent_limit: false,
  multiple_external_auth: false,
  multiple_organizations: true,
  scim: false,
  service_accounts: true,
  task_batch_actions: false,
  template_rbac: false,
  user_limit: true,
  user_role_management: true,
  workspace_batch_actions: false,
  workspace_external_agent: false,
  workspace_prebuilds: false,
  workspace_proxy: false,
};

/** codersdk.BuildInfoResponse: versions as the CLI compares them; v0.0.0 keeps every CLI quiet. */
export const presentBuildInfo = (
  { deployment, accessUrl }: Pick<Config, 'deployment' | 'accessUrl'>,
  deploymentId: string,
): BuildInfoResponse => ({
  external_url: HOMEPAGE,
  version: deployment.advertisedVersion,
  dashboard_url: accessUrl,
  telemetry: false,
  workspace_proxy: false,
  agent_api_version: '1.0',
  provisioner_api_version: '1.18',
  upgrade_message: deployment.upgradeMessage,
  deployment_id: deploymentId,
  webpush_public_key: '',
});

/** codersdk.UpdateCheckResponse: this server never looks for updates. */
export const presentUpdateCheck = ({ deployment }: Pick<Config, 'deployment'>): UpdateCheckResponse => ({
  current: true,
  version: deployment.advertisedVersion,
  url: HOMEPAGE,
});

/** codersdk.Entitlements: all that this product does is entitled and enabled. */
export function presentEntitlements(row: { activeUsers: number; refreshedAt: string }): Entitlements {
  const features = Object.entries(FEATURES).map(([name, on]) => [
    name,
    {
      entitlement: on ? 'entitled' : 'not_entitled',
      enabled: on,
      ...(name === 'user_limit' && { actual: row.activeUsers }),
    },
  ]);
  return {
    features: Object.fromEntries(features) as Entitlements['features'],
    warnings: [],
    errors: [],
    has_license: false,
    trial: false,
    require_telemetry: false,
    refreshed_at: row.refreshedAt,
  };
}

/** codersdk.SSHConfigResponse */
export const presentSshConfig = ({ deployment }: Pick<Config, 'deployment'>): SSHConfigResponse => ({
  hostname_prefix: deployment.sshHostnamePrefix,
  hostname_suffix: deployment.workspaceHostnameSuffix,
  ssh_config_options: { ...deployment.sshConfigOptions },
});

/** codersdk.DeploymentConfig: the settings that are no secrets. */
export const presentDeploymentConfig = (config: Config): DeploymentConfig => ({
  config: {
    access_url: config.accessUrl,
    http_address: `${config.http.host}:${config.http.port}`,
    disable_password_auth: config.passwords.authDisabled,
    secure_auth_cookie: config.cookies.secure,
    experiments: [...config.deployment.experiments],
    telemetry: { enable: false },
  },
  options: [],
});

/** codersdk.DeploymentStats of a deployment without workspaces. Source: operation get-deployment-stats. */
export const presentDeploymentStats = (now: Micros): DeploymentStats => ({
  aggregated_from: instantText(now - 15 * MINUTE),
  collected_at: instantText(now),
  next_update_at: instantText(now + 30 * SECOND),
  workspaces: {
    ...{ pending: 0, building: 0, running: 0, failed: 0, stopped: 0 },
    connection_latency_ms: { P50: -1, P95: -1 },
    ...{ rx_bytes: 0, tx_bytes: 0 },
  },
  session_count: { vscode: 0, ssh: 0, jetbrains: 0, reconnecting_pty: 0 },
});
