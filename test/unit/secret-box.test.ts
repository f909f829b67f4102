import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSecretBox, DamagedSecretError, UnknownSecretKeyError } from '../../src/crypto/secret-box.ts';

const OLD = randomBytes(32).toString('base64');
const NEW = randomBytes(32).toString('base64');

describe('with a key', () => {
  const box = createSecretBox([NEW]);

  it.each(['', 'token', 'Grüße €', '\0', 'x'.repeat(100_000)])('a text comes back as it was', (plain) => {
    const stored = box.encrypt(plain, 'user_links/1');
    expect(stored).toMatch(/^v1:[0-9a-f]{16}:[A-Za-z0-9+/]+=*$/);
    expect(box.decrypt(stored, 'user_links/1')).toBe(plain);
  });

  it('bytes come back as they were', () => {
    const bytes = randomBytes(100);
    expect(box.decryptBytes(box.encrypt(bytes)).equals(bytes)).toBe(true);
  });

  it('the plain text cannot be seen and equal texts do not look equal', () => {
    const [first, second] = [box.encrypt('same'), box.encrypt('same')];
    expect(first).not.toBe(second);
    expect(Buffer.from(first.split(':')[2] ?? '', 'base64').includes('same')).toBe(false);
  });

  it('a text moved to another row does not open', () => {
    expect(() => box.decrypt(box.encrypt('token', 'row 1'), 'row 2')).toThrow(DamagedSecretError);
    expect(() => box.decrypt(box.encrypt('token', 'row 1'))).toThrow(DamagedSecretError);
  });

  it('a change of any byte is noticed', () => {
    const [version, keyId, payload = ''] = box.encrypt('token').split(':');
    const bytes = Buffer.from(payload, 'base64');
    for (let i = 0; i < bytes.length; i += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(i) ^ 1, i);
      expect(() => box.decrypt(`${version}:${keyId}:${changed.toString('base64')}`)).toThrow(DamagedSecretError);
    }
  });

  it.each(['', 'token', 'v1:', 'v2:0011223344556677:AAAA', `${box.encrypt('x').slice(0, 30)}`])(
    '%j is refused as damaged',
    (stored) => {
      expect(() => box.decrypt(stored)).toThrow(DamagedSecretError);
    },
  );
});

describe('rotation', () => {
  it('the first key encrypts, all decrypt, and older texts ask to be encrypted again', () => {
    const stored = createSecretBox([OLD]).encrypt('token');
    const box = createSecretBox([NEW, OLD]);
    expect(box.decrypt(stored)).toBe('token');
    expect(box.needsReencryption(stored)).toBe(true);
    const renewed = box.encrypt('token');
    expect(box.needsReencryption(renewed)).toBe(false);
    expect(createSecretBox([NEW]).decrypt(renewed)).toBe('token');
  });

  it('a text of a key that is gone names the key, not its value', () => {
    const stored = createSecretBox([OLD]).encrypt('token');
    expect(() => createSecretBox([NEW]).decrypt(stored)).toThrow(UnknownSecretKeyError);
    expect(() => createSecretBox([]).decrypt(stored)).toThrow(stored.split(':')[1] ?? 'no key id');
  });
});

describe('without a key', () => {
  const box = createSecretBox([]);

  it('texts stay readable and are encrypted once a key is there', () => {
    const stored = box.encrypt('v1:looks:encrypted\0');
    expect(stored).toMatch(/^v0:[A-Za-z0-9+/=]+$/);
    expect(box.enabled).toBe(false);
    expect(box.decrypt(stored)).toBe('v1:looks:encrypted\0');
    expect(box.needsReencryption(stored)).toBe(false);
    expect(createSecretBox([NEW]).needsReencryption(stored)).toBe(true);
    expect(createSecretBox([NEW]).decrypt(stored)).toBe('v1:looks:encrypted\0');
  });
});

it('a key of another length is refused', () => {
  expect(() => createSecretBox([randomBytes(16).toString('base64')])).toThrow(RangeError);
});
