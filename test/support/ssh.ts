// Reads SSH keys field by field, as Node's keys: authorized_keys lines and unencrypted OpenSSH files.
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { expect } from 'vitest';

/** Takes the length-prefixed strings of SSH's wire format off `bytes`, as many as are asked for. */
function take(bytes: Buffer, count: number): { parts: Buffer[]; rest: Buffer } {
  const parts: Buffer[] = [];
  let rest = bytes;
  while (parts.length < count) {
    const end = 4 + rest.readUInt32BE(0);
    if (end > rest.length) throw new Error('a string is longer than what holds it');
    parts.push(rest.subarray(4, end));
    rest = rest.subarray(end);
  }
  return { parts, rest };
}

const url = (bytes: Buffer | undefined) => bytes?.toString('base64url') ?? '';

/** The key of an authorized_keys line of one of our three kinds. */
export function readPublicLine(line: string): KeyObject {
  const [kind, blob = ''] = line.trimEnd().split(' ');
  const { parts, rest } = take(Buffer.from(blob, 'base64'), kind === 'ssh-ed25519' ? 2 : 3);
  expect(rest).toHaveLength(0);
  expect(parts[0]?.toString()).toBe(kind);
  const jwk: JsonWebKey =
    kind === 'ssh-rsa'
      ? { kty: 'RSA', e: url(parts[1]), n: url(parts[2]?.subarray(parts[2][0] === 0 ? 1 : 0)) }
      : kind === 'ssh-ed25519'
        ? { kty: 'OKP', crv: 'Ed25519', x: url(parts[1]) }
        : { kty: 'EC', crv: 'P-256', x: url(parts[2]?.subarray(1, 33)), y: url(parts[2]?.subarray(33)) };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

/** The ed25519 key in an OpenSSH file. */
export function readOpenssh(pem: string): KeyObject {
  const container = Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64');
  const magic = 'openssh-key-v1\0';
  expect(container.subarray(0, magic.length).toString()).toBe(magic);
  const { parts: head, rest } = take(container.subarray(magic.length), 3);
  expect(head.map(String)).toEqual(['none', 'none', '']);
  expect(rest.readUInt32BE(0)).toBe(1);
  const { parts: blobs, rest: end } = take(rest.subarray(4), 2);
  expect(end).toHaveLength(0);
  const [publicBlob = Buffer.of(), secret = Buffer.of()] = blobs;
  expect(secret.length % 8).toBe(0);
  expect(secret.readUInt32BE(0)).toBe(secret.readUInt32BE(4));
  const { parts, rest: padding } = take(secret.subarray(8), 4);
  const [kind, publicPart = Buffer.of(), privatePart = Buffer.of(), comment] = parts;
  expect(kind?.toString()).toBe('ssh-ed25519');
  expect(take(publicBlob, 2).parts[1]).toEqual(publicPart);
  expect(privatePart.subarray(32)).toEqual(publicPart);
  expect(comment).toHaveLength(0);
  expect([...padding]).toEqual([1, 2, 3, 4, 5, 6, 7].slice(0, padding.length));
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: url(publicPart), d: url(privatePart.subarray(0, 32)) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}
