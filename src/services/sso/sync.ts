// Site roles, organizations and the roles in them that follow the claims of an OpenID provider on every login
// (docs/differences.md 20).
import type { OrganizationSyncSettings } from '../../codersdk/idp-sync.ts';
import { type Ctx, nowText } from '../../ctx.ts';
import type { Claims } from '../../idp/claims.ts';
import { isOwner } from '../../rbac/owners.ts';
import { isGivenInOrganization, isPlainRole, isSiteRole } from '../../rbac/roles.ts';
import { deleteMember, findMemberById, lockMember, type MemberRow, updateMemberRoles } from '../../store/members.ts';
import { findDefaultOrganization, insertMember, listMemberships, lockExisting } from '../../store/organizations.ts';
import type { UserRow } from '../../store/users.ts';
import { auditedMember } from '../accounts.ts';
import { audit } from '../audit.ts';
import { hasAnotherOwner } from '../owners.ts';
import { readOrganizationSync, readRoleSync, type StoredRoleSync } from '../sync-settings.ts';
import { isElsewhere, valuesOf } from './claims.ts';

/** Hears what is left out, and why: the log, or whoever tries out claims. */
export interface Notes {
  warn(fields: { values: string[]; [name: string]: unknown }, message: string): void;
}

/** The entry of a mapping for a claim's value; undefined when it has none. */
export const mapped = (
  mapping: Readonly<Record<string, readonly string[] | null>> | null,
  value: string,
): readonly string[] | undefined => (mapping && Object.hasOwn(mapping, value) ? (mapping[value] ?? []) : undefined);

/** Names that are logged of those that a login brings and nobody knows here. */
const LOGGED_NAMES = 10;
const LOGGED_LENGTH = 100;

/** Notes names that are left out; not without end. */
function noteLeftOut(notes: Notes, names: readonly string[], claim: string, message: string): void {
  if (names.length === 0) return;
  const values = names.slice(0, LOGGED_NAMES).map((name) => name.slice(0, LOGGED_LENGTH));
  notes.warn({ values, count: names.length, claim }, message);
}

/** Whether nobody knows what a claim says, since the provider keeps it elsewhere; that is noted. */
export function isUnknown(notes: Notes, claims: Claims, name: string, what: string): boolean {
  if (!isElsewhere(claims, name)) return false;
  notes.warn(
    { values: [name], claim: name, subject: claims.sub },
    `the provider keeps a claim elsewhere (too many values for a token); ${what} stay as they are`,
  );
  return true;
}

/**
 * The site roles that the claims give, sorted; undefined while roles are not synchronized, or when the provider keeps the
 * claim elsewhere. A value without a mapping is a role name; names that are no site role are dropped, with a line in the
 * log. Everybody is a member, so that is not kept.
 */
