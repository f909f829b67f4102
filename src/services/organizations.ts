// Organizations: reading, creating, changing and deleting them.
import { randomUUID } from 'node:crypto';
import type { CreateOrganizationRequest, UpdateOrganizationRequest } from '../codersdk/organizations.ts';
import { type ActorCtx, nowText } from '../ctx.ts';
import { badRequest, conflict, forbidden, notFound } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { grantOrgRoleObject, newMemberObject, newOrganizationObject, organizationObject } from '../rbac/objects.ts';
import { DEFAULT_ORG_MEMBER_ROLES } from '../rbac/roles.ts';
import { visible } from '../rbac/visible.ts';
import { isUnique } from '../store/errors.ts';
import {
  countOtherMembers,
  deleteOrganization as deleteRow,
  findOrganizationByName,
  insertMember,
  insertOrganization,
  listOrganizations as listRows,
  lockOrganization,
  type OrganizationRow,
  updateOrganization as updateRow,
} from '../store/organizations.ts';
import { uniques } from '../store/schema.ts';
import type { UserRow } from '../store/users.ts';
import { auditedMember } from './accounts.ts';
import { requirePermission, withActor } from './actors.ts';
import { audit } from './audit.ts';
import { checkRoleChange } from './organization-roles.ts';
import { roleChange } from './roles.ts';
import { forgetSyncOf } from './sync-settings.ts';

/** What the creator of an organization is in it. */
const CREATOR_ROLES = ['organization-admin'];

const audited = (row: OrganizationRow) => ({
  name: row.name,
  display_name: row.displayName,
  description: row.description,
  icon: row.icon,
  default_org_member_roles: row.defaultOrgMemberRoles,
});

const nameTaken = () =>
  conflict('An organization with this name already exists.', {
    validations: [{ field: 'name', detail: 'This name is already in use.' }],
  });

/** The organizations that the caller may read. */
export const listOrganizations = (ctx: ActorCtx): Promise<OrganizationRow[]> =>
  listRows(ctx.db, visible(ctx.actor.subject, 'read', 'organization'));

/** Those of the organizations of a user that the caller may read. Golden: rbac-organizations */
export const organizationsOfUser = (ctx: ActorCtx, target: UserRow): Promise<OrganizationRow[]> =>
  listRows(ctx.db, visible(ctx.actor.subject, 'read', 'organization'), target.id);

/** An organization by its name alone, whether or not the user in the path belongs to it. @throws ApiError 404 */
export async function organizationByName(ctx: ActorCtx, name: string): Promise<OrganizationRow> {
  const row = await findOrganizationByName(ctx.db, name);
  if (!row || !can(ctx.actor.subject, 'read', organizationObject(row.id))) throw notFound();
  return row;
}

/**
 * Creates an organization with the caller as its first member and administrator.
 * @throws ApiError 403 without the right to create it and to fill it and for a limited key, 409 for a taken name
 */
export async function createOrganization(ctx: ActorCtx, input: CreateOrganizationRequest): Promise<OrganizationRow> {
  const { user } = ctx.actor;
  const id = randomUUID();
  // The membership is part of the deal: a key that may create organizations only must not make an administrator.
  const authorize = (ctx: ActorCtx) => {
    requirePermission(ctx, 'create', newOrganizationObject());
    requirePermission(ctx, 'create', newMemberObject(user, id));
    requirePermission(ctx, 'assign', grantOrgRoleObject(id));
  };
  authorize(ctx);
  const now = nowText(ctx);
  try {
    return await withActor(ctx, async (ctx) => {
      authorize(ctx);
      const row = await insertOrganization(ctx.db, {
        id,
        name: input.name,
        displayName: input.display_name || input.name,
        description: input.description,
        icon: input.icon,
        defaultOrgMemberRoles: [...DEFAULT_ORG_MEMBER_ROLES],
        createdAt: now,
        updatedAt: now,
      });
      await insertMember(ctx.db, { userId: user.id, organizationId: id, now, roles: CREATOR_ROLES });
      await audit(ctx, {
        action: 'create',
        resourceType: 'organization',
        resourceId: id,
        resourceTarget: row.name,
        organizationId: id,
        after: audited(row),
        status: 201,
      });
      await audit(ctx, {
        action: 'create',
        resourceType: 'organization_member',
        resourceId: user.id,
        resourceTarget: user.username,
        organizationId: id,
        after: auditedMember({
          userId: user.id,
          username: user.username,
          roles: CREATOR_ROLES,
          createdAt: now,
          updatedAt: now,
        }),
        status: 201,
      });
      return row;
    });
  } catch (err) {
    if (isUnique(err, uniques.organizationName)) throw nameTaken();
    throw err;
  }
}

/**
 * Changes the given fields; an empty name or display name leaves it as it is.
 * @throws ApiError 403 without the right, 409 for a taken name; for default roles as a change of a member's roles
 */
export async function updateOrganization(
  ctx: ActorCtx,
  organization: OrganizationRow,
  input: UpdateOrganizationRequest,
): Promise<OrganizationRow> {
  const { id } = organization;
  if (!can(ctx.actor.subject, 'update', organizationObject(id))) throw forbidden();
  const roles = input.default_org_member_roles && [...new Set(input.default_org_member_roles)].sort();
  try {
    return await withActor(ctx, async (ctx) => {
      if (!can(ctx.actor.subject, 'update', organizationObject(id))) throw forbidden();
      const before = await lockOrganization(ctx.db, id);
      if (!before) throw notFound();
      // Every member gets these roles, so they are handed out like any other.
      if (roles) checkRoleChange(ctx, id, roleChange(before.defaultOrgMemberRoles, roles));
      const after = await updateRow(ctx.db, id, {
        ...(input.name && { name: input.name }),
        ...(input.display_name && { displayName: input.display_name }),
        ...(input.description !== undefined && { description: input.description }),
        ...(input.icon !== undefined && { icon: input.icon }),
        ...(roles && { defaultOrgMemberRoles: roles }),
        updatedAt: nowText(ctx),
      });
      if (!after) throw notFound();
      await audit(ctx, {
        action: 'write',
        resourceType: 'organization',
        resourceId: id,
        resourceTarget: after.name,
        organizationId: id,
        before: audited(before),
        after: audited(after),
      });
      return after;
    });
  } catch (err) {
    if (isUnique(err, uniques.organizationName)) throw nameTaken();
    throw err;
  }
}

/**
 * Deletes an organization in which nobody but the caller is left.
 * @throws ApiError 403 without the right, 400 for the default organization and for one with members
 */
export async function deleteOrganization(ctx: ActorCtx, organization: OrganizationRow): Promise<void> {
  const { id } = organization;
  if (!can(ctx.actor.subject, 'delete', organizationObject(id))) throw forbidden();
  if (organization.isDefault) throw badRequest('The default organization cannot be deleted.');
  await withActor(ctx, async (ctx) => {
    if (!can(ctx.actor.subject, 'delete', organizationObject(id))) throw forbidden();
    const locked = await lockOrganization(ctx.db, id);
    if (!locked) throw notFound();
    const others = await countOtherMembers(ctx.db, id, ctx.actor.user.id);
    if (others > 0) {
      throw badRequest(
        `The organization still has ${others} other ${others === 1 ? 'member' : 'members'}. Remove them first.`,
      );
    }
    await deleteRow(ctx.db, id);
    await forgetSyncOf(ctx.db, id);
    await audit(ctx, {
      action: 'delete',
      resourceType: 'organization',
      resourceId: id,
      resourceTarget: locked.name,
      organizationId: id,
      before: audited(locked),
    });
  });
}
