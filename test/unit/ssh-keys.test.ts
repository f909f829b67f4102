import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateSshKey } from '../../src/crypto/ssh-keys.ts';
import { readOpenssh, readPublicLine } from '../support/ssh.ts';

const hasSshKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;

describe.each([
  { algorithm: 'ed25519', kind: 'ssh-ed25519', label: 'OPENSSH PRIVATE KEY' },
  { algorithm: 'ecdsa', kind: 'ecdsa-sha2-nistp256', label: 'EC PRIVATE KEY' },
  { algorithm: 'rsa4096', kind: 'ssh-rsa', label: 'RSA PRIVATE KEY' },
] as const)('$algorithm', ({ algorithm, kind, label }) => {
  it('gives an authorized_keys line without comment and the private key that belongs to it', async () => {
    const { publicKey, privateKey } = await generateSshKey(algorithm);
    expect(publicKey).toMatch(new RegExp(`^${kind} [A-Za-z0-9+/]+=*\\n$`));
    expect(privateKey.startsWith(`-----BEGIN ${label}-----\n`)).toBe(true);
    expect(privateKey.endsWith(`-----END ${label}-----\n`)).toBe(true);
    expect(Math.max(...privateKey.split('\n').map((line) => line.length))).toBe(64);
    const secret = algorithm === 'ed25519' ? readOpenssh(privateKey) : createPrivateKey(privateKey);
    const text = Buffer.from('a commit');
    const digest = algorithm === 'ed25519' ? null : 'sha256';
    expect(verify(digest, text, readPublicLine(publicKey), sign(digest, text, secret))).toBe(true);
  }, 60_000);

  it.runIf(hasSshKeygen)(
    'is read by ssh-keygen, which derives the same public line',
    async () => {
      const { publicKey, privateKey } = await generateSshKey(algorithm);
      const folder = mkdtempSync(join(tmpdir(), 'coder-users-ssh-'));
      try {
        const file = join(folder, 'key');
        writeFileSync(file, privateKey, { mode: 0o600 });
        const { stdout, stderr } = spawnSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' });
        expect(`${stderr}${stdout.trimEnd()}\n`).toBe(publicKey);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    60_000,
  );
});

it('RSA keys have 4096 bits', async () => {
  const { privateKey } = await generateSshKey('rsa4096');
  expect(createPublicKey(createPrivateKey(privateKey)).asymmetricKeyDetails?.modulusLength).toBe(4096);
}, 60_000);

it('every call makes another key', async () => {
  const [first, second] = await Promise.all([generateSshKey('ed25519'), generateSshKey('ed25519')]);
  expect(first.publicKey).not.toBe(second.publicKey);
});
