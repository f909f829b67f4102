// What the claims of an OpenID provider say about somebody, and what this server makes of it. Pure.
import { realNameOf } from '../../codersdk/names.ts';
import type { OidcConfig } from '../../config.ts';
import type { Claims } from '../../idp/claims.ts';
import { LoginRefusal } from './refusal.ts';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/**
 * A claim that was sent, null included; undefined when it was not.
 * @param name its name, or else the path to it (`realm_access.roles`): a claim that is called so goes before the path
 */
export function claim(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (!isObject(value) || Array.isArray(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

/**
 * Whether the provider keeps a claim somewhere else, so that nobody knows here what it says: a distributed claim (OpenID
 * Connect Core 5.6.2), or more groups than fit into a token (`hasgroups`).
 */
export function isElsewhere(claims: Claims, name: string): boolean {
  if (claim(claims, name) !== undefined) return false;
  const [first = ''] = name.split('.', 1);
  const { _claim_names: distributed, hasgroups } = claims;
  if (isObject(distributed) && [name, first].some((part) => Object.hasOwn(distributed, part))) return true;
  return name === 'groups' && (hasgroups === true || hasgroups === 'true');
}

/** What a claim of groups lists; undefined for what cannot be read as a list of names. */
function namesIn(value: unknown): string[] | undefined {
  if (value === '') return [];
  if (typeof value === 'string') return value.includes(',') ? undefined : [value];
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

/** Why the groups do not let somebody in; undefined when they do. Golden: sso/oidc-accounts/groups-allow-list */
export function groupRefusal(claims: Claims, config: OidcConfig): LoginRefusal | undefined {
  if (config.allowedGroups.length === 0) return undefined;
  const title = 'Not a member of an allowed group';
  const value = claim(claims, config.groupField);
  if (value === undefined) return new LoginRefusal(403, title, 'You have no groups in your claims!');
  const groups = namesIn(value);
  if (!groups)
    return new LoginRefusal(
      400,
      'Failed read groups from claims for allow list check. Ask an administrator for help.',
      '',
    );
  if (groups.some((group) => config.allowedGroups.includes(group))) return undefined;
  return new LoginRefusal(403, title, 'Ask an administrator to add one of your groups to the allow list.');
}

/** Username, real name and picture; what has the wrong type counts as absent, which is "". */
export function profileOf(claims: Claims, config: OidcConfig): { username: string; name: string; avatarUrl: string } {
  const text = (name: string) => {
    const value = claim(claims, name);
    return typeof value === 'string' ? value : '';
  };
  return { username: text(config.usernameField), name: realNameOf(text(config.nameField)), avatarUrl: text('picture') };
}

/** The values of a claim that is a list of texts or one text; what is no text is left out. */
export function valuesOf(claims: Claims, name: string): string[] {
  return [claim(claims, name)].flat().filter((value): value is string => typeof value === 'string' && value !== '');
}
