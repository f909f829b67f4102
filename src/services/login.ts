// Signing in and out with a password, and the first user of a deployment.
import { randomUUID } from 'node:crypto';
import type { LoginWithPasswordRequest } from '../codersdk/auth.ts';
import { passwordProblem } from '../codersdk/password-strength.ts';
import type { CreateFirstUserRequest } from '../codersdk/users.ts';
import { hashPassword, isPasswordHash, needsRehash, requireHashingRoom } from '../crypto/passwords.ts';
import { type ActorCtx, type Ctx, nowText, withTx } from '../ctx.ts';
import { ApiError, badRequest, conflict, forbidden } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { keyObject } from '../rbac/objects.ts';
import { deleteKeyAndAppKeys } from '../store/keys.ts';
import { lockFirstUser, lockPeople } from '../store/locks.ts';
import { findDefaultOrganization } from '../store/organizations.ts';
import { findCredentialsByEmail, hasAnyUser, replacePasswordHash, type UserRow } from '../store/users.ts';
import { signedIn } from '../watch/events.ts';
import { insertAccount, isTaken } from './accounts.ts';
import { audit } from './audit.ts';
import { noteFailedSignIn } from './failed-sign-ins.ts';
import { newSshKey } from './git-ssh-keys.ts';
import { provePassword } from './guesses.ts';
import { issueKey, KeyOutdated } from './keys.ts';
import { isOn } from './sso/first-contact.ts';
import { activateDormantUser } from './status.ts';

/** Which ways to sign in are on (GET /users/authmethods). */
export async function authMethods(ctx: Ctx) {
  const { deployment, passwords, github, oidc } = ctx.config;
  return {
    termsOfServiceUrl: deployment.termsOfServiceUrl,
    password: !passwords.authDisabled,
    github: (await isOn(ctx, 'github')) ? github : null,
    oidc: (await isOn(ctx, 'oidc')) ? oidc : null,
  };
}

/** Whether any user exists (GET /users/first). */
export const isSetUp = (ctx: Ctx): Promise<boolean> => hasAnyUser(ctx.db);

/**
 * Creates the very first account, an owner. Of several at once exactly one succeeds.
 * @throws ApiError 409 once any user exists, 400 for a weak password (golden: session-first-user)
 */
export async function createFirstUser(
  ctx: Ctx,
  input: CreateFirstUserRequest,
): Promise<{ userId: string; organizationId: string }> {
  const exists = () => conflict('The initial user has already been created.');
  requireHashingRoom(ctx.origin.network);
  if (await hasAnyUser(ctx.db)) throw exists();
  const problem = passwordProblem(input.password);
  if (problem) throw badRequest('Password is invalid', { validations: [{ field: 'password', detail: problem }] });
  const [hashedPassword, sshKey] = await Promise.all([
    hashPassword(input.password, ctx.origin.network),
    newSshKey(ctx),
  ]);
  try {
    return await withTx(ctx, async (ctx) => {
      await lockFirstUser(ctx.db);
      if (await hasAnyUser(ctx.db)) throw exists();
      const { id: organizationId } = await findDefaultOrganization(ctx.db);
      const now = nowText(ctx);
      const userId = randomUUID();
      await insertAccount(
        ctx,
        {
          id: userId,
          username: input.username,
          email: input.email,
          name: input.name,
          hashedPassword,
          loginType: 'password',
          status: 'active',
          roles: ['owner'],
          createdAt: now,
          updatedAt: now,
        },
        [organizationId],
        sshKey,
        { byItself: true },
      );
      return { userId, organizationId };
    });
  } catch (err) {
    if (isTaken(err)) {
      throw conflict('A user with this username already exists.', {
        validations: [{ field: 'username', detail: 'This username is already in use.' }],
      });
    }
    throw err;
  }
}

/** How often a login begins anew because password or status changed under it. */
const LOGIN_TRIES = 3;

const wrongPassword = () => new ApiError(401, 'Incorrect email or password.');

