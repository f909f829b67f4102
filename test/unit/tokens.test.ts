import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hashSecret, newKey, parseKey, randomText, secretMatches } from '../../src/crypto/tokens.ts';

interface Samples {
  pairs: { token: string; id: string; hashed_secret: string }[];
}
const file = new URL('../golden/samples-api-keys.json', import.meta.url);
const { pairs } = JSON.parse(readFileSync(file, 'utf8')) as Samples;

describe('recorded keys', () => {
  it.each(pairs)('$id is taken apart and matches what was stored', ({ token, id, hashed_secret }) => {
    const parsed = parseKey(token);
    if ('reason' in parsed) throw new Error(parsed.reason);
    expect(parsed.id).toBe(id);
    expect(hashSecret(parsed.secret).toString('hex')).toBe(hashed_secret);
    expect(secretMatches(parsed.secret, Buffer.from(hashed_secret, 'hex'))).toBe(true);
  });
});

describe('new keys', () => {
  it('have the documented form and match their own hash alone', () => {
    const key = newKey();
    expect(key.key).toMatch(/^[0-9A-Za-z]{10}-[0-9A-Za-z]{22}$/);
    expect(parseKey(key.key)).toEqual({ id: key.id, secret: key.secret });
    expect(secretMatches(key.secret, key.hashedSecret)).toBe(true);
    expect(secretMatches(newKey().secret, key.hashedSecret)).toBe(false);
    expect(secretMatches(key.secret, key.hashedSecret.subarray(1))).toBe(false);
    expect(secretMatches(key.secret, Buffer.alloc(0))).toBe(false);
  });

  it('use every letter and digit about equally often', () => {
    const counts = new Map<string, number>();
    for (const letter of randomText(62_000)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(62);
    // 1000 expected each; the modulo bias of a plain byte would give the first eight 1211, six sigma is 190.
    expect(Math.max(...counts.values())).toBeLessThan(1190);
    expect(Math.min(...counts.values())).toBeGreaterThan(810);
  });

  it.each([1, 10, 22, 32])('a random text has exactly %i letters', (length) => {
    expect(randomText(length)).toHaveLength(length);
  });
});

it.each<[string, string]>([
  ['x', 'Invalid API key format: incorrect amount of API key parts, expected 2 got 1'],
  ['a'.repeat(5000), 'Invalid API key format: incorrect amount of API key parts, expected 2 got 1'],
  ['a-b-c', 'Invalid API key format: incorrect amount of API key parts, expected 2 got 3'],
  ['abc-0123456789012345678901', 'Invalid API key format: invalid API key ID length, expected 10 got 3'],
  ['-', 'Invalid API key format: invalid API key ID length, expected 10 got 0'],
  ['éééééé-0123456789012345678901', 'Invalid API key format: invalid API key ID length, expected 10 got 12'],
  ['aaaaaaaaaa-', 'Invalid API key format: invalid API key secret length, expected 22 got 0'],
  ['aaaaaaaaaa-abc', 'Invalid API key format: invalid API key secret length, expected 22 got 3'],
  ['aaaaaaaaa\0-0123456789012345678901', 'API key is invalid.'],
  ['ééééé-0123456789012345678901', 'API key is invalid.'],
])('%j is refused with its reason', (text, reason) => {
  expect(parseKey(text)).toEqual({ reason });
});

it('the alphabet of the secret is not looked at', () => {
  expect(parseKey('aaaaaaaaaa-!!!!!!!!!!!!!!!!!!!!!!')).toEqual({ id: 'aaaaaaaaaa', secret: '!'.repeat(22) });
});
