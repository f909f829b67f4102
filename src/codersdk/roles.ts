// Wire types of roles and permissions.
import { z } from 'zod';

const Permission = z
  .object({ negate: z.boolean(), resource_type: z.string(), action: z.string() })
  .meta({ id: 'codersdk.Permission' });

export const AssignableRole = z
  .object({
    name: z.string(),
    organization_id: z.string().optional(),
    display_name: z.string(),
    site_permissions: z.array(Permission),
    user_permissions: z.array(Permission),
    organization_permissions: z.array(Permission),
    organization_member_permissions: z.array(Permission),
    assignable: z.boolean(),
    built_in: z.boolean(),
  })
  .meta({ id: 'codersdk.AssignableRoles' });
export type AssignableRole = z.infer<typeof AssignableRole>;

export const AssignableRoles = z.array(AssignableRole);

/** Roles of one user: those of the site and, by organization id, those of each membership that the caller may read. */
export const UserRolesResponse = z.object({
  roles: z.array(z.string()),
  organization_roles: z.record(z.string(), z.array(z.string())),
});
export type UserRolesResponse = z.infer<typeof UserRolesResponse>;
