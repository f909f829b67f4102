// Signing in with an identity from a provider: the account is made, updated or converted in one transaction with its link.

import { randomUUID } from 'node:crypto';
import { instantText, SECOND } from '../../clock.ts';
import { alternativeUsername, usernameOf } from '../../codersdk/derived-names.ts';
import { type Ctx, nowText, withTx } from '../../ctx.ts';
import { conflict } from '../../errors.ts';
import { asciiLower } from '../../golang/ascii.ts';
import { quoted } from '../../golang/quote.ts';
import type { ProviderTokens } from '../../idp/token-endpoint.ts';
import { emailChangedMail } from '../../mail/templates.ts';
import { isOwner } from '../../rbac/owners.ts';
import { retrySerializable } from '../../store/db.ts';
import { isUnique } from '../../store/errors.ts';
import { deleteKeysOfUser } from '../../store/keys.ts';
import { lockFirstUser, lockPeople } from '../../store/locks.ts';
import { findDefaultOrganization } from '../../store/organizations.ts';
import { uniques, ZERO_TIME } from '../../store/schema.ts';
import { saveLink } from '../../store/user-links.ts';
import {
  findUserByName,
  findUserByNameOrEmail,
  hasAnyUser,
  type NewUser,
  type UserRow,
  updateUser,
} from '../../store/users.ts';
import { auditedUser, insertAccount, isTaken, reread } from '../accounts.ts';
import { audit } from '../audit.ts';
import { newSshKey } from '../git-ssh-keys.ts';
import { issueKey } from '../keys.ts';
import { BY_DORMANCY } from '../status.ts';
import { type Conversion, checkAccount, findAccount } from './account.ts';
import { type ExternalIdentity, storable } from './identity.ts';
import { LoginRefusal } from './refusal.ts';
import { syncedOrganizations, syncMemberships, syncOrganizationRoles, withLastOwner } from './sync.ts';

export interface SignInOptions {
  /** Present when the login converts an account. */
  conversion?: Conversion | undefined;
  /** Who is signed in in the browser already. */
  signedInAs?: string | undefined;
}

export interface SignedIn {
  user: UserRow;
  /** The text of the new session key; undefined when the browser is to sign in anew after a conversion. */
  key: string | undefined;
  converted: boolean;
}

/** The answer that brings a browser back from its provider. */
const REDIRECT = 307;
const NAME_TRIES = 10;
/** Two logins at once may want the same name or address; the one that lost looks again. */
const LOST_RACES = 3;

type SshKey = Awaited<ReturnType<typeof newSshKey>>;

/** When a provider's token runs out, as it is stored; the zero time for never. */
export const tokenExpiry = (ctx: Pick<Ctx, 'clock'>, { expiresInSeconds }: ProviderTokens): string =>
  expiresInSeconds === undefined ? ZERO_TIME : instantText(ctx.clock() + expiresInSeconds * SECOND);

/** Stored form of a token; "" stays "", since that says that there is none. */
export const sealToken = ({ secretBox }: Pick<Ctx, 'secretBox'>, token: string): string =>
  token === '' ? '' : secretBox.encrypt(token);

async function freeUsername(ctx: Ctx, wanted: string): Promise<string> {
  let name = wanted;
  for (let tries = 0; tries <= NAME_TRIES; tries++) {
    if (!(await findUserByName(ctx.db, name))) return name;
    name = alternativeUsername(wanted);
  }
  throw conflict(`exhausted alternatives for taken username ${quoted(wanted)}`);
}

async function createAccount(ctx: Ctx, identity: ExternalIdentity, isFirst: boolean, sshKey: SshKey): Promise<UserRow> {
  const { loginType, email, name, avatarUrl, githubComUserId, roles = [] } = identity;
  const now = nowText(ctx);
  const user: NewUser = {
    id: randomUUID(),
    username: await freeUsername(ctx, usernameOf(identity.username, email)),
    email,
    name,
    avatarUrl,
    loginType,
    status: 'active',
    // Without an owner nobody could ever set anything up.
    roles: [...new Set(isFirst ? [...roles, 'owner'] : roles)].sort(),
    ...(githubComUserId !== undefined && { githubComUserId }),
    createdAt: now,
    updatedAt: now,
  };
  const claims = identity.claims.merged_claims;
  const organizationIds = (await syncedOrganizations(ctx, claims)) ?? [(await findDefaultOrganization(ctx.db)).id];
  const account = await insertAccount(ctx, user, organizationIds, sshKey, { byItself: true });
  await syncOrganizationRoles(ctx, account, claims);
  return account;
}

const emailTaken = (email: string) =>
  new LoginRefusal(
    409,
    'Email already in use',
    `Your email ${quoted(email)} belongs to another account here, so yours was left as it is. Contact your administrator.`,
  );

