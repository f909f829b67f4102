// Which account a login through an identity provider belongs to, and whether that account may sign in.

import type { Ctx } from '../../ctx.ts';
import { badRequest } from '../../errors.ts';
import { quoted } from '../../golang/quote.ts';
import { findLink, findLinkedUser } from '../../store/user-links.ts';
import { findUserById, findUserByNameOrEmail, type UserRow } from '../../store/users.ts';
import { type Conditions, requirePermit } from './convert.ts';
import type { ExternalIdentity } from './identity.ts';
import { LoginRefusal } from './refusal.ts';

/** The half of a conversion that the browser brings back. */
export interface Conversion {
  readonly state: string;
  /** The value of the cookie with the permit; undefined when it is missing. */
  readonly permit: string | undefined;
}

const SUBJECT = 'This account is already linked to a different identity provider subject.';

/**
 * The living user that is linked to this account of the provider, or else has its address and no such link yet.
 * Golden: sso/oidc-accounts, sso/github-login
 * @throws LoginRefusal or ApiError 403 when the address belongs to somebody linked to another account of the provider
 */
export async function findAccount(
  ctx: Ctx,
  { loginType, linkedId, email, linkedElsewhere }: ExternalIdentity,
): Promise<UserRow | undefined> {
  const linked = await findLinkedUser(ctx.db, loginType, linkedId);
  if (linked !== undefined) return findUserById(ctx.db, linked);
  const user = await findUserByNameOrEmail(ctx.db, '', email);
  if (!user) return undefined;
  const link = await findLink(ctx.db, user.id, loginType);
  // Ours, if the link was made since the first look.
  if (link && link.linkedId !== '' && link.linkedId !== linkedId) throw linkedElsewhere(SUBJECT);
  return user;
}

/** The living user that a refused login was about: the one that is linked, or else has the address. */
export async function findMeantAccount(
  { db }: Ctx,
  { loginType, linkedId, email }: ExternalIdentity,
): Promise<UserRow | undefined> {
  const linked = await findLinkedUser(db, loginType, linkedId);
  return linked === undefined ? findUserByNameOrEmail(db, '', email) : findUserById(db, linked);
}

function wrongLoginType(loginType: string, user: UserRow): LoginRefusal {
  const hint =
    user.loginType === 'password'
      ? ' You can convert your account to use this login type by visiting your account settings.'
      : '';
  return new LoginRefusal(
    403,
    'Incorrect login type',
    `Attempting to use login type "${loginType}", but the user has the login type "${user.loginType}".${hint}`,
  );
}

function requireNotSuspended({ status, username }: UserRow): void {
  if (status !== 'suspended') return;
  throw new LoginRefusal(
    403,
    'Account suspended',
    `Your account "${username}" has been suspended. Contact your Coder administrator to reactivate your account.`,
  );
}

function requireSignups({ idp }: Ctx, { loginType }: ExternalIdentity): void {
  const signups = idp[loginType]?.signups;
  if (signups?.allowed) return;
  const text = signups?.refusal || undefined;
  const description = text ?? 'Please contact your Coder administrator to request access.';
  throw new LoginRefusal(403, 'Signups are disabled', description, { as: 'page', markdown: text });
}

/**
 * Checks that a login may go on with the account found, or with a new one for `undefined`. A conversion has rules of its
 * own: the permit decides, not the login type. Nothing has been written by then.
 * @param isFirst nobody has an account yet: the first one may always be made
 * @returns under which conditions the account is converted; undefined for an ordinary login
 * @throws LoginRefusal, ApiError
 */
export async function checkAccount(
  ctx: Ctx,
  identity: ExternalIdentity,
  { user, isFirst, conversion }: { user: UserRow | undefined; isFirst: boolean; conversion: Conversion | undefined },
): Promise<Conditions | undefined> {
  const { loginType, email, refusal } = identity;
  if (refusal) throw refusal;
  let conditions: Conditions | undefined;
  if (conversion) {
    if (!user) {
      throw badRequest(
        `The oidc account with the email ${quoted(email)} does not match the email of the account you are trying to convert. Contact your administrator to resolve this issue.`,
      );
    }
    conditions = await requirePermit(ctx, { jwt: conversion.permit, state: conversion.state, user, toType: loginType });
  } else if (!user) {
    if (!isFirst) requireSignups(ctx, identity);
    return undefined;
  } else if (user.loginType !== loginType) throw wrongLoginType(loginType, user);
  requireNotSuspended(user);
  return conditions;
}
