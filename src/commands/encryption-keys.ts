// The keys for what is stored encrypted: from the settings, or from a file that is made at the first start.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
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

/** Writes keys under a passing name first: a file that is there is whole. */
function writeWhole(path: string, keys: readonly string[], place: (draft: string, path: string) => void): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = openSync(draft, 'wx', 0o600);
    writeSync(file, keys.map((key) => `${key}\n`).join(''));
    fsyncSync(file);
    closeSync(file);
    place(draft, path);
    sync(dirname(path));
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Makes a key; of two starts at once one makes it. */
function createKeyFile(path: string): void {
  try {
    writeWhole(path, [randomBytes(KEY_BYTES).toString('base64')], linkSync);
  } catch (err) {
    if (codeOf(err) !== 'EEXIST') throw err;
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

/** Where the key file of the embedded database is. */
export const keyFileOf = (dataDir: string): string => join(dataDir, KEY_FILE);

/**
 * The keys that are there: those of the settings; with the embedded database also those of the key file in the data
 * directory, so that setting keys later on locks nothing out.
 * @throws StartError for a key file that cannot be used
 */
export function configuredKeys(
  { encryption, postgres }: Pick<Config, 'encryption' | 'postgres'>,
  log: Pick<Logger, 'warn'>,
): string[] {
  const stored = postgres.url === undefined ? (readKeyFile(keyFileOf(postgres.dataDir), log) ?? []) : [];
  return [...new Set([...encryption.keys, ...stored])];
}

/**
 * The keys that `createSecretBox` takes: those that are there. Without any the embedded database gets a generated one, made
 * once (mode 0600); with an external database nothing is encrypted then, which is logged.
 * @throws StartError for a key file that cannot be used
 */
export function loadEncryptionKeys(
  config: Pick<Config, 'encryption' | 'postgres'>,
  log: Pick<Logger, 'info' | 'warn'>,
): string[] {
  const keys = configuredKeys(config, log);
  if (keys.length > 0) return keys;
  if (config.postgres.url !== undefined) {
    log.warn(
      `secrets, SSH keys and provider tokens are stored unencrypted: set ${VARIABLE} (base64 of 32 bytes each, comma-separated)`,
    );
    return [];
  }
  const path = keyFileOf(config.postgres.dataDir);
  createKeyFile(path);
  log.info({ path }, 'made a key for what is stored encrypted: keep a copy of it apart from the database');
  return readKeyFile(path, log) ?? [];
}

/** Adds keys behind those of the key file, which is made if need be and replaced as a whole. */
export function addToKeyFile(dataDir: string, keys: readonly string[]): void {
  const path = keyFileOf(dataDir);
  const there = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  writeWhole(path, [...new Set([...there, ...keys])], renameSync);
}

/** Writes keys into a file that is not there yet. @throws StartError when it is */
export function writeNewKeyFile(path: string, keys: readonly string[]): void {
  if (existsSync(path)) throw new StartError(`${path} is there already: keys are written into a new file.`);
  writeWhole(path, keys, renameSync);
}
