// coder-users create-admin-user: makes an owner directly in the database, so that nobody is locked out for good.
import { createOwner } from '../services/operator.ts';
import { type Command, UsageError } from './command.ts';
import { POSTGRES_URL_OPTION } from './database.ts';
import { asOperator } from './operator.ts';
import { readPassword } from './password-input.ts';
import { say } from './say.ts';

export const createAdminUserCommand: Command = {
  summary: 'Create a user with the role owner directly in the database.',
  options: {
    username: { value: 'NAME', help: 'the username (required)' },
    email: { value: 'ADDRESS', help: 'the e-mail address to log in with (required)' },
    password: { value: 'PASSWORD', help: 'the password; without it, asked for or read from standard input' },
    'postgres-url': POSTGRES_URL_OPTION,
  },
  examples: ['create-admin-user --username ada --email ada@example.com'],
  notes: 'Works while the server is running, and when password login is switched off.',
  async run({ env, flags }) {
    const { username, email } = flags;
    if (username === undefined) throw new UsageError('--username is missing');
    if (email === undefined) throw new UsageError('--email is missing');
    const password = await readPassword(flags.password);
    const user = await asOperator(env, flags['postgres-url'], { keys: 'all', mayCreate: true }, (ctx) =>
      createOwner(ctx, { username, email, password }),
    );
    say(`Created the owner ${user.username} <${user.email}> with the id ${user.id}.`);
  },
};
