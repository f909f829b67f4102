// The deployment as wire objects: versions, settings that clients read.
import { instantText, MINUTE, type Micros, SECOND } from '../clock.ts';
import type {
  BuildInfoResponse,
  DeploymentStats,
  SSHConfigResponse,
  UpdateCheckResponse,
} from '../codersdk/deployment.ts';
import type { Config } from '../config.ts';

const HOMEPAGE = 'https://github.com/coder/coder';

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

/** The version of a server that names none. */
const UNNAMED = 'v0.0.0';

/** codersdk.UpdateCheckResponse: this server never looks for updates. Golden: deploy-readers */
export const presentUpdateCheck = ({ deployment }: Pick<Config, 'deployment'>): UpdateCheckResponse => ({
  current: true,
  version: deployment.advertisedVersion === UNNAMED ? `${UNNAMED}-devel` : deployment.advertisedVersion,
  url: HOMEPAGE,
});

/** codersdk.SSHConfigResponse */
export const presentSshConfig = ({ deployment }: Pick<Config, 'deployment'>): SSHConfigResponse => ({
  hostname_prefix: deployment.sshHostnamePrefix,
  hostname_suffix: deployment.workspaceHostnameSuffix,
  ssh_config_options: { ...deployment.sshConfigOptions },
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
