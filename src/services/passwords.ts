// Changing passwords: by oneself, by an administrator, by a one-time passcode.
import { randomUUID } from 'node:crypto';
import { instantText, MINUTE } from '../clock.ts';
import type { ChangePasswordWithOneTimePasscodeRequest } from '../codersdk/auth.ts';
import { passwordProblem } from '../codersdk/password-strength.ts';
import type { UpdateUserPasswordRequest } from '../codersdk/users.ts';
import type { Config } from '../config.ts';
import { hashPassword, requireHashingRoom, verifyPassword } from '../crypto/passwords.ts';
import { type ActorCtx, type Ctx, nowText, withTx } from '../ctx.ts';
import { ApiError, badRequest, notFound } from '../errors.ts';
import { resetPasswordMail } from '../mail/templates.ts';
import { decide } from '../rbac/authorize.ts';
import { bareUserObject, credentialsObject } from '../rbac/objects.ts';
import type { RoleRef } from '../rbac/roles.ts';
import { takeMailTurn } from '../store/account-mails.ts';
import { deleteKeysOfUser } from '../store/keys.ts';
import { ZERO_TIME } from '../store/schema.ts';
import { findCredentialsByEmail, findPasswordHash, lockUser, type UserRow, updateUser } from '../store/users.ts';
import { requireCouldGrant, requirePermission, withAccount } from './actors.ts';
import { type AuditEntry, audit } from './audit.ts';
import { provePassword } from './guesses.ts';

const PASSCODE_LIFETIME = 20 * MINUTE;

function checkStrength(password: string): void {
  const problem = passwordProblem(password);
  if (problem) throw badRequest('Invalid password.', { validations: [{ field: 'password', detail: problem }] });
}

const sameAsOld = () => badRequest('New password cannot match old password.');

/**
 * Whether the caller may set the password of an account, as far as can be told before the request is read.
 * @param held all roles of the account
 * @throws ApiError 404 without the right; 400 for an owner's, unless the caller is one; 403 for somebody else's by a limited
 * key, and for somebody with a role that the caller could not grant (golden: users-password)
 */
export function requireMaySetPassword(ctx: ActorCtx, user: UserRow, held: readonly RoleRef[]): void {
  const { subject } = ctx.actor;
  if (user.id === subject.userId) {
    requirePermission(ctx, 'update_personal', bareUserObject(user), notFound);
    return;
  }
  if (decide(subject, 'update_personal', credentialsObject(user)) === 'owners-only') {
    throw badRequest('Only owners can change the password of an owner.');
  }
  requirePermission(ctx, 'update_personal', credentialsObject(user), notFound);
  requireCouldGrant(ctx, held);
}

const incorrectOld = () =>
  badRequest('Old password is incorrect.', {
    validations: [{ field: 'old_password', detail: 'Old password is incorrect.' }],
  });

/**
 * Sets a new password and ends every key of the user. Whether the caller may was decided by the route's gate, and is again
 * when the password is stored. An old password that was given must still be the stored one then.
 * @throws ApiError 400 for accounts without password login, a weak, repeated or unproven password; 403 for a limited key;
 * 429 after too many failures
 * (golden: users-password, keys-scope-user/update-password)
 */
export async function changePassword(ctx: ActorCtx, target: UserRow, input: UpdateUserPasswordRequest): Promise<void> {
  const own = target.id === ctx.actor.user.id;
  const requirePasswordLogin = ({ loginType }: UserRow) => {
    if (loginType !== 'password') throw badRequest('Users without password login type cannot change their password.');
  };
  requirePasswordLogin(target);
  if (own && input.old_password === '') throw badRequest('Old password is required.');
  checkStrength(input.password);
  requireHashingRoom(ctx.origin.network);
  const hash = await findPasswordHash(ctx.db, target.id);
  const isProven = input.old_password !== '';
  if (isProven && !(await provePassword(ctx, target.email, hash, input.old_password))) throw incorrectOld();
  if (await verifyPassword(hash, input.password, ctx.origin.network)) throw sameAsOld();
  requirePermission(ctx, 'update_personal', credentialsObject(target));
  const hashedPassword = await hashPassword(input.password, ctx.origin.network);
  await withAccount(ctx, target, async (ctx, account) => {
    requireMaySetPassword(ctx, account, account.held);
    requirePermission(ctx, 'update_personal', credentialsObject(account));
    requirePasswordLogin(account);
    if (isProven && account.hashedPassword !== hash) throw incorrectOld();
    await storePassword(ctx, account, hashedPassword);
  });
}

/** Sets a password, voids what was mailed to set one, and ends every key. Needs the user's row locked. */
export async function storePassword(
  ctx: Ctx,
  user: Pick<UserRow, 'id' | 'username'>,
  hashedPassword: string,
  note: Pick<AuditEntry, 'userId' | 'status' | 'before' | 'after'> = { status: 204 },
): Promise<void> {
  await updateUser(ctx.db, user.id, { hashedPassword, hashedOneTimePasscode: null, oneTimePasscodeExpiresAt: null });
  await deleteKeysOfUser(ctx.db, user.id);
  await audit(ctx, {
    action: 'write',
    resourceType: 'user',
    resourceId: user.id,
    resourceTarget: user.username,
    secretFields: ['hashed_password'],
    ...note,
  });
}

