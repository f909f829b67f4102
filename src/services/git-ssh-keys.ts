// The SSH key that each user has for Git.
import { generateSshKey } from '../crypto/ssh-keys.ts';
import { type Ctx, nowText } from '../ctx.ts';
import { insertGitSshKey } from '../store/git-ssh-keys.ts';

/** A key pair under the configured algorithm, the private half encrypted. Slow: make it before the transaction. */
export async function newSshKey(ctx: Ctx): Promise<{ publicKey: string; privateKey: string }> {
  const { publicKey, privateKey } = await generateSshKey(ctx.config.sshKeygenAlgorithm);
  return { publicKey, privateKey: ctx.secretBox.encrypt(privateKey) };
}

/** Stores the pair of a new user. */
export async function insertNewSshKey(ctx: Ctx, userId: string, key: { publicKey: string; privateKey: string }): Promise<void> {
  const now = nowText(ctx);
  await insertGitSshKey(ctx.db, { userId, createdAt: now, updatedAt: now, ...key });
}
