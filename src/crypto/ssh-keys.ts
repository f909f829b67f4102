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

const pemOf = (key: KeyObject, type: 'pkcs1' | 'sec1') => key.export({ type, format: 'pem' }).toString();

/** The pair in OpenSSH's form. Made from its parts: reading it from PEM derives the public half anew, in 5 ms of ours. */
async function ed25519(): Promise<{ key: sshpk.PrivateKey; pem: undefined }> {
  const { x = '', d = '' } = (await generate('ed25519')).privateKey.export({ format: 'jwk' });
  const parts = [
    { name: 'A' as const, data: Buffer.from(x, 'base64url') },
    { name: 'k' as const, data: Buffer.from(d, 'base64url') },
  ];
  return { key: new sshpk.PrivateKey({ type: 'ed25519', parts }), pem: undefined };
}

async function pemPair(algorithm: 'ecdsa' | 'rsa4096'): Promise<{ key: sshpk.PrivateKey; pem: string }> {
  const pem =
    algorithm === 'rsa4096'
      ? pemOf((await generate('rsa', { modulusLength: RSA_BITS })).privateKey, 'pkcs1')
      : pemOf((await generate('ec', { namedCurve: 'P-256' })).privateKey, 'sec1');
  return { key: sshpk.parsePrivateKey(pem, 'pem'), pem };
}

/** Generates a key pair of the given kind, in libuv's threads. */
export async function generateSshKey(algorithm: 'ed25519' | 'ecdsa' | 'rsa4096'): Promise<SshKeyPair> {
  const { key, pem } = await (algorithm === 'ed25519' ? ed25519() : pemPair(algorithm));
  const publicKey = key.toPublic();
  // Without this the library writes its placeholder "(unnamed)" into both files.
  key.comment = '';
  publicKey.comment = '';
  return {
    publicKey: withNewline(publicKey.toString('ssh')),
    privateKey: withNewline(pem ?? key.toString('openssh')),
  };
}
