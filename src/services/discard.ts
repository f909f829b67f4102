// After the loss of an encryption key: gives up what no key decrypts, so that the rest goes on working.
import { type Ctx, nowText, withTx } from '../ctx.ts';
import { updateGitSshKey } from '../store/git-ssh-keys.ts';
import { deleteSealed, replaceSealed, type SealedText } from '../store/sealed.ts';
import { findSecretById } from '../store/secrets.ts';
import { lockUser } from '../store/users.ts';
import { audit } from './audit.ts';
import { newSshKey } from './git-ssh-keys.ts';
import { openText, type SealedKind, type SealedPlace, sealedPages } from './sealed-texts.ts';

/** How many texts of each kind. */
export type KindCounts = Readonly<Record<SealedKind, number>>;

type OnProgress = (texts: number) => void;

async function* unreadable(ctx: Ctx, onProgress: OnProgress): AsyncGenerator<{ place: SealedPlace; text: SealedText }> {
  let seen = 0;
  for await (const { place, texts } of sealedPages(ctx.db)) {
    for (const text of texts) if ('reason' in openText(ctx, place, text)) yield { place, text };
    seen += texts.length;
    onProgress(seen);
  }
}

/** A secret without its value is none: it goes, and the audit log says which. */
async function discardSecret(ctx: Ctx, place: SealedPlace, text: SealedText): Promise<boolean> {
  const secret = await findSecretById(ctx.db, text.key[0] ?? '');
  if (!secret || !(await deleteSealed(ctx.db, place.column, text))) return false;
  await audit(ctx, {
    action: 'delete',
    resourceType: 'user_secret',
    resourceId: secret.id,
    resourceTarget: secret.name,
    additionalFields: { reason: 'lost encryption key', user_id: secret.userId },
  });
  return true;
}

/** A new pair, since a public key without its private half opens nothing. Its owner has to make it known again. */
async function replaceSshKey(ctx: Ctx, place: SealedPlace, text: SealedText): Promise<boolean> {
  const userId = text.key[0] ?? '';
  const pair = await newSshKey(ctx);
  return withTx(ctx, async (ctx) => {
    await lockUser(ctx.db, userId);
    if (!(await replaceSealed(ctx.db, place.column, text, pair.privateKey))) return false;
    await updateGitSshKey(ctx.db, userId, { ...pair, updatedAt: nowText(ctx) });
    await audit(ctx, {
      action: 'write',
      resourceType: 'git_ssh_key',
      resourceId: userId,
      resourceTarget: pair.publicKey,
      after: { public_key: pair.publicKey },
      secretFields: ['private_key'],
      additionalFields: { reason: 'lost encryption key' },
    });
    return true;
  });
}

/** Links stay: their accounts sign in again, which brings new tokens. */
const forgetToken = (ctx: Ctx, { column }: SealedPlace, text: SealedText) => replaceSealed(ctx.db, column, text, '');

/** Signing keys and the like are made anew when they are needed. */
const forgetSetting = (ctx: Ctx, { column }: SealedPlace, text: SealedText) => deleteSealed(ctx.db, column, text);

const WAYS: Readonly<Record<SealedKind, (ctx: Ctx, place: SealedPlace, text: SealedText) => Promise<boolean>>> = {
  secrets: (ctx, place, text) => withTx(ctx, (ctx) => discardSecret(ctx, place, text)),
  sshKeys: replaceSshKey,
  accessTokens: forgetToken,
  refreshTokens: forgetToken,
  settings: forgetSetting,
};

const none = (): Record<SealedKind, number> => ({
  secrets: 0,
  sshKeys: 0,
  accessTokens: 0,
  refreshTokens: 0,
  settings: 0,
});

/** Counts what no configured key decrypts. */
export async function countUnreadable(ctx: Ctx, onProgress: OnProgress): Promise<KindCounts> {
  const counts = none();
  for await (const { place } of unreadable(ctx, onProgress)) counts[place.kind] += 1;
  return counts;
}

/**
 * Discards what no configured key decrypts, text by text: secrets are deleted, Git SSH keys made anew, tokens of providers
 * and settings forgotten. What was written anew meanwhile is left alone.
 * @returns what was discarded
 */
export async function discardUnreadable(ctx: Ctx, onProgress: OnProgress): Promise<KindCounts> {
  const counts = none();
  for await (const { place, text } of unreadable(ctx, onProgress)) {
    if (await WAYS[place.kind](ctx, place, text)) counts[place.kind] += 1;
  }
  return counts;
}
