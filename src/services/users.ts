// Users: creating, reading, renaming and deleting accounts.

import { randomUUID } from 'node:crypto';
import { passwordProblem } from '../codersdk/password-strength.ts';
import type { CreateUserRequestWithOrgs, UpdateUserProfileRequest } from '../codersdk/users.ts';
import { hashPassword } from '../crypto/passwords.ts';
import { type ActorCtx, type Ctx, nowText } from '../ctx.ts';
import { ApiError, badRequest, conflict, forbidden, notFound } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { NIL_UUID } from '../golang/uuids.ts';
import { can, canByRoles } from '../rbac/authorize.ts';
import {
  accountObject,
  assignOrgRoleObject,
  assignRoleObject,
  bareUserObject,
  grantOrgRoleObject,
  grantRoleObject,
  newMemberObject,
  newUserObject,
  organizationObject,
  userObject,
} from '../rbac/objects.ts';
import { canAssign, isPlainRole, isSiteRole, type RoleRef } from '../rbac/roles.ts';
import { isForeignKey } from '../store/errors.ts';
import { findDefaultOrganization, findOrganizationById, type OrganizationRow } from '../store/organizations.ts';
import {
  deleteUser as deleteUserRow,
  findUserByNameOrEmail,
  type NewUser,
  type UserRow,
  updateUser,
} from '../store/users.ts';
import { auditUserChange, insertAccount, isTaken, reread } from './accounts.ts';
import { requirePermission, rolesHeldBy, withAccount, withActor } from './actors.ts';
import { audit } from './audit.ts';
import { newSshKey } from './git-ssh-keys.ts';
import { notifyOfAccount } from './notify.ts';
import { rolesOfNewMember } from './organization-roles.ts';
import { requireAnotherOwner } from './owners.ts';

const STATUSES = new Set(['active', 'dormant', 'suspended']);

const notAuthorizedToCreate = () => new ApiError(403, 'You are not authorized to create users.');

/** What of a request for a service account is refused (documented field `service_account`). */
function checkServiceAccount(input: CreateUserRequestWithOrgs): void {
  if (input.login_type !== '' && input.login_type !== 'none')
    throw badRequest("Service accounts must use login type 'none'.");
  if (input.password !== '') throw badRequest('Password cannot be set for service accounts.');
  if (input.email !== '') throw badRequest('Email cannot be set for service accounts.');
}

/**
 * Changing accounts is noted with who did it, so a key that may not even read its own user cannot.
 * @throws ApiError 403 (golden: keys-allow-list-force)
 */
export function requireKnownActor(ctx: ActorCtx): void {
  if (!can(ctx.actor.subject, 'read', bareUserObject(ctx.actor.user))) throw forbidden();
}

async function findOrganizations(ctx: ActorCtx, ids: string[]): Promise<OrganizationRow[]> {
  const found: OrganizationRow[] = [];
  for (const id of ids) {
    const row = id === NIL_UUID ? await findDefaultOrganization(ctx.db) : await findOrganizationById(ctx.db, id);
    if (!row || !can(ctx.actor.subject, 'read', organizationObject(row.id))) {
      throw new ApiError(404, `Organization does not exist with the provided id "${id}".`);
    }
    if (found.some((other) => other.id === row.id)) {
      throw badRequest('An organization is named twice.', {
        validations: [{ field: 'organization_ids', detail: `"${id}" is given more than once` }],
      });
    }
    found.push(row);
  }
  return found;
}

function checkLoginType(ctx: Ctx, loginType: string, password: string): void {
  if (loginType === 'password') {
    const problem = passwordProblem(password);
    if (problem) throw badRequest('Password is invalid', { validations: [{ field: 'password', detail: problem }] });
  } else if (loginType === 'oidc') {
    if (!ctx.config.oidc) throw badRequest('You must configure OIDC before creating OIDC users.');
  } else if (loginType !== 'github' && loginType !== 'none') {
    throw badRequest(`Unsupported login type ${quoted(loginType)} for manually creating new users.`);
  }
}

