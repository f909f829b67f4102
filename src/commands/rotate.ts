// coder-users rotate: encrypts everything that is stored encrypted with the first key.
import { rotateEncryption } from '../services/rotate.ts';
import { StartError } from '../start-error.ts';
import type { Command } from './command.ts';
import { POSTGRES_URL_OPTION } from './database.ts';
import { asOperator } from './operator.ts';

export const rotateCommand: Command = {
  summary: 'Encrypt everything that is stored encrypted with the first encryption key.',
  options: { 'postgres-url': POSTGRES_URL_OPTION },
  examples: ['rotate'],
  notes: `To change the key: put the new one first in CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS and keep the old one behind it,
restart every server, run this command, and drop the old key when it has succeeded. Works while servers are running and
goes on where it was interrupted.`,
  async run({ env, flags }) {
    const { rotated, failed } = await asOperator(env, flags['postgres-url'], { keys: 'all' }, async (ctx) => {
      if (!ctx.secretBox.enabled) {
        throw new StartError('There is no key to encrypt with: set CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS.');
      }
      return rotateEncryption(ctx);
    });
    if (failed > 0) {
      throw new StartError(
        `${failed} stored texts need a key that is not configured; ${rotated} were encrypted anew. Keep every old key.`,
      );
    }
    console.log(`${rotated} stored texts were encrypted anew. All that is stored encrypted uses the first key.`);
  },
};
