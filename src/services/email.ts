// Changing the e-mail address of an account, which is what somebody signs in with.
import type { UpdateUserEmailRequest } from '../codersdk/users.ts';
import { verifyPassword } from '../crypto/passwords.ts';
import { type ActorCtx, nowText, withTx } from '../ctx.ts';
import { badRequest, conflict, forbidden, notFound } from '../errors.ts';
import { emailChangedMail } from '../mail/templates.ts';
import { can } from '../rbac/authorize.ts';
import { userObject } from '../rbac/policy.ts';
import { isUnlimited } from '../rbac/scopes.ts';
import { findPasswordHash, findUserByNameOrEmail, lockUser, type UserRow, updateUser } from '../store/users.ts';
import { auditUserChange, isTaken, reread } from './accounts.ts';
import { requireOwnerFor } from './owners.ts';

const taken = () =>
  conflict('A user with this e-mail address already exists.', {
    validations: [{ field: 'email', detail: 'This e-mail address is already in use.' }],
  });

/** An address opens the account, by a one-time passcode: whoever sets one's own must know the password. */
async function checkOwnPassword(ctx: ActorCtx, user: UserRow, password: string): Promise<void> {
  if (user.loginType !== 'password') {
    throw badRequest('Users without password login type cannot change their own e-mail address.');
  }
  const wrong = (detail: string) => badRequest(detail, { validations: [{ field: 'password', detail }] });
  if (password === '') throw wrong('Password is required.');
  if (!(await verifyPassword(await findPasswordHash(ctx.db, user.id), password))) {
    throw wrong('Password is incorrect.');
  }
}

/**
 * Gives an account another address and tells the old one by mail. A pending one-time passcode is void, since it was
 * mailed to the old address. The same address again changes nothing.
 * @throws ApiError 403 without the right, and for owners unless the caller is one; 400 for accounts that have no address
 * and for a missing or wrong own password; 409 for a taken address
 */
export async function updateEmail(ctx: ActorCtx, target: UserRow, input: UpdateUserEmailRequest): Promise<UserRow> {
  const { subject, user } = ctx.actor;
  const own = target.id === user.id;
  if (!can(subject, 'update_personal', userObject(target))) throw forbidden();
  // Whoever receives an account's mail can sign in to it: setting somebody else's address is nothing for a limited key.
  if (!own && !(can(subject, 'update', userObject(target)) && isUnlimited(subject))) throw forbidden();
  requireOwnerFor(ctx.actor, target);
  if (target.isServiceAccount || target.isSystem) throw badRequest('Service accounts have no e-mail address.');
  if (own) await checkOwnPassword(ctx, target, input.password);
  if (input.email === target.email) return target;
  const holder = await findUserByNameOrEmail(ctx.db, '', input.email);
  if (holder && holder.id !== target.id) throw taken();
  const updated = await store(ctx, target, input.email);
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

async function store(ctx: ActorCtx, target: UserRow, email: string): Promise<UserRow> {
  try {
    return await withTx(ctx, async (ctx) => {
      const locked = await lockUser(ctx.db, target.id);
      if (!locked) throw notFound();
      // Roles may have changed since the target was read: an owner made meanwhile is an owner.
      requireOwnerFor(ctx.actor, { ...target, roles: locked.roles });
      const passcode = { hashedOneTimePasscode: null, oneTimePasscodeExpiresAt: null };
      await updateUser(ctx.db, target.id, { email, ...passcode, updatedAt: nowText(ctx) });
      const updated = await reread(ctx, target.id);
      await auditUserChange(ctx, target, updated);
      return updated;
    });
  } catch (err) {
    // The unique index decides between parallel requests.
    if (isTaken(err)) throw taken();
    throw err;
  }
}
