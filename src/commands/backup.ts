// coder-users backup: one file with everything that the database holds at one instant.
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Manifest } from '../backup/format.ts';
import { writeBackup } from '../backup/write.ts';
import { readConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { StartError } from '../start-error.ts';
import type { Command } from './command.ts';
import { POSTGRES_URL_OPTION, reachDatabase, withCleanup, withDatabaseUrl } from './database.ts';
import { configuredKeys } from './encryption-keys.ts';
import { intoFile, intoStdout, type Sink } from './output.ts';
import { sizeText, startProgress } from './progress.ts';
import { complain, say } from './say.ts';

const STDOUT = '-';

const defaultName = () => `coder-users-${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}.sql.gz`;

/** The file to write: the one that was named, or one with a name by the time in the folder that was. */
function pathOf(output: string | undefined): string {
  const path = resolve(output ?? '.');
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, defaultName()) : path;
  if (existsSync(file)) throw new StartError(`${file} is there already: name another file.`);
  return file;
}

function summary(where: string, { tables, needed_keys, encryption_keys }: Manifest, bytes: number): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const keys =
    encryption_keys !== undefined
      ? 'It holds the encryption keys: whoever has it can read everything.'
      : needed_keys.length > 0
        ? `It does not hold the encryption keys: keep them as well (${needed_keys.join(', ')}).`
        : 'Nothing in it is encrypted.';
  return `${where}: ${rows} rows of ${tables.length} tables, ${sizeText(bytes)}. ${keys}`;
}

export const backupCommand: Command = {
  summary: 'Write everything that the database holds into one file, also while servers are running.',
  options: {
    output: {
      value: 'FILE',
      help: 'the file or folder to write to, - for standard output (default: a name by the time)',
    },
    'with-keys': { help: 'put the encryption keys into it as well' },
    'postgres-url': POSTGRES_URL_OPTION,
  },
  examples: [
    'backup',
    'backup --output /var/backups/',
    'backup --with-keys --output - | ssh elsewhere "cat > coder-users.sql.gz"',
  ],
  notes: `The file shows one instant: every change that was answered before the command began is in it. It is gzipped SQL with a
checksum at its end, for coder-users restore; nobody else on this machine may read it. Without --with-keys it is of full
use only together with the encryption keys, which are kept apart from it. Works with a standby, too.`,
  async run({ env, flags, switches }) {
    const config = readConfig(withDatabaseUrl(env, flags['postgres-url']));
    const toStdout = flags.output === STDOUT;
    if (toStdout && process.stdout.isTTY) throw new StartError('A backup is nothing for a terminal: name a file.');
    const path = toStdout ? '' : pathOf(flags.output);
    const { log } = createLog({ level: 'warn' }, { human: true, fd: 2 });
    const keys = switches.has('with-keys') ? configuredKeys(config, log) : undefined;
    if (keys?.length === 0) throw new StartError('There are no encryption keys to put into the backup.');
    const progress = startProgress();
    let written = 0;
    const fill = (url: string) => (sink: Sink) =>
      writeBackup(
        url,
        (bytes) => {
          written += bytes.length;
          return sink(bytes);
        },
        { keys, onProgress: ({ table, bytes }) => progress.show(() => `backup: ${table}, ${sizeText(bytes)}`) },
      );
    const manifest = await withCleanup(async (onClose) => {
      const { directUrl } = await reachDatabase(config, log, onClose, { mayJoin: true, mayCreate: false });
      return toStdout ? fill(directUrl)(intoStdout) : intoFile(path, fill(directUrl));
    }).finally(() => progress.end());
    const tell = toStdout ? complain : say;
    tell(summary(toStdout ? 'Backup' : path, manifest, written));
  },
};
