// Settings of the GitHub login: the operator's own application, or the built-in one of a new deployment.

import { ConfigError, type Reader } from './values.ts';

export interface GithubConfig {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Of a GitHub Enterprise server, without trailing slash; absent for github.com. */
  readonly enterpriseBaseUrl?: string;
  readonly allowEveryone: boolean;
  readonly allowedOrgs: readonly string[];
  readonly allowedTeams: readonly { readonly organization: string; readonly slug: string }[];
  readonly allowSignups: boolean;
  readonly signupsDisabledText: string;
  readonly deviceFlow: boolean;
  /** The built-in application: counts only on deployments that were new at their first start. */
  readonly isDefaultProvider: boolean;
}

const DEFAULT_CLIENT_ID = 'Iv1.6a2b4b4aec4f4fe7';

function readTeams(reader: Reader): GithubConfig['allowedTeams'] {
  const variable = 'CODER_OAUTH2_GITHUB_ALLOWED_TEAMS';
  return reader.list(variable, [], { trim: false }).map((team) => {
    const [organization, slug, ...more] = team.split('/');
    if (!organization || !slug || more.length > 0) {
      throw new ConfigError(variable, `${JSON.stringify(team)} is not of the form organization/team`);
    }
    return { organization, slug };
  });
}

/**
 * Reads CODER_OAUTH2_GITHUB_*; null while the login is off. Values are checked even then, contradictions are not.
 * Throws ConfigError. Golden: sso/startup, sso/github-login
 */
export function readGithub(reader: Reader): GithubConfig | null {
  const allowEveryone = reader.boolean('CODER_OAUTH2_GITHUB_ALLOW_EVERYONE', false);
  const allowSignups = reader.boolean('CODER_OAUTH2_GITHUB_ALLOW_SIGNUPS', false);
  const deviceFlow = reader.boolean('CODER_OAUTH2_GITHUB_DEVICE_FLOW', false);
  // A login that nobody asked for would send people of a self-hosted server to somebody else's application.
  const defaultProviderEnabled = reader.boolean('CODER_OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE', false);
  const enterpriseBaseUrl = reader.webAddress('CODER_OAUTH2_GITHUB_ENTERPRISE_BASE_URL');
  const clientId = reader.text('CODER_OAUTH2_GITHUB_CLIENT_ID', '');
  const clientSecret = reader.secret('CODER_OAUTH2_GITHUB_CLIENT_SECRET') ?? '';
  const signupsDisabledText = reader.text('CODER_OIDC_SIGNUPS_DISABLED_TEXT', '');
  const allowedOrgs = reader.list('CODER_OAUTH2_GITHUB_ALLOWED_ORGS', [], { trim: false });
  const allowedTeams = readTeams(reader);

  const isDefaultProvider = clientId === '' && clientSecret === '' && enterpriseBaseUrl === undefined;
  if (isDefaultProvider && !defaultProviderEnabled) {
    const names = [...reader.names].filter((name) => /^CODER_OAUTH2_GITHUB_(?!DEFAULT_PROVIDER_)/.test(name));
    for (const name of names) reader.setIdle(name, 'has no effect without CODER_OAUTH2_GITHUB_CLIENT_ID');
    return null;
  }
  const everyone = allowEveryone || (isDefaultProvider && allowedOrgs.length === 0);
  if (!everyone && allowedOrgs.length === 0) {
    throw new ConfigError(
      'CODER_OAUTH2_GITHUB_ALLOWED_ORGS',
      'is needed with GitHub login, unless CODER_OAUTH2_GITHUB_ALLOW_EVERYONE=true',
    );
  }
  if (everyone && allowedOrgs.length > 0) {
    throw new ConfigError('CODER_OAUTH2_GITHUB_ALLOW_EVERYONE', 'excludes CODER_OAUTH2_GITHUB_ALLOWED_ORGS');
  }
  if (everyone && allowedTeams.length > 0) {
    throw new ConfigError(
      'CODER_OAUTH2_GITHUB_ALLOWED_TEAMS',
      'needs CODER_OAUTH2_GITHUB_ALLOWED_ORGS and excludes CODER_OAUTH2_GITHUB_ALLOW_EVERYONE',
    );
  }
  return {
    clientId: isDefaultProvider ? DEFAULT_CLIENT_ID : clientId,
    clientSecret,
    ...(enterpriseBaseUrl === undefined ? {} : { enterpriseBaseUrl }),
    allowEveryone: everyone,
    allowedOrgs,
    allowedTeams,
    allowSignups,
    // The text is one setting for both kinds of external login.
    signupsDisabledText,
    deviceFlow: deviceFlow || isDefaultProvider,
    isDefaultProvider,
  };
}
