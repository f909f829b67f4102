import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateSshKey } from '../../src/crypto/ssh-keys.ts';
import { readOpenssh, readPublicLine } from '../support/ssh.ts';

const hasSshKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;

describe.each([
  { algorithm: 'ed25519', kind: 'ssh-ed25519', label: 'OPENSSH PRIVATE KEY' },
  { algorithm: 'ecdsa', kind: 'ecdsa-sha2-nistp256', label: 'EC PRIVATE KEY' },
  { algorithm: 'rsa4096', kind: 'ssh-rsa', label: 'RSA PRIVATE KEY' },
] as const)('$algorithm', ({ algorithm, kind, label }) => {
  let publicKey: string;
  let privateKey: string;
  beforeAll(async () => {
    ({ publicKey, privateKey } = await generateSshKey(algorithm));
  });

  it('gives an authorized_keys line without comment and the private key that belongs to it', () => {
    expect(publicKey).toMatch(new RegExp(`^${kind} [A-Za-z0-9+/]+=*\\n$`));
    expect(privateKey.startsWith(`-----BEGIN ${label}-----\n`)).toBe(true);
    expect(privateKey.endsWith(`-----END ${label}-----\n`)).toBe(true);
    expect(Math.max(...privateKey.split('\n').map((line) => line.length))).toBe(64);
    const secret = algorithm === 'ed25519' ? readOpenssh(privateKey) : createPrivateKey(privateKey);
    const text = Buffer.from('a commit');
    const digest = algorithm === 'ed25519' ? null : 'sha256';
    expect(verify(digest, text, readPublicLine(publicKey), sign(digest, text, secret))).toBe(true);
  });

  it.runIf(hasSshKeygen)('is read by ssh-keygen, which derives the same public line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coder-users-ssh-'));
    try {
      const file = join(folder, 'key');
      writeFileSync(file, privateKey, { mode: 0o600 });
      const { stdout, stderr } = spawnSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' });
      expect(`${stderr}${stdout.trimEnd()}\n`).toBe(publicKey);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  if (algorithm !== 'rsa4096') return;
  it('has 4096 bits', () => {
    expect(createPublicKey(createPrivateKey(privateKey)).asymmetricKeyDetails?.modulusLength).toBe(4096);
  });
});

it('every call makes another key', async () => {
  const [first, second] = await Promise.all([generateSshKey('ed25519'), generateSshKey('ed25519')]);
  expect(first.publicKey).not.toBe(second.publicKey);
});
