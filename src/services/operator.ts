// What an operator does at the command line, with access to the database instead of a session.
import { randomUUID } from 'node:crypto';
import { composedAddress, isEmail, isReservedUsername, isUsername } from '../codersdk/names.ts';
import { passwordProblem } from '../codersdk/password-strength.ts';
import { hashPassword } from '../crypto/passwords.ts';
import { type Ctx, nowText, withTx } from '../ctx.ts';
import { ApiError, badRequest, conflict, invalid, notFound } from '../errors.ts';
import { findDefaultOrganization } from '../store/organizations.ts';
import { findUserByName, lockUser, type UserRow } from '../store/users.ts';
import { insertAccount, isTaken } from './accounts.ts';
import { newSshKey } from './git-ssh-keys.ts';
import { storePassword } from './passwords.ts';

function checkPassword(password: string): void {
  const problem = passwordProblem(password);
  if (problem) throw badRequest('Invalid password.', { validations: [{ field: 'password', detail: problem }] });
}

/**
 * Creates an owner who logs in by password, a member of the default organization.
 * @returns the user as stored
 * @throws ApiError 400 for a bad name, address or password, 409 for a taken name or address
 */
export async function createOwner(
  ctx: Ctx,
  { username, email: typed, password }: { username: string; email: string; password: string },
): Promise<UserRow> {
  const email = composedAddress(typed);
  if (!isUsername(username) || isReservedUsername(username)) {
    throw invalid({
      field: 'username',
      detail: 'letters, digits and single hyphens, at most 32, and no reserved word',
    });
  }
  if (!isEmail(email)) throw invalid({ field: 'email', detail: 'is no e-mail address' });
  checkPassword(password);
  const [hashedPassword, sshKey] = await Promise.all([hashPassword(password), newSshKey(ctx)]);
  const now = nowText(ctx);
  const user = { id: randomUUID(), username, email, name: '', hashedPassword, createdAt: now, updatedAt: now };
  try {
    return await withTx(ctx, async (ctx) => {
      const { id: organizationId } = await findDefaultOrganization(ctx.db);
      const owner = { ...user, loginType: 'password', status: 'active', roles: ['owner'] };
      return await insertAccount(ctx, owner, [organizationId], sshKey);
    });
  } catch (err) {
    if (isTaken(err)) throw conflict('A user with this username or e-mail address already exists.');
    throw err;
  }
}

/**
 * Gives a user a new password and ends all of the user's keys.
 * @throws ApiError 404 for an unknown username, 400 for a weak password or an account without password login
 */
export async function resetPassword(ctx: Ctx, username: string, password: string): Promise<void> {
  const user = await findUserByName(ctx.db, username);
  if (!user) throw new ApiError(404, `There is no user ${username}.`);
  const requirePasswordLogin = ({ username, loginType }: UserRow) => {
    if (loginType !== 'password') throw badRequest(`${username} logs in by ${loginType}, not by password.`);
  };
  requirePasswordLogin(user);
  checkPassword(password);
  const hashedPassword = await hashPassword(password);
  await withTx(ctx, async (ctx) => {
    const locked = await lockUser(ctx.db, user.id);
    if (!locked) throw notFound();
    requirePasswordLogin(locked);
    await storePassword(ctx, locked, hashedPassword, {});
  });
}
