// Wire types of roles and permissions.
import { z } from 'zod';
import { MAX_KNOWN, MAX_LABEL, MAX_ROLES, MAX_UUID, MAX_WORD } from './sizes.ts';
import { list, text } from './wire.ts';

const Permission = z
  .object({ negate: z.boolean(), resource_type: text(MAX_WORD), action: text(MAX_WORD) })
  .meta({ id: 'codersdk.Permission' });

export const AssignableRole = z
  .object({
    name: text(MAX_WORD),
    organization_id: text(MAX_UUID).optional(),
    display_name: text(MAX_LABEL),
    site_permissions: list(Permission, MAX_KNOWN),
    user_permissions: list(Permission, MAX_KNOWN),
    organization_permissions: list(Permission, MAX_KNOWN),
    organization_member_permissions: list(Permission, MAX_KNOWN),
    assignable: z.boolean(),
    built_in: z.boolean(),
  })
  .meta({ id: 'codersdk.AssignableRoles' });
export type AssignableRole = z.infer<typeof AssignableRole>;

export const AssignableRoles = list(AssignableRole, MAX_KNOWN);

/** Roles of one user: those of the site and, by organization id, those of each membership that the caller may read. */
export const UserRolesResponse = z.object({
  roles: list(text(MAX_WORD), MAX_ROLES),
  organization_roles: z.record(text(MAX_UUID), list(text(MAX_WORD), MAX_ROLES)),
});
export type UserRolesResponse = z.infer<typeof UserRolesResponse>;
