// Git SSH keys: generated here, stored in the PEM form that ssh-keygen reads for each algorithm.
import { generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

export interface SshKeyPair {
  /** An authorized_keys line without comment, with its final newline. */
  readonly publicKey: string;
  /** OpenSSH (ed25519), SEC1 (ecdsa) or PKCS#1 (rsa4096) PEM, with its final newline. */
  readonly privateKey: string;
}

const generate = promisify(generateKeyPair);
const RSA_BITS = 4096;
const PEM_WIDTH = 64;
/** An unencrypted OpenSSH key is filled up to this. */
const OPENSSH_BLOCK = 8;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** RFC 4251, section 5, `string`: the length, then the bytes; here several in a row. */
function strings(...parts: (string | Buffer)[]): Buffer {
  return Buffer.concat(parts.map(Buffer.from).flatMap((part) => [uint32(part.length), part]));
}

/** RFC 4251, section 5, `mpint` of a positive number in its shortest form: a leading 1 bit gets a zero byte before it. */
function positive(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
}

const bytesOf = (base64url = '') => Buffer.from(base64url, 'base64url');

function publicLine(kind: string, ...parts: (string | Buffer)[]): string {
  return `${kind} ${strings(kind, ...parts).toString('base64')}\n`;
}

/** The container of OpenSSH's PROTOCOL.key, not encrypted: Node writes ed25519 keys in PKCS#8 only, which OpenSSH does not read. */
function opensshPem(kind: string, publicPart: Buffer, privatePart: Buffer): string {
  const check = randomBytes(4);
  const comment = '';
  const secret = Buffer.concat([check, check, strings(kind, publicPart, privatePart, comment)]);
  const padding = Buffer.from(
    Array.from({ length: (OPENSSH_BLOCK - (secret.length % OPENSSH_BLOCK)) % OPENSSH_BLOCK }, (_, index) => index + 1),
  );
  const container = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    // Cipher, key derivation and its options, then one key.
    strings('none', 'none', ''),
    uint32(1),
    strings(strings(kind, publicPart), Buffer.concat([secret, padding])),
  ]);
  const lines = container.toString('base64').match(new RegExp(`.{1,${PEM_WIDTH}}`, 'g')) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

async function ed25519(): Promise<SshKeyPair> {
  const jwk = (await generate('ed25519')).privateKey.export({ format: 'jwk' });
  const publicPart = bytesOf(jwk.x);
  return {
    publicKey: publicLine('ssh-ed25519', publicPart),
    privateKey: opensshPem('ssh-ed25519', publicPart, Buffer.concat([bytesOf(jwk.d), publicPart])),
  };
}

const pemOf = (key: KeyObject, type: 'pkcs1' | 'sec1') => key.export({ type, format: 'pem' }).toString();

async function ecdsa(): Promise<SshKeyPair> {
  const { privateKey } = await generate('ec', { namedCurve: 'P-256' });
  const { x, y } = privateKey.export({ format: 'jwk' });
  const uncompressedPoint = Buffer.concat([Buffer.of(4), bytesOf(x), bytesOf(y)]);
  return {
    publicKey: publicLine('ecdsa-sha2-nistp256', 'nistp256', uncompressedPoint),
    privateKey: pemOf(privateKey, 'sec1'),
  };
}

async function rsa4096(): Promise<SshKeyPair> {
  const { privateKey } = await generate('rsa', { modulusLength: RSA_BITS });
  const { e, n } = privateKey.export({ format: 'jwk' });
  return {
    publicKey: publicLine('ssh-rsa', positive(bytesOf(e)), positive(bytesOf(n))),
    privateKey: pemOf(privateKey, 'pkcs1'),
  };
}

const GENERATORS = { ed25519, ecdsa, rsa4096 };

/** Generates a key pair of the given kind, in libuv's threads. */
export function generateSshKey(algorithm: keyof typeof GENERATORS): Promise<SshKeyPair> {
  return GENERATORS[algorithm]();
}