/**
 * Checks address and password as login does, and wakes a dormant user.
 * @throws ApiError 401 for a wrong pair (an unknown address costs the same time) or a suspended user, 403 when
 * passwords are off or the account signs in otherwise (golden: session-login-accounts); 429 after too many failures
 * @returns the user with the hash that the password fits
 */
export async function checkPassword(
  ctx: Ctx,
  input: LoginWithPasswordRequest,
): Promise<UserRow & { hashedPassword: string }> {
  requireHashingRoom(ctx.origin.network);
  const found = await findCredentialsByEmail(ctx.db, input.email);
  const right = await provePassword(ctx, input.email, found?.hashedPassword ?? '', input.password).catch((err) => {
    // Known and unknown accounts alike: a line, no entry.
    if (err instanceof ApiError) noteFailedSignIn(ctx, { email: input.email, account: undefined, reason: 'pause' });
    throw err;
  });
  const failed = (reason: Parameters<typeof noteFailedSignIn>[1]['reason'], refusal: ApiError): ApiError => {
    noteFailedSignIn(ctx, { email: input.email, account: found, reason });
    return refusal;
  };
  if (!found) throw failed('unknown account', wrongPassword());
  const isUsable = found.hashedPassword === '' || isPasswordHash(found.hashedPassword);
  if (!right) throw failed(isUsable ? 'wrong password' : 'unusable password hash', wrongPassword());
  if (ctx.config.passwords.authDisabled) {
    throw failed('passwords are off', new ApiError(403, 'Password authentication is disabled.'));
  }
  if (found.loginType !== 'password') {
    const message = `Incorrect login type, attempting to use "password" but user is of login type "${found.loginType}"`;
    throw failed('wrong login type', new ApiError(403, message));
  }
  if (needsRehash(found.hashedPassword)) {
    // Conditional on the hash that was checked: a password changed meanwhile must not come back.
    const hashedPassword = await hashPassword(input.password, ctx.origin.network);
    const isReplaced = await replacePasswordHash(ctx.db, found.id, found.hashedPassword, hashedPassword);
    if (isReplaced) found.hashedPassword = hashedPassword;
  }
  if (found.status === 'dormant') await activateDormantUser(ctx, found);
  if (found.status === 'suspended') {
    const message = 'Your account is suspended. Contact an admin to reactivate your account.';
    throw failed('suspended', new ApiError(401, message));
  }
  return found;
}

/**
 * Signs in; the text of a new session key. It exists only if the password that was checked is still the stored one when
 * the key is stored, and the user still active (docs/differences.md 26); else the login begins anew.
 * @throws as `checkPassword`
 */
export async function login(ctx: Ctx, input: LoginWithPasswordRequest): Promise<string> {
  for (let tries = 1; ; tries++) {
    const user = await checkPassword(ctx, input);
    try {
      const { key } = await issueKey(ctx, {
        userId: user.id,
        kind: 'session',
        loginType: 'password',
        lifetimeNs: ctx.config.sessions.durationNs,
        ip: ctx.origin.ip,
        event: { action: 'login', userId: user.id },
        conditions: { passwordHash: user.hashedPassword, onlyActive: true },
      });
      signedIn.tell({ loginType: 'password', outcome: 'success' });
      return key;
    } catch (err) {
      // A login at the same moment may only have renewed the hash.
      if (!(err instanceof KeyOutdated)) throw err;
      if (tries === LOGIN_TRIES) throw wrongPassword();
    }
  }
}

/**
 * Ends the key in use and every key of the user that only opens workspace applications.
 * @throws ApiError 403 for a key whose scopes do not allow to delete keys (golden: session-logout)
 */
export async function logout(ctx: ActorCtx): Promise<void> {
  const { user, keyId, subject } = ctx.actor;
  if (!can(subject, 'delete', keyObject({ id: keyId, userId: user.id }))) throw forbidden();
  await withTx(ctx, async (ctx) => {
    await lockPeople(ctx.db, { target: user.id });
    await deleteKeyAndAppKeys(ctx.db, keyId, user.id);
    await audit(ctx, { action: 'logout', resourceType: 'api_key', resourceId: user.id, keyId, resourceTarget: '' });
  });
}
