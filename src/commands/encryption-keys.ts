// The keys for what is stored encrypted: from the settings, or from a file that is made at the first start.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { StartError } from '../start-error.ts';

/** Beside the embedded database's files, inside the data directory. */
const KEY_FILE = 'encryption-keys';
const KEY_BYTES = 32;
const VARIABLE = 'CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS';

const codeOf = (err: unknown) => (err as NodeJS.ErrnoException).code;

function sync(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

/** Writes a new key under a passing name first: a file that is there is whole, and of two starts one makes it. */
function createKeyFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = openSync(draft, 'wx', 0o600);
    writeSync(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    fsyncSync(file);
    closeSync(file);
    linkSync(draft, path);
    sync(dirname(path));
  } catch (err) {
    if (codeOf(err) !== 'EEXIST') throw err;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The keys in the file, one a line; undefined when there is no file. @throws StartError for a file that is no good */
function readKeyFile(path: string, log: Pick<Logger, 'warn'>): string[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (err) {
    if (codeOf(err) === 'ENOENT') return undefined;
    throw new StartError(`Cannot read the encryption keys in ${path}: ${(err as Error).message}`);
  }
  // No refusal: some volumes show every file like this, whatever its mode.
  if ((statSync(path).mode & 0o007) !== 0) log.warn({ path }, 'everybody on this machine can read the encryption keys');
  const keys = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const isKey = (key: string) => /^[A-Za-z0-9+/]{43}=$/.test(key);
  if (keys.length === 0 || !keys.every(isKey)) {
    throw new StartError(`${path} must hold base64 keys of ${KEY_BYTES} bytes, one a line.`);
  }
  return keys;
}

/**
 * The keys that `createSecretBox` takes: those of the settings; with the embedded database also those of the key file in
 * the data directory, so that setting keys later on locks nothing out. Without any in the settings the embedded database
 * gets a generated one, made once (mode 0600); with an external database nothing is encrypted then, which is logged.
 * @throws StartError for a key file that cannot be used
 */
export function loadEncryptionKeys(
  { encryption, postgres }: Pick<Config, 'encryption' | 'postgres'>,
  log: Pick<Logger, 'info' | 'warn'>,
): string[] {
  const configured = [...encryption.keys];
  if (postgres.url !== undefined) {
    if (configured.length === 0) {
      log.warn(
        `secrets, SSH keys and provider tokens are stored unencrypted: set ${VARIABLE} (base64 of 32 bytes each, comma-separated)`,
      );
    }
    return configured;
  }
  const path = join(postgres.dataDir, KEY_FILE);
  const stored = readKeyFile(path, log);
  if (stored !== undefined) return [...configured, ...stored.filter((key) => !configured.includes(key))];
  if (configured.length > 0) return configured;
  createKeyFile(path);
  log.info({ path }, 'made a key for what is stored encrypted: keep a copy of it apart from the database');
  return readKeyFile(path, log) ?? [];
}
