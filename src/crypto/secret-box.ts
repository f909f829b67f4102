// Encryption at rest: one text column holds version, key id and AES-256-GCM ciphertext, so that keys can be rotated.

import { createCipheriv, createDecipheriv, createSecretKey, hash, randomBytes } from 'node:crypto';

/** The text was encrypted with a key that is not among the configured ones. */
export class UnknownSecretKeyError extends Error {
  override readonly name = 'UnknownSecretKeyError';
  readonly keyId: string;

  constructor(keyId: string) {
    super(`stored with encryption key ${keyId}, which is not configured`);
    this.keyId = keyId;
  }
}

/** The text is not of a form written here, or was changed, or belongs to another place (other `aad`). */
export class DamagedSecretError extends Error {
  override readonly name = 'DamagedSecretError';
}

export interface SecretBox {
  /** False when no key is configured: texts are then marked as unencrypted and kept readable. */
  readonly enabled: boolean;
  /** Encrypts with the first key; `aad` (such as table and row id) ties the result to its place. */
  encrypt(plain: string | Uint8Array, aad?: string): string;
  /** The plain text (UTF-8). Throws UnknownSecretKeyError and DamagedSecretError. */
  decrypt(stored: string, aad?: string): string;
  /** The same for bytes. */
  decryptBytes(stored: string, aad?: string): Buffer;
  /** Whether `encrypt` would use another key (or a key at all) today. */
  needsReencryption(stored: string): boolean;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const UNENCRYPTED = 'v0:';
const STORED = /^v1:([0-9a-f]{16}):([A-Za-z0-9+/]+={0,2})$/;

/** Names a key, given as base64, without telling anything about it. */
export const encryptionKeyId = (base64Key: string): string =>
  hash('sha256', Buffer.concat([Buffer.from('secret-box key id:'), Buffer.from(base64Key, 'base64')])).slice(0, 16);

/** The name of the key that a stored text needs; undefined for a text that is not encrypted. */
export const keyIdOfText = (stored: string): string | undefined => STORED.exec(stored)?.[1];

/**
 * Makes a box from base64 texts of 32 bytes each, the first of which encrypts while all decrypt.
 * Without keys the box works too and stores `v0:` with the base64 of the plain bytes.
 */
export function createSecretBox(base64Keys: readonly string[]): SecretBox {
  const keys = base64Keys.map((text) => {
    const key = Buffer.from(text, 'base64');
    if (key.length !== 32) throw new RangeError('an encryption key is not 32 bytes long');
    // Made once: given as bytes, each text would cost several times as much.
    return { id: encryptionKeyId(text), key: createSecretKey(key) };
  });
  const [first] = keys;
  const byId = new Map(keys.map(({ id, key }) => [id, key]));

  const decryptBytes = (stored: string, aad = ''): Buffer => {
    if (stored.startsWith(UNENCRYPTED)) return Buffer.from(stored.slice(UNENCRYPTED.length), 'base64');
    const [, keyId, payload] = STORED.exec(stored) ?? [];
    if (keyId === undefined || payload === undefined) throw new DamagedSecretError('not an encrypted text');
    const key = byId.get(keyId);
    if (key === undefined) throw new UnknownSecretKeyError(keyId);
    const bytes = Buffer.from(payload, 'base64');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new DamagedSecretError('an encrypted text is cut short');
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(aad));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new DamagedSecretError('an encrypted text does not verify', { cause });
    }
  };

  return {
    enabled: first !== undefined,
    encrypt(plain, aad = '') {
      const bytes = Buffer.from(plain);
      if (first === undefined) return UNENCRYPTED + bytes.toString('base64');
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(aad));
      const sealed = Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
      return `v1:${first.id}:${sealed.toString('base64')}`;
    },
    decrypt: (stored, aad) => decryptBytes(stored, aad).toString('utf8'),
    decryptBytes,
    needsReencryption: (stored) => !stored.startsWith(first === undefined ? UNENCRYPTED : `v1:${first.id}:`),
  };
}
