// Changing passwords: by oneself, by an administrator, by a one-time passcode.
import { randomUUID } from 'node:crypto';
import { instantText, MINUTE } from '../clock.ts';
import type { ChangePasswordWithOneTimePasscodeRequest } from '../codersdk/auth.ts';
import { passwordProblem } from '../codersdk/password-strength.ts';
import type { UpdateUserPasswordRequest } from '../codersdk/users.ts';
import type { Config } from '../config.ts';
import { hashPassword, verifyPassword } from '../crypto/passwords.ts';
import { type ActorCtx, type Ctx, withTx } from '../ctx.ts';
import { ApiError, badRequest, forbidden, notFound } from '../errors.ts';
import { resetPasswordMail } from '../mail/templates.ts';
import { canByKey } from '../rbac/authorize.ts';
import { newKeyObject } from '../rbac/policy.ts';
import { deleteKeysOfUser } from '../store/keys.ts';
import {
  findCredentialsByEmail,
  findPasswordHash,
  setOneTimePasscode,
  spendOneTimePasscode,
  type UserRow,
  updateUser,
} from '../store/users.ts';
import { audit } from './audit.ts';

const PASSCODE_LIFETIME = 20 * MINUTE;

function checkStrength(password: string): void {
  const problem = passwordProblem(password);
  if (problem) throw badRequest('Invalid password.', { validations: [{ field: 'password', detail: problem }] });
}

const sameAsOld = () => badRequest('New password cannot match old password.');

/**
 * Sets a new password and ends every key of the user. Who may do it was decided by the route's gates.
 * @throws ApiError 400 for accounts without password login, a weak, repeated or unproven password; 403 for a key that may
 * not end keys (golden: users-password, keys-scope-user/update-password)
 */
export async function changePassword(ctx: ActorCtx, target: UserRow, input: UpdateUserPasswordRequest): Promise<void> {
  const own = target.id === ctx.actor.user.id;
  if (target.loginType !== 'password')
    throw badRequest('Users without password login type cannot change their password.');
  checkStrength(input.password);
  const hash = await findPasswordHash(ctx.db, target.id);
  if (own && input.old_password === '') throw badRequest('Old password is required.');
  if (input.old_password !== '' && !(await verifyPassword(hash, input.old_password))) {
    throw badRequest('Old password is incorrect.', {
      validations: [{ field: 'old_password', detail: 'Old password is incorrect.' }],
    });
  }
  if (await verifyPassword(hash, input.password)) throw sameAsOld();
  // A new password ends all keys of the user: a user administrator may do that, a key that must not end keys may not.
  if (!canByKey(ctx.actor.subject, 'delete', newKeyObject(target.id))) throw forbidden();
  const hashedPassword = await hashPassword(input.password);
  await withTx(ctx, async (ctx) => {
    const found = await updateUser(ctx.db, target.id, {
      hashedPassword,
      hashedOneTimePasscode: null,
      oneTimePasscodeExpiresAt: null,
    });
    if (!found) throw notFound();
    await deleteKeysOfUser(ctx.db, target.id);
    await audit(ctx, {
      action: 'write',
      resourceType: 'user',
      resourceId: target.id,
      resourceTarget: target.username,
      secretFields: ['hashed_password'],
      status: 204,
    });
  });
}

/** Whether passwords are off for everybody; the passcode routes ask before they read the body. */
export function requirePasswordAuth(config: Config): void {
  if (config.passwords.authDisabled) throw new ApiError(403, 'Password authentication is disabled.');
}

/**
 * Makes a one-time passcode and mails it. Nothing shows whether the address is known: the work is the same for both,
 * and the mail leaves after the answer. A new request replaces the old passcode. Golden: session-passwords
 */
export async function requestPasscode(ctx: Ctx, email: string): Promise<void> {
  const passcode = randomUUID();
  const hashedOneTimePasscode = await hashPassword(passcode);
  const user = await findCredentialsByEmail(ctx.db, email);
  if (!user) return;
  await withTx(ctx, async (ctx) => {
    await setOneTimePasscode(ctx.db, user.id, hashedOneTimePasscode, instantText(ctx.clock() + PASSCODE_LIFETIME));
    await audit(ctx, {
      action: 'request_password_reset',
      resourceType: 'user',
      resourceId: user.id,
      resourceTarget: user.username,
      userId: user.id,
      status: 204,
    });
  });
  ctx.mailer.enqueue(
    resetPasswordMail({ accessUrl: ctx.config.accessUrl, to: user.email, name: user.name || user.username, passcode }),
  );
}

/**
 * Sets a new password by passcode, which the writing statement spends: of two at once one wins. A refused password
 * spends nothing. Golden: session-passwords
 * @throws ApiError 400 for a weak or repeated password, a wrong or late passcode
 */
export async function changePasswordWithPasscode(
  ctx: Ctx,
  input: ChangePasswordWithOneTimePasscodeRequest,
): Promise<void> {
  checkStrength(input.password);
  const user = await findCredentialsByEmail(ctx.db, input.email);
  const refused = (refusal: ApiError): ApiError => {
    if (user) {
      ctx.refusals.note(ctx, {
        action: 'write',
        resourceType: 'user',
        resourceId: user.id,
        resourceTarget: user.username,
        status: refusal.status,
        operation: 'password by passcode',
        userId: user.id,
      });
    }
    return refusal;
  };
  const incorrect = () => refused(badRequest('Incorrect email or one-time passcode.'));
  const passcodeHash = user?.hashedOneTimePasscode ?? '';
  const right = await verifyPassword(passcodeHash, input.one_time_passcode);
  if (!user || !right) throw incorrect();
  if (!user.oneTimePasscodeExpiresAt || Date.parse(user.oneTimePasscodeExpiresAt) * 1000 < ctx.clock())
    throw incorrect();
  if (await verifyPassword(user.hashedPassword, input.password)) throw refused(sameAsOld());
  const hashedPassword = await hashPassword(input.password);
  await withTx(ctx, async (ctx) => {
    if (!(await spendOneTimePasscode(ctx.db, user.id, passcodeHash, hashedPassword))) throw incorrect();
    await deleteKeysOfUser(ctx.db, user.id);
    await audit(ctx, {
      action: 'write',
      resourceType: 'user',
      resourceId: user.id,
      resourceTarget: user.username,
      userId: user.id,
      secretFields: ['hashed_password'],
      status: 204,
    });
  });
}
