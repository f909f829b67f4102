// The box for what is stored encrypted, refused when the database was written with a key that is not there.
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createSecretBox, type SecretBox, UnknownSecretKeyError } from '../crypto/secret-box.ts';
import { StartError } from '../start-error.ts';
import type { Db } from '../store/db.ts';
import { readOrCreateSetting } from '../store/site-settings.ts';
import { loadEncryptionKeys } from './encryption-keys.ts';

/** A setting that only proves that the keys fit; `rotate` re-encrypts it with everything else. */
const CHECK = 'encryption_check';

/**
 * The box with the configured or generated keys.
 * @throws StartError when the database's own check value needs another key: a lost key is told at the start, not when
 * somebody reads a secret
 */
export async function openSecretBox(config: Config, log: Logger, db: Db): Promise<SecretBox> {
  const secretBox = createSecretBox(loadEncryptionKeys(config, log));
  const check = await readOrCreateSetting(db, CHECK, () => secretBox.encrypt(CHECK));
  try {
    secretBox.decrypt(check);
  } catch (err) {
    if (!(err instanceof UnknownSecretKeyError)) throw err;
    throw new StartError(
      `The database was written with encryption key ${err.keyId}, which is neither in CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS nor in the data directory. Add that key, first or last.`,
    );
  }
  return secretBox;
}
