// The box for what is stored encrypted, refused when the database was written with a key that is not there.
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createSecretBox, encryptionKeyId, keyIdOfText, type SecretBox } from '../crypto/secret-box.ts';
import { withClient } from '../postgres/client.ts';
import { StartError } from '../start-error.ts';
import type { Db } from '../store/db.ts';
import { leaveKeyCheck, readKeyChecks } from '../store/sealed.ts';
import { configuredKeys, loadEncryptionKeys } from './encryption-keys.ts';

type Settings = Pick<Config, 'encryption' | 'postgres'>;

/** The names of keys that the database was written with and that are not there. Writes nothing, makes no key. */
export async function lostKeys(config: Settings, log: Pick<Logger, 'warn'>, url: string): Promise<string[]> {
  const known = configuredKeys(config, log).map(encryptionKeyId);
  const needed = (await withClient(url, readKeyChecks)).flatMap((check) => keyIdOfText(check) ?? []);
  return [...new Set(needed)].filter((id) => !known.includes(id));
}

/** @throws StartError when a key is lost: told before anything is written, not when somebody reads a secret */
export async function refuseLostKeys(config: Settings, log: Pick<Logger, 'warn'>, url: string): Promise<void> {
  const [lost] = await lostKeys(config, log, url);
  if (lost === undefined) return;
  throw new StartError(
    `The database was written with encryption key ${lost}, which is neither in CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS nor in the data directory. Add that key, first or last; if it is lost for good, coder-users rotate --discard-unreadable gives up what it encrypted.`,
  );
}

/** The box with the configured or generated keys, whose first one leaves a check in the database. */
export async function openSecretBox(config: Settings, log: Logger, db: Db): Promise<SecretBox> {
  const keys = loadEncryptionKeys(config, log);
  const secretBox = createSecretBox(keys);
  if (keys[0] !== undefined) await leaveKeyCheck(db, encryptionKeyId(keys[0]), secretBox.encrypt);
  return secretBox;
}

const refuse = () => {
  throw new Error('this command works without encryption keys');
};

/** For commands that read and write nothing that is encrypted, and must work when keys are lost. */
export const NO_SECRET_BOX: SecretBox = {
  enabled: false,
  encrypt: refuse,
  decrypt: refuse,
  decryptBytes: refuse,
  needsReencryption: refuse,
};
