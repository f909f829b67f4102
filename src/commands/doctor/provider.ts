// The identity providers: whether they answer as the settings say, and send people back to where they came from.
import type { Config } from '../../config.ts';
import { discover } from '../../idp/discovery.ts';
import { fetchBounded, providerDeadline } from '../../idp/http.ts';
import { clockFinding, type Finding, failure, ok, reasonOf, warning } from './finding.ts';

const OIDC = 'OpenID Connect';
const GITHUB = 'GitHub';

const originOf = (url: string) => new URL(url).origin;

async function checkOidc(oidc: NonNullable<Config['oidc']>, accessUrl: string): Promise<Finding[]> {
  const found: Finding[] = [];
  if (originOf(oidc.redirectUri) !== originOf(accessUrl))
    found.push(
      warning(
        OIDC,
        `people come back to ${oidc.redirectUri}, which is not below ${accessUrl}: their session cookie will not be there`,
        'Set CODER_ACCESS_URL or CODER_OIDC_REDIRECT_URL so that both have the same address.',
      ),
    );
  try {
    const { metadata, usesPkce } = await discover(oidc);
    const before = Date.now();
    const keys = await fetchBounded('discovery', metadata.jwks_uri ?? '', { signal: providerDeadline() });
    if (keys.status !== 200)
      found.push(
        failure(OIDC, `its keys at ${metadata.jwks_uri} answer with status ${keys.status}`, 'Ask its operators.'),
      );
    else
      found.push(
        ok(OIDC, `${metadata.issuer} answers, and its keys are there${usesPkce ? '' : ' (it does not know PKCE)'}`),
      );
    const date = Date.parse(keys.headers.get('date') ?? '');
    // To the second, as the header is.
    if (!Number.isNaN(date)) {
      const seconds = (date - (before + Date.now()) / 2) / 1000;
      found.push(clockFinding(OIDC, 'the provider', Math.abs(seconds) < 2 ? 0 : seconds));
    }
    found.push(ok(OIDC, `the redirect address to register there is ${oidc.redirectUri}`));
  } catch (err) {
    found.push(
      failure(
        OIDC,
        reasonOf(err),
        'CODER_OIDC_ISSUER_URL must be what the provider calls itself, and be reachable from here.',
      ),
    );
  }
  return found;
}

async function checkGithub({
  enterpriseBaseUrl,
  isDefaultProvider,
}: NonNullable<Config['github']>): Promise<Finding[]> {
  // Nobody has asked for the built-in application.
  if (isDefaultProvider) return [];
  const url = enterpriseBaseUrl === undefined ? 'https://api.github.com/meta' : `${enterpriseBaseUrl}/api/v3/meta`;
  try {
    const { status } = await fetchBounded('discovery', url, { signal: providerDeadline() });
    return status < 500
      ? [ok(GITHUB, `${originOf(url)} answers`)]
      : [failure(GITHUB, `${url} answers ${status}`, 'Wait.')];
  } catch (err) {
    return [failure(GITHUB, `${originOf(url)}: ${reasonOf(err)}`, 'See that it can be reached from here.')];
  }
}

/** No finding for providers that are not set. */
export async function checkProviders({ oidc, github, accessUrl }: Config): Promise<Finding[]> {
  const both = await Promise.all([
    oidc === null ? [] : checkOidc(oidc, accessUrl),
    github === null ? [] : checkGithub(github),
  ]);
  return both.flat();
}
