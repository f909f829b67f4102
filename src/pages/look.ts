// What of an operator's settings the pages take over, reduced to what is safe to show.
import type { UpdateAppearanceConfig } from '../codersdk/appearance.ts';
import { type Look, PLAIN_LOOK } from './layout.ts';
import { usableIcon } from './sign-in.ts';

/** The look of pages, and the origin besides ours from which they show a picture. */
export interface DressedLook {
  readonly look: Look;
  readonly imageOrigin: string | undefined;
}

/** Names are shown in one line of the bar. */
const MAX_NAME = 64;

export const PLAIN: DressedLook = { look: PLAIN_LOOK, imageOrigin: undefined };

/** The look that settings ask for; a logo that is no picture's address is left out. */
export function lookOf({ application_name, logo_url, service_banner, announcement_banners }: UpdateAppearanceConfig) {
  const logo = usableIcon(logo_url);
  const banners = [service_banner, ...announcement_banners].filter(({ enabled, message }) => enabled && message !== '');
  return {
    look: {
      name: application_name.trim().slice(0, MAX_NAME) || PLAIN_LOOK.name,
      logo: logo?.src,
      banners: banners.map(({ message }) => message),
    },
    imageOrigin: logo?.origin,
  };
}
