// The SSH key that each user has for Git.
import { generateSshKey } from '../crypto/ssh-keys.ts';
import { type ActorCtx, type Ctx, nowText } from '../ctx.ts';
import { forbidden, notFound } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { bareUserObject, userObject } from '../rbac/objects.ts';
import { findGitSshKey, type GitSshKeyRow, insertGitSshKey, updateGitSshKey } from '../store/git-ssh-keys.ts';
import type { UserRow } from '../store/users.ts';
import { requirePermission, withAccount } from './actors.ts';
import { audit } from './audit.ts';

/** A key pair under the configured algorithm, the private half encrypted. Slow: make it before the transaction. */
export async function newSshKey(ctx: Ctx): Promise<{ publicKey: string; privateKey: string }> {
  const { publicKey, privateKey } = await generateSshKey(ctx.config.sshKeygenAlgorithm);
  return { publicKey, privateKey: ctx.secretBox.encrypt(privateKey) };
}

/** Stores the pair of a new user. */
export async function insertNewSshKey(
  ctx: Ctx,
  userId: string,
  key: { publicKey: string; privateKey: string },
): Promise<void> {
  const now = nowText(ctx);
  await insertGitSshKey(ctx.db, { userId, createdAt: now, updatedAt: now, ...key });
}

/**
 * A user's public key. Golden: users-extras
 * @throws ApiError 403 without read_personal, 404 for an account without a key (the system user)
 */
export async function gitSshKey(ctx: ActorCtx, target: UserRow): Promise<GitSshKeyRow> {
  if (!can(ctx.actor.subject, 'read_personal', bareUserObject(target))) throw forbidden();
  const key = await findGitSshKey(ctx.db, target.id);
  if (!key) throw notFound();
  return key;
}

/**
 * Replaces a user's pair with a new one of the configured algorithm; `createdAt` stays. Golden: users-extras
 * @throws ApiError 403 without read_personal and update_personal and for owners unless the caller is one, 404 for an account without a key
 */
export async function regenerateGitSshKey(ctx: ActorCtx, target: UserRow): Promise<GitSshKeyRow> {
  requirePermission(ctx, 'update_personal', userObject(target));
  await gitSshKey(ctx, target);
  const pair = await newSshKey(ctx);
  return withAccount(ctx, target, async (ctx, account) => {
    requirePermission(ctx, 'update_personal', userObject(account));
    const old = await gitSshKey(ctx, account);
    const key = await updateGitSshKey(ctx.db, target.id, { ...pair, updatedAt: nowText(ctx) });
    if (!key) throw notFound();
    await audit(ctx, {
      action: 'write',
      resourceType: 'git_ssh_key',
      resourceId: target.id,
      resourceTarget: key.publicKey,
      before: { public_key: old.publicKey },
      after: { public_key: key.publicKey },
      secretFields: ['private_key'],
    });
    return key;
  });
}
