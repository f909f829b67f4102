// How the deployment presents itself, as wire objects and for the server's own pages.
import type { AppearanceConfig, UpdateAppearanceConfig, UpdatedAppearance } from '../codersdk/appearance.ts';
import type { Config } from '../config.ts';

type Banner = UpdateAppearanceConfig['service_banner'];

const banner = ({ enabled, message, background_color }: Banner) => ({
  enabled,
  ...(message !== '' && { message }),
  ...(background_color !== '' && { background_color }),
});

/** What a change answers. Golden: deploy-appearance */
export const presentUpdatedAppearance = (row: UpdateAppearanceConfig): UpdatedAppearance => ({
  application_name: row.application_name,
  logo_url: row.logo_url,
  service_banner: banner(row.service_banner),
  announcement_banners: row.announcement_banners.map(banner),
});

/** codersdk.AppearanceConfig */
export const presentAppearance = (
  row: UpdateAppearanceConfig,
  { deployment }: Pick<Config, 'deployment'>,
): AppearanceConfig => ({
  ...presentUpdatedAppearance(row),
  docs_url: deployment.docsUrl,
  support_links: deployment.supportLinks?.map(({ name, target, icon }) => ({ name, target, icon })) ?? [
    { name: 'Documentation', target: deployment.docsUrl, icon: 'docs' },
  ],
});
