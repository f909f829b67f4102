import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import argon2 from 'argon2';
import { describe, expect, it } from 'vitest';
import { HashQueueFullError, hashPassword, needsRehash, verifyPassword } from '../../src/crypto/passwords.ts';

interface Samples {
  pairs: { password: string; hash: string }[];
}
const file = new URL('../golden/samples-password-hashes.json', import.meta.url);
const { pairs } = JSON.parse(readFileSync(file, 'utf8')) as Samples;

describe('own hashes', () => {
  it('are argon2id with the intended parameters, salted, and verify', async () => {
    const [first, second] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$(?=[^$]*m=19456)(?=[^$]*t=2)(?=[^$]*p=1)/);
    expect(first).not.toBe(second);
    expect(await verifyPassword(first, 'correct horse')).toBe(true);
    expect(await verifyPassword(first, 'correct horse ')).toBe(false);
    expect(needsRehash(first)).toBe(false);
  });

  it('with weaker parameters verify and ask to be replaced', async () => {
    const weak = await argon2.hash('pw', { type: argon2.argon2id, memoryCost: 1024, timeCost: 1, parallelism: 1 });
    expect(await verifyPassword(weak, 'pw')).toBe(true);
    expect(needsRehash(weak)).toBe(true);
  });
});

describe('imported hashes', () => {
  it.each(pairs)('the recorded password $password verifies and asks to be replaced', async ({ password, hash }) => {
    expect(await verifyPassword(hash, password)).toBe(true);
    expect(await verifyPassword(hash, `${password}x`)).toBe(false);
    expect(needsRehash(hash)).toBe(true);
  });

  it('the number of rounds is taken from the text', async () => {
    const hash = pairs[0]?.hash.replace('$65535$', '$65534$') ?? '';
    expect(await verifyPassword(hash, pairs[0]?.password ?? '')).toBe(false);
  });
});

describe('no password', () => {
  it.each(['', undefined])('%j matches nothing, not even an empty password', async (hash) => {
    expect(await verifyPassword(hash, '')).toBe(false);
    expect(await verifyPassword(hash, 'x')).toBe(false);
  });

  it('costs as much processor time as a real comparison', async () => {
    const hash = await hashPassword('x');
    const cost = async (work: () => Promise<unknown>): Promise<number> => {
      const before = process.cpuUsage();
      for (let i = 0; i < 5; i += 1) await work();
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    const known = await cost(() => verifyPassword(hash, 'y'));
    const unknown = await cost(() => verifyPassword('', 'y'));
    expect(unknown).toBeGreaterThan(known / 3);
  });

  it('has nothing to replace', () => {
    expect(needsRehash('')).toBe(false);
  });
});

it.each([
  'plain text',
  '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
  '$pbkdf2-sha256$0$c2FsdA$aGFzaA',
  '$pbkdf2-sha256$65535$c2FsdA$aGFzaA',
  '$pbkdf2-sha512$65535$uCrvGwObHetGcy7ryVEvkQ$ZjakVZFbToCh306MQITbRITzC',
  '$argon2id$v=19$m=19456,t=2,p=1$AA$AA',
  '$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA',
])('a stored text of another form matches nothing: %s', async (hash) => {
  expect(await verifyPassword(hash, 'x')).toBe(false);
});

it('work beyond the waiting room is refused at once and everything admitted is done', async () => {
  // Of one round, so that five hundred of them cost little.
  const cheap = pairs[0]?.hash.replace('$65535$', '$1$');
  const results = await Promise.allSettled(
    Array.from({ length: availableParallelism() + 510 }, () => verifyPassword(cheap, 'wrong')),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every((result) => result.reason instanceof HashQueueFullError)).toBe(true);
  expect(results.length - refused.length).toBeGreaterThanOrEqual(501);
  expect(await verifyPassword(pairs[0]?.hash, pairs[0]?.password ?? '')).toBe(true);
});
