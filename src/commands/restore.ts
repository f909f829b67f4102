// coder-users restore: brings a backup into an empty database.
import { type Backup, openBackup } from '../backup/read.ts';
import { restoreBackup } from '../backup/restore.ts';
import { type Config, readConfig } from '../config.ts';
import { encryptionKeyId } from '../crypto/secret-box.ts';
import { createLog } from '../log.ts';
import { StartError } from '../start-error.ts';
import type { Command } from './command.ts';
import { POSTGRES_URL_OPTION, reachDatabase, withCleanup, withDatabaseUrl } from './database.ts';
import { addToKeyFile, configuredKeys, keyFileOf, writeNewKeyFile } from './encryption-keys.ts';
import { sizeText, startProgress } from './progress.ts';
import { say } from './say.ts';

const VARIABLE = 'CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS';

/** What becomes of the encryption keys, decided before anything is written. */
interface KeyPlan {
  /** Puts keys of the backup where the server will find them. */
  readonly place: () => void;
  /** For whoever restores. */
  readonly note: string;
}

/** @throws StartError when what the backup needs could not be read afterwards */
function planKeys(
  { postgres }: Pick<Config, 'postgres'>,
  { manifest }: Backup,
  configured: readonly string[],
  { output, withoutKeys }: { output: string | undefined; withoutKeys: boolean },
): KeyPlan {
  const ids = configured.map(encryptionKeyId);
  const held = manifest.encryption_keys ?? [];
  if (output !== undefined && held.length === 0) throw new StartError('The backup holds no encryption keys.');
  const missing = manifest.needed_keys.filter((id) => !ids.includes(id));
  const brought = held.filter((key) => !ids.includes(encryptionKeyId(key)));
  const still = missing.filter((id) => !brought.some((key) => encryptionKeyId(key) === id));
  if (still.length > 0 && !withoutKeys) {
    throw new StartError(
      `The backup needs the encryption keys ${still.join(', ')}, which are neither in ${VARIABLE}${postgres.url === undefined ? ` nor in ${keyFileOf(postgres.dataDir)}` : ''}. Set them, or restore with --without-keys: what they encrypted stays unreadable then.`,
    );
  }
  if (output !== undefined) {
    return {
      place: () => writeNewKeyFile(output, held),
      note: `The encryption keys are in ${output}: set ${VARIABLE}_FILE to it.`,
    };
  }
  if (brought.length === 0) {
    const lost = 'The server starts after coder-users rotate --discard-unreadable, or with the missing keys.';
    return { place: () => undefined, note: still.length > 0 ? lost : '' };
  }
  if (postgres.url === undefined) {
    const { dataDir } = postgres;
    return {
      place: () => addToKeyFile(dataDir, brought),
      note: `The encryption keys of the backup are in ${keyFileOf(dataDir)}.`,
    };
  }
  if (missing.length === 0 || withoutKeys) return { place: () => undefined, note: '' };
  throw new StartError(
    `The backup holds the encryption keys that it needs (${missing.join(', ')}): --keys-output FILE writes them into a file for ${VARIABLE}_FILE.`,
  );
}

export const restoreCommand: Command = {
  summary: 'Bring a backup into an empty database.',
  positionals: ['FILE'],
  options: {
    'keys-output': { value: 'FILE', help: 'write the encryption keys that the backup holds into this new file' },
    'without-keys': { help: 'restore although encryption keys are missing' },
    'postgres-url': POSTGRES_URL_OPTION,
  },
  examples: [
    'restore coder-users-20260101T000000Z.sql.gz',
    'restore backup.sql.gz --postgres-url postgres://user:password@host/new --keys-output keys',
  ],
  notes: `The file is checked from its first byte to its last before anything is written. The database must be empty: without tables
of this program, or as a first start leaves it. All of it comes in one transaction, so that a restore that is interrupted
leaves nothing. A backup of an older version is brought up to date, one of a newer version is refused.
Stop the server before, and start it afterwards.`,
  async run({ env, flags, switches, positionals: [path = ''] }) {
    const config = readConfig(withDatabaseUrl(env, flags['postgres-url']));
    const { log } = createLog({ level: 'warn' }, { human: true, fd: 2 });
    const progress = startProgress();
    try {
      const backup = await openBackup(path, (bytes) => progress.show(() => `checking the file: ${sizeText(bytes)}`));
      const plan = planKeys(config, backup, configuredKeys(config, log), {
        output: flags['keys-output'],
        withoutKeys: switches.has('without-keys'),
      });
      const newer = await withCleanup(async (onClose) => {
        const { directUrl } = await reachDatabase(config, log, onClose, { mayJoin: false, mayCreate: true });
        return restoreBackup(directUrl, backup, {
          beforeCommit: plan.place,
          onProgress: ({ table, bytes }) => progress.show(() => `restore: ${table}, ${sizeText(bytes)}`),
        });
      });
      progress.end();
      const { tables, time, version } = backup.manifest;
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      const migrated = newer === 0 ? '' : ` ${newer} newer migrations were applied.`;
      say(`Restored ${rows} rows of ${tables.length} tables, as of ${time} (version ${version}).${migrated}`);
      if (plan.note !== '') say(plan.note);
    } finally {
      progress.end();
    }
  },
};
