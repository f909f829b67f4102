// Changing the e-mail address of an account, which is what somebody signs in with: one's own only when it is proven.
import { HOUR, instantText } from '../clock.ts';
import type { UpdateUserEmailRequest } from '../codersdk/users.ts';
import { requireHashingRoom } from '../crypto/passwords.ts';
import { hashSecret, randomText } from '../crypto/tokens.ts';
import { type ActorCtx, type Ctx, nowText, withTx } from '../ctx.ts';
import { ApiError, badRequest, conflict } from '../errors.ts';
import { confirmEmailMail, emailChangedMail } from '../mail/templates.ts';
import { can } from '../rbac/authorize.ts';
import { credentialsObject } from '../rbac/objects.ts';
import type { RoleRef } from '../rbac/roles.ts';
import { takeMailTurn } from '../store/account-mails.ts';
import { applyEmailChange, findWishingUser, putEmailChange, takeEmailChange } from '../store/email-changes.ts';
import { findPasswordHash, findUserByNameOrEmail, lockUser, type UserRow, updateUser } from '../store/users.ts';
import { auditUserChange, isTaken, reread } from './accounts.ts';
import { type LockedAccount, requireCouldGrant, requirePermission, rolesHeldBy, withAccount } from './actors.ts';
import { provePassword } from './guesses.ts';

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
  requireHashingRoom(ctx.origin.network);
  const hash = await findPasswordHash(ctx.db, user.id);
  if (!(await provePassword(ctx, user.email, hash, password))) throw wrongPassword('Password is incorrect.');
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

/** How long a mailed link proves an address. */
const PROOF_LIFETIME = HOUR;
const TOKEN_LENGTH = 43;

const withoutMail = () =>
  new ApiError(403, 'This server sends no mail, so you cannot prove a new e-mail address. Ask a user administrator.');

const tooManyMails = () =>
  new ApiError(429, 'A link was mailed to you a moment ago. Please look for it, or try again later.', {
    headers: { 'retry-after': '60' },
  });

const invalidLink = () => badRequest('This link is not valid any more. Ask for a new one.');

/** What became of a new address: it is there, or a link that proves it was mailed. */
export type EmailOutcome = { user: UserRow } | { mailedTo: string };

/**
 * Gives an account another address. One's own counts only when the link that is mailed there was opened
 * (docs/differences.md 31); whether the address is taken is told then, to whoever can read its mail. Where no mail is
 * sent, user administrators alone change addresses. The same address again changes nothing.
 * @throws ApiError 403 without the right, for owners unless the caller is one, for somebody with a role that the caller
 * could not grant, for a limited key, and where no mail is sent; 400 for accounts that have no address and for a missing
 * or wrong own password; 409 for a taken address of somebody else, and when the address was changed meanwhile; 429 for
 * more than a mail a minute or five an hour
 */
export async function updateEmail(
  ctx: ActorCtx,
  target: UserRow,
  input: UpdateUserEmailRequest,
): Promise<EmailOutcome> {
  authorize(ctx, target, await rolesHeldBy(ctx, target));
  if (target.isServiceAccount || target.isSystem) throw badRequest('Service accounts have no e-mail address.');
  const own = target.id === ctx.actor.user.id;
  const mustProve = own && ctx.mailer.enabled;
  if (own && !mustProve && !can(ctx.actor.subject, 'update', credentialsObject(target))) throw withoutMail();
  const provenHash = own ? await checkOwnPassword(ctx, target, input.password) : undefined;
  if (input.email === target.email) return { user: target };
  if (mustProve) {
    await askForProof(ctx, target, input.email, provenHash);
    return { mailedTo: input.email };
  }
  const holder = await findUserByNameOrEmail(ctx.db, '', input.email);
  if (holder && holder.id !== target.id) throw taken();
  const updated = await store(ctx, target, input.email, provenHash);
  tellOldAddress(ctx, target, updated);
  return { user: updated };
}

function tellOldAddress(ctx: Ctx, { email }: UserRow, updated: UserRow): void {
  const name = updated.name || updated.username;
  ctx.mailer.enqueue(emailChangedMail({ accessUrl: ctx.config.accessUrl, to: email, name, newEmail: updated.email }));
}

/** @throws ApiError when password or address are not those any more that the account had when it was looked at */
function requireUnchanged(account: LockedAccount, target: UserRow, provenHash: string | undefined): void {
  if (provenHash !== undefined && account.hashedPassword !== provenHash) throw wrongPassword('Password is incorrect.');
  if (account.email !== target.email) throw conflict('The e-mail address was changed meanwhile. Please try again.');
}

/** Mails the link that proves an address; it takes the place of an earlier one. */
async function askForProof(
  ctx: ActorCtx,
  target: UserRow,
  email: string,
  provenHash: string | undefined,
): Promise<void> {
  const token = randomText(TOKEN_LENGTH);
  await withAccount(ctx, target, async (ctx, account) => {
    authorize(ctx, account, account.held);
    requireUnchanged(account, target, provenHash);
    if (!(await takeMailTurn(ctx.db, target.id, 'email_change', nowText(ctx)))) throw tooManyMails();
    const expiresAt = instantText(ctx.clock() + PROOF_LIFETIME);
    await putEmailChange(ctx.db, { userId: target.id, email, tokenHash: hashSecret(token), expiresAt });
  });
  const { accessUrl } = ctx.config;
  ctx.mailer.enqueue(confirmEmailMail({ accessUrl, to: email, username: target.username, token }));
}

/**
 * Gives an account the address that its mailed link proves. The link works once, for an hour, for the last address that was
 * asked for, and not after the address or the password has changed. A pending one-time passcode is void, since it was
 * mailed to the old address, which is told.
 * @throws ApiError 400 for a link that does not work, 409 for a taken address
 */
export async function confirmEmail(ctx: Ctx, token: string): Promise<void> {
  const tokenHash = hashSecret(token);
  const userId = await findWishingUser(ctx.db, tokenHash);
  if (userId === undefined) throw invalidLink();
  try {
    const { before, updated } = await withTx(ctx, async (ctx) => {
      // The account before the wish, as everybody locks them.
      const before = await lockUser(ctx.db, userId);
      const wish = before && (await takeEmailChange(ctx.db, tokenHash, nowText(ctx)));
      if (!wish || !(await applyEmailChange(ctx.db, wish, nowText(ctx)))) throw invalidLink();
      const updated = await reread(ctx, userId);
      await auditUserChange(ctx, before, updated, { byItself: true });
      return { before, updated };
    });
    tellOldAddress(ctx, before, updated);
  } catch (err) {
    if (isTaken(err)) throw taken();
    throw err;
  }
}

async function store(ctx: ActorCtx, target: UserRow, email: string, provenHash: string | undefined): Promise<UserRow> {
  try {
    return await withAccount(ctx, target, async (ctx, account) => {
      authorize(ctx, account, account.held);
      requireUnchanged(account, target, provenHash);
      // A one-time passcode was mailed to the old address.
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
