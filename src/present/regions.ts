// The one region, which is this server, as wire objects.
import type { Region } from '../codersdk/workspaces.ts';
import type { Config } from '../config.ts';

interface Primary {
  deploymentId: string;
  at: string;
}

const region = ({ accessUrl }: Pick<Config, 'accessUrl'>, { deploymentId }: Primary): Region => ({
  id: deploymentId,
  name: 'primary',
  display_name: 'Default',
  icon_url: '/emojis/1f3e1.png',
  healthy: true,
  path_app_url: accessUrl,
  wildcard_hostname: '',
});

/** codersdk.RegionsResponse of regions. Golden: deploy-readers */
export const presentRegions = (config: Config, primary: Primary) => ({ regions: [region(config, primary)] });

/** codersdk.RegionsResponse of workspace proxies: the server itself is the first of them. */
export const presentWorkspaceProxies = (config: Config, primary: Primary) => ({
  regions: [
    {
      ...region(config, primary),
      ...{ derp_enabled: false, derp_only: false, deleted: false, version: config.deployment.advertisedVersion },
      ...{ created_at: primary.at, updated_at: primary.at },
      status: { status: 'ok', report: { errors: [], warnings: [] }, checked_at: primary.at },
    },
  ],
});
