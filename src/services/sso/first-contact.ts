// What the first contact with an identity provider changes here: links of another issuer, and the built-in application.
import type { AppDeps } from '../../ctx.ts';
import type { OidcProvider } from '../../idp/oidc.ts';
import type { ExternalLoginType } from '../../idp/provider.ts';
import { once } from '../../in-flight.ts';
import { readOrCreateSetting, readSetting } from '../../store/site-settings.ts';
import { untieOtherIssuers } from '../../store/user-links.ts';
import { hasAnyUser } from '../../store/users.ts';

type Parts = Pick<AppDeps, 'config' | 'db' | 'log' | 'idp'>;

const repairs = once<OidcProvider, void>();
const repaired = new WeakSet<OidcProvider>();

async function repair({ config, db, log }: Parts, provider: OidcProvider): Promise<void> {
  if (!config.oidc?.repairLinks) return;
  const issuer = await provider.issuer();
  const untied = await untieOtherIssuers(db, issuer);
  if (untied > 0)
    log.warn(
      { issuer, untied },
      'links of another OpenID Connect issuer were untied; their users are found by e-mail again',
    );
}

/**
 * Unties the links of other issuers than the configured one, once in the life of this process and before its first login
 * through the provider, so that a change of providers does not lock everybody out. Golden: sso/oidc-accounts
 * @throws ProviderUnready while the provider has not said who it is
 */
export async function repairLinks(parts: Parts, provider: OidcProvider): Promise<void> {
  if (repaired.has(provider)) return;
  await repairs(provider, () => repair(parts, provider));
  repaired.add(provider);
}

const NEW_AT_FIRST_START = 'github_default_provider_eligible';

/**
 * Notes, at the first start of a deployment, whether it was new: the built-in GitHub application is for new ones only,
 * since an existing one would suddenly let strangers in. The verdict stays, whatever the settings were then.
 */
export async function noteNewDeployment({ db }: Pick<Parts, 'db'>): Promise<void> {
  const isNew = !(await hasAnyUser(db));
  await readOrCreateSetting(db, NEW_AT_FIRST_START, () => String(isNew));
}

/** Whether people can sign in through a provider: it is configured, or built in and counts as noted at the first start. */
export async function isOn({ idp, db }: Pick<Parts, 'idp' | 'db'>, loginType: ExternalLoginType): Promise<boolean> {
  const provider = idp[loginType];
  if (!provider) return false;
  return !provider.isBuiltIn || (await readSetting(db, NEW_AT_FIRST_START)) === 'true';
}

/** Everything that a start does for logins through providers, as far as the provider answers. */
export async function prepareExternalLogin(parts: Parts): Promise<void> {
  await noteNewDeployment(parts);
  const { oidc } = parts.idp;
  if (oidc && oidc.problem() === undefined) await repairLinks(parts, oidc);
}