export function rolesFromClaims(
  { oidc }: Pick<Ctx['config'], 'oidc'>,
  claims: Claims,
  notes: Notes,
): string[] | undefined {
  if (!oidc?.userRoleField || isUnknown(notes, claims, oidc.userRoleField, 'roles')) return undefined;
  const named = valuesOf(claims, oidc.userRoleField).flatMap((value) => mapped(oidc.userRoleMapping, value) ?? [value]);
  const names = [...new Set([...named, ...oidc.userRoleDefault])];
  const unknown = names.filter((name) => !isSiteRole(name));
  noteLeftOut(notes, unknown, oidc.userRoleField, 'a login names what is no site role; it is left out');
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
 * The organizations that the claims give, sorted; undefined while they are not synchronized, or when the provider keeps the
 * claim elsewhere.
 * @param settings those in force
 * @param defaultId the organization that everybody is in if the settings say so
 */
export function organizationsFromClaims(
  settings: Pick<OrganizationSyncSettings, 'field' | 'mapping' | 'organization_assign_default'>,
  claims: Claims,
  { defaultId, notes }: { defaultId: string; notes: Notes },
): string[] | undefined {
  if (settings.field === '' || isUnknown(notes, claims, settings.field, 'memberships')) return undefined;
  const ids = valuesOf(claims, settings.field).flatMap((value) => mapped(settings.mapping, value) ?? []);
  return [...new Set([...ids, ...(settings.organization_assign_default ? [defaultId] : [])])].sort();
}

/** Notes the organizations of a list that do not exist. */
export function noteMissing(notes: Notes, wanted: readonly string[], existing: readonly string[], claim: string): void {
  const missing = wanted.filter((id) => !existing.includes(id));
  noteLeftOut(notes, missing, claim, 'a login is mapped to an organization that does not exist; it is left out');
}

/**
 * The organizations that a login with these claims makes somebody a member of, and of no others; undefined leaves
 * memberships as they are. They exist until the transaction ends, and settings are those in force when it asks.
 */
export async function syncedOrganizations(ctx: Ctx, claims: Claims | undefined): Promise<string[] | undefined> {
  if (claims === undefined) return undefined;
  const settings = await readOrganizationSync(ctx);
  if (settings.field === '') return undefined;
  const { id: defaultId } = await findDefaultOrganization(ctx.db);
  const wanted = organizationsFromClaims(settings, claims, { defaultId, notes: ctx.log });
  if (wanted === undefined) return undefined;
  const existing = await lockExisting(ctx.db, wanted);
  noteMissing(ctx.log, wanted, existing, settings.field);
  return existing;
}

/**
 * The roles in an organization that the claims give, sorted; undefined while they are not synchronized, or when the
 * provider keeps the claim elsewhere. A value without a mapping is a role name. Left out, and noted: names of no role that
 * is given there, and roles that whoever set this up could not hand out.
 */
export function organizationRolesFromClaims(
  settings: StoredRoleSync,
  claims: Claims,
  notes: Notes,
): string[] | undefined {
  const { field, mapping, onlyPlain } = settings;
  if (field === '' || isUnknown(notes, claims, field, 'roles in an organization')) return undefined;
  const names = [...new Set(valuesOf(claims, field).flatMap((value) => mapped(mapping, value) ?? [value]))];
  const known = names.filter(isGivenInOrganization);
  const unknown = names.filter((name) => !isGivenInOrganization(name) && name !== 'organization-member');
  noteLeftOut(notes, unknown, field, 'a login names what is no role of an organization; it is left out');
  const beyond = onlyPlain ? known.filter((name) => !isPlainRole({ name })) : [];
  noteLeftOut(notes, beyond, field, 'role sync was set by somebody who cannot hand out a role; it is left out');
  return known.filter((name) => !beyond.includes(name)).sort();
}

/** Makes the roles of a user equal to what the claims give, in each organization that synchronizes them. Needs a transaction. */
export async function syncOrganizationRoles(ctx: Ctx, user: UserRow, claims: Claims | undefined): Promise<void> {
  if (claims === undefined) return;
  const memberships = await listMemberships(ctx.db, user.id);
  const settings = await readRoleSync(
    ctx.db,
    memberships.map(({ organizationId }) => organizationId),
  );
  for (const [organizationId, setting] of [...settings].sort()) {
    const roles = organizationRolesFromClaims(setting, claims, ctx.log);
    const stored = roles && (await lockMember(ctx.db, user.id, organizationId));
    if (!roles || !stored || JSON.stringify(roles) === JSON.stringify([...stored].sort())) continue;
    await updateMemberRoles(ctx.db, user.id, organizationId, roles);
    await audit(ctx, {
      action: 'write',
      resourceType: 'organization_member',
      resourceId: user.id,
      resourceTarget: user.username,
      organizationId,
      userId: user.id,
      before: { roles: stored },
      after: { roles },
    });
  }
}

/** Makes the memberships of a user equal to a list; those that stay keep their roles. Needs a transaction. */
export async function syncMemberships(ctx: Ctx, user: UserRow, organizationIds: readonly string[]): Promise<void> {
  const current = (await listMemberships(ctx.db, user.id)).map(({ organizationId }) => organizationId);
  const note = (action: 'create' | 'delete', organizationId: string, member: MemberRow | undefined) =>
    audit(ctx, {
      action,
      ...(member && (action === 'create' ? { after: auditedMember(member) } : { before: auditedMember(member) })),
      resourceType: 'organization_member',
      resourceId: user.id,
      resourceTarget: user.username,
      organizationId,
      userId: user.id,
    });
  for (const organizationId of organizationIds.filter((id) => !current.includes(id))) {
    await insertMember(ctx.db, { userId: user.id, organizationId, now: nowText(ctx) });
    await note('create', organizationId, await findMemberById(ctx.db, organizationId, user.id));
  }
  for (const organizationId of current.filter((id) => !organizationIds.includes(id))) {
    const member = await findMemberById(ctx.db, organizationId, user.id);
    await deleteMember(ctx.db, user.id, organizationId);
    await note('delete', organizationId, member);
  }
}
