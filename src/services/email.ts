// Changing the e-mail address of an account, which is what somebody signs in with.
import type { UpdateUserEmailRequest } from '../codersdk/users.ts';
import { verifyPassword } from '../crypto/passwords.ts';
import { type ActorCtx, nowText } from '../ctx.ts';
import { badRequest, conflict } from '../errors.ts';
import { emailChangedMail } from '../mail/templates.ts';
import { credentialsObject } from '../rbac/objects.ts';
import type { RoleRef } from '../rbac/roles.ts';
import { findPasswordHash, findUserByNameOrEmail, type UserRow, updateUser } from '../store/users.ts';
import { auditUserChange, isTaken, reread } from './accounts.ts';
import { requireCouldGrant, requirePermission, rolesHeldBy, withAccount } from './actors.ts';

const taken = () =>
  conflict('A user with this e-mail address already exists.', {
    validations: [{ field: 'email', detail: 'This e-mail address is already in use.' }],
  });

/**
 * An address opens the account, by a one-time passcode: whoever sets one's own must know the password.
 * @returns the hash that was checked
 */
async function checkOwnPassword(ctx: ActorCtx, user: UserRow, password: string): Promise<string> {
  if (user.loginType !== 'password') {
    throw badRequest('Users without password login type cannot change their own e-mail address.');
  }
  if (password === '') throw wrongPassword('Password is required.');
  const hash = await findPasswordHash(ctx.db, user.id);
  if (!(await verifyPassword(hash, password))) throw wrongPassword('Password is incorrect.');
  return hash;
}

const wrongPassword = (detail: string) => badRequest(detail, { validations: [{ field: 'password', detail }] });

/** @throws ApiError 403 */
function authorize(ctx: ActorCtx, user: UserRow, held: readonly RoleRef[]): void {
  requirePermission(ctx, 'update_personal', credentialsObject(user));
  if (user.id === ctx.actor.user.id) return;
  // Whoever receives an account's mail can sign in to it.
  requirePermission(ctx, 'update', credentialsObject(user));
  requireCouldGrant(ctx, held);
}

/**
 * Gives an account another address and tells the old one by mail. A pending one-time passcode is void, since it was
 * mailed to the old address. The same address again changes nothing. Password and address that were looked at must still
 * be the stored ones when the new address is stored.
 * @throws ApiError 403 without the right, for owners unless the caller is one, for somebody with a role that the caller
 * could not grant, and for a limited key; 400 for accounts that have no address and for a missing or wrong own password;
 * 409 for a taken address, and when the address was changed meanwhile
 */
export async function updateEmail(ctx: ActorCtx, target: UserRow, input: UpdateUserEmailRequest): Promise<UserRow> {
  authorize(ctx, target, await rolesHeldBy(ctx, target));
  if (target.isServiceAccount || target.isSystem) throw badRequest('Service accounts have no e-mail address.');
  const own = target.id === ctx.actor.user.id;
  const provenHash = own ? await checkOwnPassword(ctx, target, input.password) : undefined;
  if (input.email === target.email) return target;
  const holder = await findUserByNameOrEmail(ctx.db, '', input.email);
  if (holder && holder.id !== target.id) throw taken();
  const updated = await store(ctx, target, input.email, provenHash);
  ctx.mailer.enqueue(
    emailChangedMail({
      accessUrl: ctx.config.accessUrl,
      to: target.email,
      name: target.name || target.username,
      newEmail: updated.email,
    }),
  );
  return updated;
}

async function store(ctx: ActorCtx, target: UserRow, email: string, provenHash: string | undefined): Promise<UserRow> {
  try {
    return await withAccount(ctx, target, async (ctx, account) => {
      authorize(ctx, account, account.held);
      if (provenHash !== undefined && account.hashedPassword !== provenHash)
        throw wrongPassword('Password is incorrect.');
      if (account.email !== target.email) throw conflict('The e-mail address was changed meanwhile. Please try again.');
      const passcode = { hashedOneTimePasscode: null, oneTimePasscodeExpiresAt: null };
      await updateUser(ctx.db, target.id, { email, ...passcode, updatedAt: nowText(ctx) });
      const updated = await reread(ctx, target.id);
      await auditUserChange(ctx, account, updated);
      return updated;
    });
  } catch (err) {
    // The unique index decides between parallel requests.
    if (isTaken(err)) throw taken();
    throw err;
  }
}
