// Wire types of how the deployment presents itself: name, logo, banners and links.
import { z } from 'zod';
import { MAX_BANNERS, MAX_DESCRIPTION, MAX_LABEL, MAX_URL, MAX_WORD } from './sizes.ts';
import { goBool, goList, goString, list, text } from './wire.ts';

const fields = { enabled: goBool(), message: goString(MAX_DESCRIPTION), background_color: goString(MAX_WORD) };

const Banner = z
  .object({
    enabled: z.boolean(),
    message: text(MAX_DESCRIPTION).optional(),
    background_color: text(MAX_WORD).optional(),
  })
  .meta({ id: 'codersdk.BannerConfig' });
const BannerInput = z.object(fields);

export const UpdateAppearanceConfig = z
  .object({
    application_name: goString(MAX_LABEL),
    logo_url: goString(MAX_URL),
    service_banner: BannerInput.default({ enabled: false, message: '', background_color: '' }),
    announcement_banners: goList(BannerInput, MAX_BANNERS),
  })
  .meta({ id: 'codersdk.UpdateAppearanceConfig' });
export type UpdateAppearanceConfig = z.output<typeof UpdateAppearanceConfig>;

/** What a change answers. */
export const UpdatedAppearance = z.object({
  application_name: text(MAX_LABEL),
  logo_url: text(MAX_URL),
  service_banner: Banner,
  announcement_banners: list(Banner, MAX_BANNERS),
});
export type UpdatedAppearance = z.infer<typeof UpdatedAppearance>;

const LinkConfig = z
  .object({ name: z.string(), target: z.string(), icon: z.string() })
  .meta({ id: 'codersdk.LinkConfig' });

export const AppearanceConfig = UpdatedAppearance.extend({
  docs_url: z.string(),
  support_links: z.array(LinkConfig),
}).meta({ id: 'codersdk.AppearanceConfig' });
export type AppearanceConfig = z.infer<typeof AppearanceConfig>;
