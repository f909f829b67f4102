// coder-users migrate: brings the database to this program's schema without starting the server.
import { readConfig } from '../config.ts';
import { createLog } from '../log.ts';
import type { Command } from './command.ts';
import { POSTGRES_URL_OPTION, prepareDatabase, withCleanup, withDatabaseUrl } from './database.ts';
import { say } from './say.ts';

export const migrateCommand: Command = {
  summary: 'Bring the database to the schema of this program. The server does the same whenever it starts.',
  options: { 'postgres-url': POSTGRES_URL_OPTION },
  examples: ['migrate', 'migrate --postgres-url postgres://user:password@host/db'],
  async run({ env, flags }) {
    const config = readConfig(withDatabaseUrl(env, flags['postgres-url']));
    const { log } = createLog({ level: 'warn' }, { human: true, fd: 2 });
    const { applied } = await withCleanup((onClose) =>
      prepareDatabase(config, log, onClose, { mayJoin: true, mayCreate: true }),
    );
    const what = applied === 1 ? '1 migration was applied' : `${applied} migrations were applied`;
    say(applied === 0 ? 'The schema is up to date.' : `The schema is up to date: ${what}.`);
  },
};
