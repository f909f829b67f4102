// What every way of making and changing accounts shares: storing one whole, reading it again, noting what changed.
import type { Ctx } from '../ctx.ts';
import { notFound } from '../errors.ts';
import { isUnique } from '../store/errors.ts';
import { insertMember } from '../store/organizations.ts';
import { uniques } from '../store/schema.ts';
import { findUserById, insertUser, type NewUser, type UserRow } from '../store/users.ts';
import { audit } from './audit.ts';
import { insertNewSshKey, type newSshKey } from './git-ssh-keys.ts';
import { notifyOfAccount } from './notify.ts';

/** The fields of a user that the audit log compares. */
export const auditedUser = (user: UserRow) => ({
  id: user.id,
  username: user.username,
  email: user.email,
  name: user.name,
  avatar_url: user.avatarUrl,
  status: user.status,
  rbac_roles: [...user.roles].sort(),
  login_type: user.loginType,
});

/** The fields of a membership that the audit log compares. Golden: audit-members */
export const auditedMember = (member: {
  userId: string;
  username: string;
  roles: readonly string[];
  createdAt: string;
  updatedAt: string;
}) => ({
  user_id: member.userId,
  username: member.username,
  roles: [...member.roles].sort(),
  created_at: member.createdAt,
  updated_at: member.updatedAt,
});

/**
 * Notes what a change did to a user; call it in the transaction of the change.
 * @param byItself the user acts without a session
 */
export function auditUserChange(ctx: Ctx, before: UserRow, after: UserRow, { byItself = false } = {}): Promise<void> {
  return audit(ctx, {
    action: 'write',
    resourceType: 'user',
    resourceId: before.id,
    resourceTarget: after.username,
    ...(byItself && { userId: before.id }),
    before: auditedUser(before),
    after: auditedUser(after),
  });
}

/** Reads a user that is known to exist. */
export async function reread(ctx: Ctx, id: string): Promise<UserRow> {
  const row = await findUserById(ctx.db, id);
  if (!row) throw notFound();
  return row;
}

/** Whether a failed write lost a race for a name or an address. */
export const isTaken = (err: unknown) => isUnique(err, uniques.username) || isUnique(err, uniques.email);

/**
 * Stores an account with its SSH key and memberships, notes it in the audit log and tells those who look after accounts.
 * Needs a transaction; decides nothing.
 * @param byItself people who sign up themselves leave no entry here: their first session's says so, and the first user has
 * none (golden: audit-users-create/first-login-audit)
 * @returns the user as stored
 * @throws a unique violation on the name or the address
 */
export async function insertAccount(
  ctx: Ctx,
  user: NewUser,
  organizationIds: string[],
  sshKey: Awaited<ReturnType<typeof newSshKey>>,
  { byItself = false } = {},
): Promise<UserRow> {
  await insertUser(ctx.db, user);
  await insertNewSshKey(ctx, user.id, sshKey);
  for (const organizationId of organizationIds) {
    await insertMember(ctx.db, { userId: user.id, organizationId, now: user.createdAt });
  }
  const created = await reread(ctx, user.id);
  if (!byItself) {
    await audit(ctx, {
      action: 'create',
      resourceType: 'user',
      resourceId: user.id,
      resourceTarget: user.username,
      after: auditedUser(created),
      secretFields: ['hashed_password'],
      status: 201,
    });
  }
  const maker = byItself ? created : ctx.actor?.user;
  if (maker) await notifyOfAccount(ctx, 'created', created, maker);
  return created;
}
