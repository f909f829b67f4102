// Site roles and organizations that follow the claims of an OpenID provider on every login (docs/differences.md 20).
import { type Ctx, nowText } from '../../ctx.ts';
import type { Claims } from '../../idp/claims.ts';
import { isOwner } from '../../rbac/owners.ts';
import { isSiteRole } from '../../rbac/roles.ts';
import { deleteMember } from '../../store/members.ts';
import { findDefaultOrganization, insertMember, listMemberships, lockExisting } from '../../store/organizations.ts';
import type { UserRow } from '../../store/users.ts';
import { audit } from '../audit.ts';
import { hasAnotherOwner } from '../owners.ts';
import { isElsewhere, valuesOf } from './claims.ts';

/** The entry of a mapping for a claim's value; undefined when it has none. */
const mapped = (mapping: Readonly<Record<string, readonly string[]>>, value: string): readonly string[] | undefined =>
  Object.hasOwn(mapping, value) ? mapping[value] : undefined;

/** Names that are logged of those that a login brings and nobody knows here. */
const LOGGED_NAMES = 10;
const LOGGED_LENGTH = 100;

/** Whether nobody knows what a claim says, since the provider keeps it elsewhere; the log says so. */
function isUnknown({ log }: Pick<Ctx, 'log'>, claims: Claims, name: string, what: string): boolean {
  if (!isElsewhere(claims, name)) return false;
  log.warn(
    { claim: name, subject: claims.sub },
    `the provider keeps a claim elsewhere (too many values for a token); ${what} stay as they are`,
  );
  return true;
}

/**
 * The site roles that the claims give, sorted; undefined while roles are not synchronized, or when the provider keeps the
 * claim elsewhere. A value without a mapping is a role name; names that are no site role are dropped, with a line in the
 * log. Everybody is a member, so that is not kept.
 */
export function rolesFromClaims(ctx: Pick<Ctx, 'config' | 'log'>, claims: Claims): string[] | undefined {
  const { oidc } = ctx.config;
  if (!oidc?.userRoleField || isUnknown(ctx, claims, oidc.userRoleField, 'roles')) return undefined;
  const named = valuesOf(claims, oidc.userRoleField).flatMap((value) => mapped(oidc.userRoleMapping, value) ?? [value]);
  const names = [...new Set([...named, ...oidc.userRoleDefault])];
  const unknown = names.filter((name) => !isSiteRole(name));
  if (unknown.length > 0) {
    const roles = unknown.slice(0, LOGGED_NAMES).map((name) => name.slice(0, LOGGED_LENGTH));
    ctx.log.warn(
      { roles, count: unknown.length, claim: oidc.userRoleField },
      'a login names what is no site role; it is left out',
    );
  }
  return names.filter((name) => isSiteRole(name) && name !== 'member').sort();
}

/**
 * The roles that a user may be given: those from the claims, and `owner` with them while nobody else has it. Needs the
 * transaction of the login, which has locked all owners.
 */
export async function withLastOwner(
  ctx: Ctx,
  user: Pick<UserRow, 'id' | 'username' | 'roles'>,
  roles: readonly string[],
): Promise<string[]> {
  if (roles.includes('owner') || !isOwner(user)) return [...roles];
  if (await hasAnotherOwner(ctx, user.id)) return [...roles];
  ctx.log.warn({ user: user.username }, 'the claims take the role owner away; the last owner keeps it');
  return [...roles, 'owner'].sort();
}

/**
 * The organizations that the claims give besides the default one, sorted; undefined while they are not synchronized, or
 * when the provider keeps the claim elsewhere.
 */
export function organizationsFromClaims(ctx: Pick<Ctx, 'config' | 'log'>, claims: Claims): string[] | undefined {
  const { oidc } = ctx.config;
  if (!oidc?.organizationField || isUnknown(ctx, claims, oidc.organizationField, 'memberships')) return undefined;
  const ids = valuesOf(claims, oidc.organizationField).flatMap(
    (value) => mapped(oidc.organizationMapping, value) ?? [],
  );
  return [...new Set(ids)].sort();
}

/**
 * The organizations of a list that exist, and the default one if the settings say so. They stay until the transaction
 * ends. Those that do not exist are left out, with a line in the log.
 */
export async function existingOrganizations(ctx: Ctx, organizationIds: readonly string[]): Promise<string[]> {
  const wanted = new Set(organizationIds);
  if (ctx.config.oidc?.organizationAssignDefault) wanted.add((await findDefaultOrganization(ctx.db)).id);
  const existing = await lockExisting(ctx.db, [...wanted]);
  for (const organization of wanted) {
    if (!existing.includes(organization))
      ctx.log.warn({ organization }, 'a login is mapped to an organization that does not exist; it is left out');
  }
  return existing;
}

/** Makes the memberships of a user equal to a list; those that stay keep their roles. Needs a transaction. */
export async function syncMemberships(ctx: Ctx, user: UserRow, organizationIds: readonly string[]): Promise<void> {
  const current = (await listMemberships(ctx.db, user.id)).map(({ organizationId }) => organizationId);
  const note = (action: 'create' | 'delete', organizationId: string) =>
    audit(ctx, {
      action,
      resourceType: 'organization_member',
      resourceId: user.id,
      resourceTarget: user.username,
      organizationId,
      userId: user.id,
    });
  for (const organizationId of organizationIds.filter((id) => !current.includes(id))) {
    await insertMember(ctx.db, { userId: user.id, organizationId, now: nowText(ctx) });
    await note('create', organizationId);
  }
  for (const organizationId of current.filter((id) => !organizationIds.includes(id))) {
    await deleteMember(ctx.db, user.id, organizationId);
    await note('delete', organizationId);
  }
}
