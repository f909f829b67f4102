// API keys: making them, taking them apart, and checking their secrets; plus random texts of the same alphabet.

import { hash, randomFillSync, timingSafeEqual } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 10;
const SECRET_LENGTH = 22;

/** The largest multiple of the alphabet's size that fits a byte: bytes above it would favour some letters. */
const USABLE_BYTES = 256 - (256 % ALPHABET.length);

export interface NewKey {
  readonly id: string;
  readonly secret: string;
  /** `id-secret`, shown to its owner once. */
  readonly key: string;
  /** SHA-256 of the secret alone, 32 bytes. */
  readonly hashedSecret: Buffer;
}

// Asking the system for a few bytes costs as much as for many: they are taken from a supply, and wiped as they are used.
const supply = Buffer.alloc(4096);
let used = supply.length;

function randomByte(): number {
  if (used === supply.length) {
    randomFillSync(supply);
    used = 0;
  }
  const byte = supply[used] ?? 0;
  supply[used] = 0;
  used += 1;
  return byte;
}

/** `length` letters and digits, each of the 62 equally likely. */
export function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    const byte = randomByte();
    if (byte < USABLE_BYTES) text += ALPHABET[byte % ALPHABET.length];
  }
  return text;
}

/** The form in which a key's secret is stored: 32 bytes, SHA-256. */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Makes a key: an id of 10 and a secret of 22 letters and digits. */
export function newKey(): NewKey {
  const id = randomText(ID_LENGTH);
  const secret = randomText(SECRET_LENGTH);
  return { id, secret, key: `${id}-${secret}`, hashedSecret: hashSecret(secret) };
}

/**
 * Takes a key as sent by a client apart. Returns its id and secret, or the `detail` with which the API refuses it.
 * Lengths are counted in bytes; golden: session-key-states, session-token-sources.
 */
export function parseKey(text: string): { id: string; secret: string } | { reason: string } {
  const parts = text.split('-');
  const [id = '', secret = ''] = parts;
  const malformed = (problem: string, expected: number, got: number) => ({
    reason: `Invalid API key format: ${problem}, expected ${expected} got ${got}`,
  });
  if (parts.length !== 2) return malformed('incorrect amount of API key parts', 2, parts.length);
  const idLength = Buffer.byteLength(id);
  if (idLength !== ID_LENGTH) return malformed('invalid API key ID length', ID_LENGTH, idLength);
  const secretLength = Buffer.byteLength(secret);
  if (secretLength !== SECRET_LENGTH) return malformed('invalid API key secret length', SECRET_LENGTH, secretLength);
  // No key has such an id, and the database refuses some of these characters instead of not finding them.
  if (!/^[!-~]+$/.test(id)) return { reason: 'API key is invalid.' };
  return { id, secret };
}

/** Says in constant time whether `secret` belongs to the stored 32 bytes. */
export function secretMatches(secret: string, hashedSecret: Uint8Array): boolean {
  const actual = hashSecret(secret);
  return actual.length === hashedSecret.length && timingSafeEqual(actual, hashedSecret);
}