/** Whether passwords are off for everybody; the passcode routes ask before they read the body. */
export function requirePasswordAuth(config: Config): void {
  if (config.passwords.authDisabled) throw new ApiError(403, 'Password authentication is disabled.');
}

/**
 * Makes a one-time passcode and mails it. Nothing shows whether the address is known: before the answer both cost one hash
 * and one look-up, and what is written and mailed for known ones comes behind it (docs/differences.md 37). Accounts that
 * sign in otherwise get none, and where no mail is sent, nobody learns the passcode. A new request
 * replaces the old passcode, unless its mail would be one too many. Golden: session-passwords
 */
export async function requestPasscode(ctx: Ctx, email: string): Promise<void> {
  const passcode = randomUUID();
  const hashedOneTimePasscode = await hashPassword(passcode, ctx.origin.network);
  const user = await findCredentialsByEmail(ctx.db, email);
  if (user?.loginType !== 'password') return;
  ctx.behind.run('asking for a new password', async () => {
    const outcome = await storePasscode(ctx, user, hashedOneTimePasscode);
    if (outcome === 'too-soon') ctx.refusals.note(ctx, { ...resetOf(user), status: 429, operation: 'reset mail' });
    if (outcome !== 'stored') return;
    const name = user.name || user.username;
    ctx.mailer.enqueue(resetPasswordMail({ accessUrl: ctx.config.accessUrl, to: user.email, name, passcode }));
  });
}

type Credentials = NonNullable<Awaited<ReturnType<typeof findCredentialsByEmail>>>;

/** The audit entry of somebody who asks for a new password. */
const resetOf = ({ id, username }: UserRow) => ({
  action: 'request_password_reset' as const,
  resourceType: 'user' as const,
  resourceId: id,
  resourceTarget: username,
  userId: id,
});

/** Until when a passcode holds, as the audit log compares it. Golden: audit-account/passcode */
const auditedPasscode = (expiresAt: string | null) => ({
  one_time_passcode_expires_at: { Time: expiresAt ?? ZERO_TIME, Valid: expiresAt !== null },
});

function storePasscode(
  ctx: Ctx,
  user: Credentials,
  hashedOneTimePasscode: string,
): Promise<'stored' | 'too-soon' | 'outdated'> {
  return withTx(ctx, async (ctx) => {
    const locked = await lockUser(ctx.db, user.id);
    // A password that was set since then settled what this was asked for.
    if (locked?.hashedPassword !== user.hashedPassword) return 'outdated';
    // The code that was sent stays good: nobody can void it by asking for more.
    if (ctx.mailer.enabled && !(await takeMailTurn(ctx.db, user.id, 'password_reset', nowText(ctx)))) return 'too-soon';
    const oneTimePasscodeExpiresAt = instantText(ctx.clock() + PASSCODE_LIFETIME);
    await updateUser(ctx.db, user.id, { hashedOneTimePasscode, oneTimePasscodeExpiresAt });
    await audit(ctx, {
      ...resetOf(user),
      status: 204,
      before: auditedPasscode(locked.oneTimePasscodeExpiresAt),
      after: auditedPasscode(oneTimePasscodeExpiresAt),
    });
    return 'stored';
  });
}

/**
 * Sets a new password by passcode, which that spends: of two at once one wins, and a password that was set meanwhile
 * stays. A refused password spends nothing. Golden: session-passwords
 * @throws ApiError 400 for a weak or repeated password, a wrong or late passcode
 */
export async function changePasswordWithPasscode(
  ctx: Ctx,
  input: ChangePasswordWithOneTimePasscodeRequest,
): Promise<void> {
  checkStrength(input.password);
  requireHashingRoom(ctx.origin.network);
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
  const right = await verifyPassword(passcodeHash, input.one_time_passcode, ctx.origin.network);
  if (user?.loginType !== 'password' || !right) throw incorrect();
  if (!user.oneTimePasscodeExpiresAt || Date.parse(user.oneTimePasscodeExpiresAt) * 1000 < ctx.clock())
    throw incorrect();
  if (await verifyPassword(user.hashedPassword, input.password, ctx.origin.network)) throw refused(sameAsOld());
  const hashedPassword = await hashPassword(input.password, ctx.origin.network);
  await withTx(ctx, async (ctx) => {
    const locked = await lockUser(ctx.db, user.id);
    if (locked?.hashedPassword !== user.hashedPassword || locked.hashedOneTimePasscode !== passcodeHash)
      throw incorrect();
    if (locked.loginType !== 'password') throw incorrect();
    await storePassword(ctx, locked, hashedPassword, {
      userId: user.id,
      status: 204,
      before: auditedPasscode(locked.oneTimePasscodeExpiresAt),
      after: auditedPasscode(null),
    });
  });
}
