// Reading what the reference server encrypted: AES-256-GCM, base64 of nonce, text and tag, beside a column that names the key.
import { createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { StartError } from '../start-error.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The text behind `sealed`; `keyId` is what the row says of the key, null where it is not encrypted. */
export type Unseal = (sealed: string, keyId: string | null) => string;

function open(key: KeyObject, bytes: Buffer): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString();
  } catch {
    return undefined;
  }
}

/**
 * Reads with the keys as the old deployment has them: base64 of 32 bytes each, separated by commas.
 * Which key belongs to a name is found by trying, since the cipher tells.
 * @throws StartError for a text that is no list of keys; later for a text that no key opens, naming the key's name alone
 */
export function createUnseal(list: string | undefined): Unseal {
  const bytesOfKeys = (list ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => Buffer.from(text, 'base64'));
  if (bytesOfKeys.some((key) => key.length !== KEY_BYTES)) {
    throw new StartError('--encryption-keys takes base64 of 32 bytes each, separated by commas.');
  }
  // Made once: given as bytes, each text would cost several times as much.
  const keys = bytesOfKeys.map((bytes) => createSecretKey(bytes));
  /** The key that opened the last text of this name is tried first. */
  const fitting = new Map<string, KeyObject>();
  return (sealed, keyId) => {
    if (keyId === null) return sealed;
    const bytes = Buffer.from(sealed, 'base64');
    const first = fitting.get(keyId);
    for (const key of first === undefined ? keys : [first, ...keys]) {
      const text = bytes.length < NONCE_BYTES + TAG_BYTES ? undefined : open(key, bytes);
      if (text === undefined) continue;
      fitting.set(keyId, key);
      return text;
    }
    throw new StartError(
      keys.length === 0
        ? `The old deployment encrypts what it stores: give its keys (its CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS) with --encryption-keys. The first one needed is ${keyId}.`
        : `None of the given --encryption-keys opens what the old deployment encrypted with its key ${keyId}.`,
    );
  };
}
