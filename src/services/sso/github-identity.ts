// A login through GitHub, from the token to an identity.
import { realNameOf } from '../../codersdk/names.ts';
import type { GithubConfig } from '../../config.ts';
import type { Ctx } from '../../ctx.ts';
import { ApiError, badRequest } from '../../errors.ts';
import type { GithubProvider } from '../../idp/github.ts';
import type { ExternalIdentity, GrantedLogin } from './identity.ts';
import { LoginRefusal } from './refusal.ts';

/** Asks GitHub; its trouble is a 502 with the words of the step. */
async function ask<T>(answer: Promise<T>, message: string): Promise<T> {
  try {
    return await answer;
  } catch (err) {
    throw new LoginRefusal(502, message, err instanceof Error ? err.message : '', { as: 'browser-page' }, err);
  }
}

const notAMember = (detail: string) => new LoginRefusal(401, 'Unauthorized', detail, { as: 'sign-in' });

/** The allowed organizations that the user is in. @throws LoginRefusal 401 when there is none */
async function allowedOrganizations(
  provider: GithubProvider,
  config: GithubConfig,
  accessToken: string,
  signal: AbortSignal,
): Promise<string[]> {
  const organizations = await ask(
    provider.organizations(accessToken, signal),
    'Internal error fetching authenticated Github user organizations.',
  );
  const allowed = organizations.filter((name) => config.allowedOrgs.includes(name));
  if (allowed.length === 0) throw notAMember("You aren't a member of the authorized Github organizations!");
  return allowed;
}

/** @throws LoginRefusal 401 when the user is in none of the allowed teams of these organizations */
async function requireTeam(
  provider: GithubProvider,
  config: GithubConfig,
  who: { accessToken: string; login: string; organizations: string[] },
  signal: AbortSignal,
): Promise<void> {
  if (config.allowedTeams.length === 0) return;
  for (const team of config.allowedTeams) {
    if (!who.organizations.includes(team.organization)) continue;
    const isMember = await ask(
      provider.isTeamMember(who.accessToken, team, who.login, signal),
      'Internal error fetching Github user teams.',
    );
    if (isMember) return;
  }
  const names = who.organizations.join(' ');
  throw notAMember(`You aren't a member of an authorized team in the [${names}] Github organization(s)!`);
}

/**
 * Who the token of a login belongs to. Checked in this order; golden: sso/github-login
 * @throws LoginRefusal, ApiError
 */
export async function githubIdentity(ctx: Ctx, { tokens, signal }: GrantedLogin): Promise<ExternalIdentity> {
  const { github: config } = ctx.config;
  const { github: provider } = ctx.idp;
  if (!config || !provider) throw new Error('a login through a provider that is not configured');
  const { accessToken } = tokens;
  const organizations = config.allowEveryone ? [] : await allowedOrganizations(provider, config, accessToken, signal);
  const user = await ask(provider.user(accessToken, signal), 'Internal error fetching authenticated Github user.');
  await requireTeam(provider, config, { accessToken, login: user.login, organizations }, signal);
  const email = await ask(provider.primaryEmail(accessToken, signal), 'Internal error fetching personal Github user.');
  if (email === undefined) throw badRequest('Your primary email must be verified on GitHub!');
  if (user.id === '') {
    throw new ApiError(502, 'The GitHub user ID is missing, this should never happen. Please report this error.');
  }
  return {
    loginType: 'github',
    linkedId: user.id,
    email,
    username: user.login.replaceAll('_', '-'),
    name: realNameOf(user.name),
    avatarUrl: user.avatarUrl,
    tokens,
    claims: {},
    linkedElsewhere: (message) => new ApiError(403, message),
    // Ids of an Enterprise server say nothing about github.com.
    ...(config.enterpriseBaseUrl === undefined && { githubComUserId: BigInt(user.id) }),
  };
}