/**
 * Whether the caller may make an account with these roles in these organizations. What every plain account gets comes
 * with the right to create one, so that a limited key may do it; anything more is handed out like any other role.
 * @throws ApiError 400 for unknown roles, 403
 */
function authorizeCreate(ctx: ActorCtx, roles: string[], organizations: OrganizationRow[]): void {
  const { subject } = ctx.actor;
  const somebody = { id: NIL_UUID, roles };
  requirePermission(ctx, 'create', newUserObject(), notAuthorizedToCreate);
  const isPlain = roles.every((name) => isPlainRole({ name }));
  if (!canByRoles(subject, 'assign', assignRoleObject())) throw notAuthorizedToCreate();
  if (!isPlain) requirePermission(ctx, 'assign', grantRoleObject(), notAuthorizedToCreate);
  for (const name of roles) {
    if (!isSiteRole(name)) throw badRequest(`${quoted(name)} is not a supported role`);
    if (!canAssign(subject.roles, { name })) throw new ApiError(403, `not authorized to assign role ${quoted(name)}`);
  }
  for (const organization of organizations) {
    const { id: organizationId } = organization;
    const given = rolesOfNewMember(organization).map((name) => ({ name, organizationId }));
    const may =
      canByRoles(subject, 'assign', assignOrgRoleObject(organizationId)) &&
      canByRoles(subject, 'create', newMemberObject(somebody, organizationId)) &&
      given.every((role) => canAssign(subject.roles, role));
    if (!may) throw notAuthorizedToCreate();
    if (!given.every(isPlainRole))
      requirePermission(ctx, 'assign', grantOrgRoleObject(organizationId), notAuthorizedToCreate);
  }
}

/**
 * Creates a user with its SSH key and memberships, all or nothing.
 * @returns the user as stored
 * @throws ApiError 400, 403, 404 or 409 in the order of the recorded checks (golden: users-create, users-create-validation)
 */
export async function createUser(ctx: ActorCtx, input: CreateUserRequestWithOrgs): Promise<UserRow> {
  if (input.service_account) checkServiceAccount(input);
  const loginType = input.service_account ? 'none' : input.login_type || 'password';
  if (loginType !== 'password' && input.password !== '') {
    throw badRequest(`Password cannot be set for non-password (${quoted(loginType)}) authentication.`);
  }
  if (loginType === 'password' && ctx.config.passwords.authDisabled) {
    throw new ApiError(
      403,
      'Password based authentication is disabled! Unable to provision new users with password authentication.',
    );
  }
  const organizationIds = input.organization_id
    ? [...input.organization_ids, input.organization_id]
    : input.organization_ids;
  if (organizationIds.length === 0) {
    throw badRequest(
      'No organization specified to place the user as a member of. It is required to specify at least one organization id to place the user in.',
      {
        detail: "required at least 1 value for the array 'organization_ids'",
        validations: [{ field: 'organization_ids', detail: 'Missing values, this cannot be empty' }],
      },
    );
  }
  const existing = await findUserByNameOrEmail(ctx.db, input.username, input.email);
  if (existing && can(ctx.actor.subject, 'read', userObject(existing))) throw conflict('User already exists.');
  const organizations = await findOrganizations(ctx, organizationIds);
  checkLoginType(ctx, loginType, input.password);
  if (input.user_status !== '' && !STATUSES.has(input.user_status)) {
    throw badRequest(`${quoted(input.user_status)} is no status of a user.`, {
      validations: [{ field: 'user_status', detail: 'must be active, dormant or suspended' }],
    });
  }
  requireKnownActor(ctx);
  authorizeCreate(ctx, input.roles, organizations);
  // Told last to whoever may not read the holder: every other refusal is the same for a free name (docs/differences.md 37).
  if (existing) throw notAuthorizedToCreate();

  const now = nowText(ctx);
  const user: NewUser = {
    id: randomUUID(),
    username: input.username,
    email: input.email,
    name: input.name,
    hashedPassword: loginType === 'password' ? await hashPassword(input.password, ctx.origin.network) : '',
    loginType,
    status: input.user_status || 'dormant',
    roles: input.roles,
    isServiceAccount: input.service_account,
    createdAt: now,
    updatedAt: now,
  };
  const sshKey = await newSshKey(ctx);
  try {
    return await withActor(ctx, async (ctx) => {
      authorizeCreate(ctx, input.roles, organizations);
      const ids = organizations.map(({ id }) => id);
      return await insertAccount(ctx, user, ids, sshKey);
    });
  } catch (err) {
    // The unique index decides between parallel requests; the look-up above only gives the nicer path.
    if (isTaken(err)) throw conflict('User already exists.');
    // An organization that was deleted since it was looked up.
    if (isForeignKey(err)) throw notFound();
    throw err;
  }
}

