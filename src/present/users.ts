// Users as wire objects, field by field: what is not named here never leaves the server.
import type { GetUsersResponse, User } from '../codersdk/users.ts';
import type { UserRow } from '../store/users.ts';
import { presentRoles } from './roles.ts';

/** codersdk.User. A list shows null for a user without organizations, a single answer []. Golden: users-get */
export function presentUser(row: UserRow, inList = false): User {
  return {
    id: row.id,
    username: row.username,
    ...(row.name !== '' && { name: row.name }),
    ...(row.avatarUrl !== '' && { avatar_url: row.avatarUrl }),
    email: row.email,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    last_seen_at: row.lastSeenAt,
    status: row.status as User['status'],
    login_type: row.loginType as User['login_type'],
    ...(row.isServiceAccount && { is_service_account: true }),
    organization_ids: inList && row.organizationIds.length === 0 ? null : row.organizationIds,
    roles: presentRoles(row.roles),
    has_ai_seat: row.hasAiSeat,
  };
}

/** codersdk.GetUsersResponse. Golden: users-paging */
export const presentUsers = (page: { users: UserRow[]; count: number }): GetUsersResponse => ({
  users: page.users.map((row) => presentUser(row, true)),
  count: page.count,
});
