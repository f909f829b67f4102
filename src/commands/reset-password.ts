// coder-users reset-password: gives a user a new password directly in the database.
import { resetPassword } from '../services/operator.ts';
import type { Command } from './command.ts';
import { POSTGRES_URL_OPTION } from './database.ts';
import { asOperator } from './operator.ts';
import { readPassword } from './password-input.ts';
import { say } from './say.ts';

export const resetPasswordCommand: Command = {
  summary: 'Give a user a new password directly in the database. All sessions and tokens of the user end.',
  positionals: ['USERNAME'],
  options: {
    password: { value: 'PASSWORD', help: 'the password; without it, asked for or read from standard input' },
    'postgres-url': POSTGRES_URL_OPTION,
  },
  examples: ['reset-password ada'],
  notes: 'Works while the server is running, and without encryption keys.',
  async run({ env, flags, positionals: [username = ''] }) {
    const password = await readPassword(flags.password);
    await asOperator(env, flags['postgres-url'], { keys: 'none' }, (ctx) => resetPassword(ctx, username, password));
    say(`The password of ${username} has been reset.`);
  },
};
