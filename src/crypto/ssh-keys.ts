// Git SSH keys: generated here, stored in the PEM form that ssh-keygen reads for each algorithm.

import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import sshpk from 'sshpk';

export interface SshKeyPair {
  /** An authorized_keys line without comment, with its final newline. */
  readonly publicKey: string;
  /** OpenSSH (ed25519), SEC1 (ecdsa) or PKCS#1 (rsa4096) PEM, with its final newline. */
  readonly privateKey: string;
}

const generate = promisify(generateKeyPair);
const RSA_BITS = 4096;

const withNewline = (text: string): string => `${text.trimEnd()}\n`;

async function privatePem(algorithm: 'ed25519' | 'ecdsa' | 'rsa4096'): Promise<string> {
  const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1') => key.export({ type, format: 'pem' }).toString();
  if (algorithm === 'rsa4096') return pem((await generate('rsa', { modulusLength: RSA_BITS })).privateKey, 'pkcs1');
  if (algorithm === 'ecdsa') return pem((await generate('ec', { namedCurve: 'P-256' })).privateKey, 'sec1');
  return pem((await generate('ed25519')).privateKey, 'pkcs8');
}

/** Generates a key pair of the given kind, in libuv's threads. */
export async function generateSshKey(algorithm: 'ed25519' | 'ecdsa' | 'rsa4096'): Promise<SshKeyPair> {
  const pem = await privatePem(algorithm);
  const key = sshpk.parsePrivateKey(pem, 'pem');
  const publicKey = key.toPublic();
  // Without this the library writes its placeholder "(unnamed)" into both files.
  key.comment = '';
  publicKey.comment = '';
  return {
    publicKey: withNewline(publicKey.toString('ssh')),
    privateKey: withNewline(algorithm === 'ed25519' ? key.toString('openssh') : pem),
  };
}
