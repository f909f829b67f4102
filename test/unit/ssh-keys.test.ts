import { createPrivateKey, createPublicKey } from 'node:crypto';
import sshpk from 'sshpk';
import { describe, expect, it } from 'vitest';
import { generateSshKey } from '../../src/crypto/ssh-keys.ts';

describe.each([
  { algorithm: 'ed25519', kind: 'ssh-ed25519', label: 'OPENSSH PRIVATE KEY' },
  { algorithm: 'ecdsa', kind: 'ecdsa-sha2-nistp256', label: 'EC PRIVATE KEY' },
  { algorithm: 'rsa4096', kind: 'ssh-rsa', label: 'RSA PRIVATE KEY' },
] as const)('$algorithm', ({ algorithm, kind, label }) => {
  it('gives an authorized_keys line without comment and the matching private key', async () => {
    const { publicKey, privateKey } = await generateSshKey(algorithm);
    expect(publicKey).toMatch(new RegExp(`^${kind} [A-Za-z0-9+/]+=*\\n$`));
    expect(privateKey.startsWith(`-----BEGIN ${label}-----\n`)).toBe(true);
    expect(privateKey.endsWith(`-----END ${label}-----\n`)).toBe(true);
    expect(privateKey).not.toContain('unnamed');
    const derived = sshpk.parsePrivateKey(privateKey, 'auto').toPublic();
    derived.comment = '';
    expect(derived.toString('ssh').trim()).toBe(publicKey.trim());
  }, 60_000);
});

it('RSA keys have 4096 bits', async () => {
  const { privateKey } = await generateSshKey('rsa4096');
  expect(createPublicKey(createPrivateKey(privateKey)).asymmetricKeyDetails?.modulusLength).toBe(4096);
}, 60_000);

it('every call makes another key', async () => {
  const [first, second] = await Promise.all([generateSshKey('ed25519'), generateSshKey('ed25519')]);
  expect(first.publicKey).not.toBe(second.publicKey);
});