/**
 * Changes username and real name.
 * @throws ApiError 404 for a new username without the right to rename, 403 for somebody else's profile, 409 for a taken
 * name (golden: users-profile)
 */
export async function updateProfile(ctx: ActorCtx, target: UserRow, input: UpdateUserProfileRequest): Promise<UserRow> {
  const { username, name } = input;
  const authorizeRename = (ctx: ActorCtx, target: UserRow) => {
    if (username !== target.username) requirePermission(ctx, 'update', userObject(target), notFound);
  };
  authorizeRename(ctx, target);
  if (username !== target.username) {
    const holder = await findUserByNameOrEmail(ctx.db, username, '');
    if (holder && holder.id !== target.id) throw usernameTaken();
  }
  requirePermission(ctx, 'update_personal', bareUserObject(target));
  try {
    return await withAccount(ctx, target, async (ctx, before) => {
      authorizeRename(ctx, before);
      requirePermission(ctx, 'update_personal', bareUserObject(before));
      await updateUser(ctx.db, target.id, { username, name, updatedAt: nowText(ctx) });
      const updated = await reread(ctx, target.id);
      await auditUserChange(ctx, before, updated);
      return updated;
    });
  } catch (err) {
    if (isTaken(err)) throw usernameTaken();
    throw err;
  }
}

const usernameTaken = () =>
  conflict('A user with this username already exists.', {
    validations: [{ field: 'username', detail: 'This username is already in use.' }],
  });

/**
 * Deletes a user: name and address are free again, keys, links, secrets, skills and memberships are gone.
 * Deleting again by id changes nothing and succeeds. Golden: users-delete
 * @throws ApiError 403 for oneself, for owners unless the caller is one, for people with roles by a limited key, and
 * without the right; 400 for the last owner
 */
export async function deleteUser(ctx: ActorCtx, target: UserRow): Promise<void> {
  if (target.id === ctx.actor.user.id) throw new ApiError(403, 'You cannot delete yourself!');
  const authorize = (ctx: ActorCtx, user: UserRow, held: readonly RoleRef[]) => {
    requirePermission(ctx, 'delete', accountObject(user, held));
    requireKnownActor(ctx);
  };
  authorize(ctx, target, await rolesHeldBy(ctx, target));
  if (target.deleted) return;
  await withAccount(
    ctx,
    target,
    async (ctx, account) => {
      authorize(ctx, account, account.held);
      await requireAnotherOwner(ctx, account, 'deleted');
      await deleteUserRow(ctx.db, account.id, nowText(ctx));
      await audit(ctx, {
        action: 'delete',
        resourceType: 'user',
        resourceId: account.id,
        resourceTarget: account.username,
        before: { deleted: false },
        after: { deleted: true },
      });
      await notifyOfAccount(ctx, 'deleted', account, ctx.actor.user);
    },
    { mayLoseOwner: true },
  );
}