/** Writes what the provider says over what the user had, wakes a dormant user, and converts if that is what it is about. */
async function updateAccount(ctx: Ctx, identity: ExternalIdentity, user: UserRow): Promise<UserRow> {
  const { loginType, email, name, avatarUrl, githubComUserId } = identity;
  const holder = await findUserByNameOrEmail(ctx.db, '', email);
  if (holder && holder.id !== user.id) throw emailTaken(email);
  const converts = user.loginType !== loginType;
  const roles = identity.roles && (await withLastOwner(ctx, user, identity.roles));
  const now = nowText(ctx);
  await updateUser(ctx.db, user.id, {
    email,
    name,
    avatarUrl,
    ...(githubComUserId !== undefined && { githubComUserId }),
    ...(roles && { roles }),
    ...(user.status === 'dormant' && { status: 'active', lastSeenAt: now }),
    ...(converts && { loginType, hashedPassword: '', hashedOneTimePasscode: null, oneTimePasscodeExpiresAt: null }),
    updatedAt: now,
  });
  const claims = identity.claims.merged_claims;
  const organizationIds = await syncedOrganizations(ctx, claims);
  if (organizationIds) await syncMemberships(ctx, user, organizationIds);
  await syncOrganizationRoles(ctx, user, claims);
  const updated = await reread(ctx, user.id);
  const [before, after] = [auditedUser(user), auditedUser(updated)];
  if (JSON.stringify(before) !== JSON.stringify(after)) {
    await audit(ctx, {
      action: 'write',
      resourceType: 'user',
      resourceId: user.id,
      resourceTarget: user.username,
      userId: user.id,
      status: REDIRECT,
      before,
      after,
      ...(converts && { secretFields: ['hashed_password'] }),
      ...(user.status === 'dormant' && { additionalFields: BY_DORMANCY }),
    });
  }
  return updated;
}

/** Between the first look and the lock the identity has come to belong to another account, or to none. */
class AccountMoved extends Error {
  override readonly name = 'AccountMoved';
}

/**
 * Locks the account that a first look found, or the right to be the first one, and looks again: only what is true under
 * the lock counts (docs/differences.md 26).
 * @throws AccountMoved when it is another account by now
 */
async function lockAccount(
  ctx: Ctx,
  identity: ExternalIdentity,
  seen: UserRow | undefined,
): Promise<{ user: UserRow | undefined; isFirst: boolean }> {
  if (seen) await lockPeople(ctx.db, { target: seen.id, owners: isOwner(seen) });
  else if (!(await hasAnyUser(ctx.db))) await lockFirstUser(ctx.db);
  const user = await findAccount(ctx, identity);
  if (user?.id !== seen?.id) throw new AccountMoved();
  // Made an owner since: the other owners are locked out of order, and who then waits in a circle starts again.
  if (user && seen && isOwner(user) && !isOwner(seen)) await lockPeople(ctx.db, { owners: true });
  return { user, isFirst: !user && !(await hasAnyUser(ctx.db)) };
}

interface Outcome extends SignedIn {
  before: UserRow | undefined;
}

async function attempt(
  ctx: Ctx,
  identity: ExternalIdentity,
  options: SignInOptions,
  seen: { user?: UserRow; sshKey?: SshKey },
): Promise<Outcome> {
  const { loginType, linkedId, tokens, claims } = identity;
  return withTx(ctx, async (ctx) => {
    const { user: before, isFirst } = await lockAccount(ctx, identity, seen.user);
    const conditions = await checkAccount(ctx, identity, { user: before, isFirst, conversion: options.conversion });
    const converted = conditions !== undefined;
    let user: UserRow;
    if (before) user = await updateAccount(ctx, identity, before);
    else if (seen.sshKey) user = await createAccount(ctx, identity, isFirst, seen.sshKey);
    else throw new AccountMoved();
    await saveLink(ctx.db, {
      userId: user.id,
      loginType,
      linkedId,
      accessToken: sealToken(ctx, tokens.accessToken),
      refreshToken: sealToken(ctx, tokens.refreshToken),
      expiresAt: tokenExpiry(ctx, tokens),
      claims,
    });
    const event = { action: before ? 'login' : 'register', userId: user.id, status: REDIRECT } as const;
    if (conditions) {
      // Whatever the old login type opened is closed (docs/differences.md 34).
      await deleteKeysOfUser(ctx.db, user.id, { keepTokens: conditions.keepTokens });
      // The browser that converted with its old session signs in anew.
      if (options.signedInAs === user.id) {
        await audit(ctx, { ...event, resourceType: 'api_key', resourceId: user.id, resourceTarget: '' });
        return { before, user, key: undefined, converted };
      }
    }
    const { key } = await issueKey(ctx, {
      userId: user.id,
      kind: 'session',
      loginType,
      lifetimeNs: ctx.config.sessions.durationNs,
      ip: ctx.origin.ip,
      event,
    });
    return { before, user, key, converted };
  });
}

/** Tells the old address that the account has another one now. */
function mailOldAddress(ctx: Ctx, { before, user }: Outcome): void {
  if (!before?.email || asciiLower(before.email) === asciiLower(user.email)) return;
  const name = user.name || user.username;
  ctx.mailer.enqueue(
    emailChangedMail({ accessUrl: ctx.config.accessUrl, to: before.email, name, newEmail: user.email }),
  );
}

/**
 * Signs in with an identity: finds, makes or converts the account, and makes a session. Everything is written together or
 * not at all. Golden: sso/oidc-accounts, sso/oidc-convert, sso/github-login
 * @throws LoginRefusal, ApiError
 */
export async function signIn(ctx: Ctx, claimed: ExternalIdentity, options: SignInOptions = {}): Promise<SignedIn> {
  const identity = storable(claimed);
  for (let lost = 0; ; lost++) {
    // A first look without locks: refusals need no transaction, and making an SSH key has no place in one.
    const user = await findAccount(ctx, identity);
    const isFirst = !user && !(await hasAnyUser(ctx.db));
    await checkAccount(ctx, identity, { user, isFirst, conversion: options.conversion });
    const seen = user ? { user } : { sshKey: await newSshKey(ctx) };
    try {
      const outcome = await retrySerializable(() => attempt(ctx, identity, options, seen));
      mailOldAddress(ctx, outcome);
      return { user: outcome.user, key: outcome.key, converted: outcome.converted };
    } catch (err) {
      if (!(err instanceof AccountMoved || isTaken(err) || isUnique(err, uniques.linkedId))) throw err;
      if (lost === LOST_RACES) throw emailTaken(identity.email);
    }
  }
}
