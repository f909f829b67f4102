// coder-users rotate: encrypts everything that is stored encrypted with the first key.
import type { Ctx } from '../ctx.ts';
import { countUnreadable, discardUnreadable, type KindCounts } from '../services/discard.ts';
import { rotateEncryption } from '../services/rotate.ts';
import { StartError } from '../start-error.ts';
import type { Command } from './command.ts';
import { POSTGRES_URL_OPTION } from './database.ts';
import { asOperator } from './operator.ts';
import { startProgress } from './progress.ts';
import { say } from './say.ts';

const WORDS: Readonly<Record<keyof KindCounts, string>> = {
  secrets: 'secrets (deleted)',
  sshKeys: 'Git SSH keys (made anew: their owners have to make the new public keys known)',
  accessTokens: 'access tokens of identity providers (gone until the next login)',
  refreshTokens: 'refresh tokens of identity providers (gone until the next login)',
  settings: 'settings such as signing keys (made anew)',
};

const wordsOf = (counts: KindCounts): string[] =>
  Object.entries(WORDS).flatMap(([kind, words]) => {
    const count = counts[kind as keyof KindCounts];
    return count > 0 ? [`${count} ${words}`] : [];
  });

/** @throws StartError that says what would be lost, if anything would */
async function refuseToDiscard(ctx: Ctx, onProgress: (texts: number) => void): Promise<void> {
  const would = wordsOf(await countUnreadable(ctx, onProgress));
  if (would.length > 0)
    throw new StartError(`Nothing was discarded yet. With --yes this would be: ${would.join('; ')}.`);
}

async function discard(ctx: Ctx, onProgress: (texts: number) => void): Promise<void> {
  const discarded = wordsOf(await discardUnreadable(ctx, onProgress));
  say(discarded.length === 0 ? 'Nothing had to be discarded.' : `Discarded: ${discarded.join('; ')}.`);
}

export const rotateCommand: Command = {
  summary: 'Encrypt everything that is stored encrypted with the first encryption key.',
  options: {
    'discard-unreadable': { help: 'give up what no key decrypts any more, when a key is lost for good' },
    yes: { help: 'discard it without a question' },
    'postgres-url': POSTGRES_URL_OPTION,
  },
  examples: ['rotate', 'rotate --discard-unreadable', 'rotate --discard-unreadable --yes'],
  notes: `To change the key: put the new one first in CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS and keep the old one behind it,
restart every server, run this command, and drop the old key when it has succeeded. Works while servers are running and
goes on where it was interrupted.

When a key is lost: --discard-unreadable counts what cannot be decrypted, and with --yes discards it. Secrets are deleted,
Git SSH keys made anew, tokens of identity providers forgotten until the next login. Passwords, sessions and tokens of
this server are not encrypted with it and go on working.`,
  async run({ env, flags, switches }) {
    const mayDiscard = switches.has('discard-unreadable');
    const isSure = switches.has('yes');
    const progress = startProgress();
    const onProgress = (texts: number) => progress.show(() => `rotate: ${texts} stored texts`);
    const keys = mayDiscard ? (isSure ? 'some' : 'there') : 'all';
    const { rotated, failed } = await asOperator(env, flags['postgres-url'], { keys }, async (ctx) => {
      if (mayDiscard && !isSure) await refuseToDiscard(ctx, onProgress);
      if (!ctx.secretBox.enabled) {
        throw new StartError('There is no key to encrypt with: set CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS.');
      }
      if (mayDiscard) await discard(ctx, onProgress);
      return rotateEncryption(ctx, onProgress);
    }).finally(() => progress.end());
    if (failed > 0) {
      throw new StartError(
        `${failed} stored texts need a key that is not configured; ${rotated} were encrypted anew. Keep every old key.`,
      );
    }
    say(`${rotated} stored texts were encrypted anew. All that is stored encrypted uses the first key.`);
  },
};
