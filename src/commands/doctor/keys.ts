// The encryption keys: whether there are any, who can read them, and whether they fit the database.
import type { Config } from '../../config.ts';
import { StartError } from '../../start-error.ts';
import { configuredKeys } from '../encryption-keys.ts';
import { lostKeys } from '../secret-box.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

const TOPIC = 'encryption';
const VARIABLE = 'CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS';

/** @param url a database that answers; without one only the keys themselves are looked at */
export async function checkKeys(config: Config, url: string | undefined): Promise<Finding[]> {
  const found: Finding[] = [];
  const log = {
    warn: () => {
      if (found.length === 0)
        found.push(warning(TOPIC, 'everybody on this machine can read the key file', 'chmod 600 data/encryption-keys'));
    },
  };
  try {
    const keys = configuredKeys(config, log);
    const lost = url === undefined ? [] : await lostKeys(config, log, url);
    if (lost.length > 0)
      found.push(
        failure(
          TOPIC,
          `the database was written with encryption keys that are not there: ${lost.join(', ')}`,
          `Add them to ${VARIABLE}; if they are lost for good: coder-users rotate --discard-unreadable.`,
        ),
      );
    else if (keys.length > 0)
      found.push(ok(TOPIC, url === undefined ? `${keys.length} keys are there` : 'the keys fit the database'));
    else if (config.postgres.url === undefined) found.push(ok(TOPIC, 'the first start makes a key'));
    else
      found.push(
        failure(
          TOPIC,
          'secrets, SSH keys and tokens of providers are stored as plain text',
          `Set ${VARIABLE} to what "openssl rand -base64 32" prints, restart, and run coder-users rotate.`,
        ),
      );
  } catch (err) {
    if (!(err instanceof StartError)) throw err;
    found.push(failure(TOPIC, err.message, 'Bring the key file back as it was.'));
  }
  return found;
}
