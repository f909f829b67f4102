// Where the encryption keys come from: settings, a generated file, or nowhere.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadEncryptionKeys } from '../../src/commands/encryption-keys.ts';
import { createSecretBox } from '../../src/crypto/secret-box.ts';
import { StartError } from '../../src/start-error.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
const OTHER = Buffer.alloc(32, 2).toString('base64');

let folder: string;
let warnings: unknown[];
const log = { info: () => undefined, warn: (...words: unknown[]) => void warnings.push(words.at(-1)) };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'encryption-keys-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const load = (keys: string[], url?: string, dataDir = folder) =>
  loadEncryptionKeys({ encryption: { keys }, postgres: { dataDir, ...(url !== undefined && { url }) } }, log);
const file = () => join(folder, 'encryption-keys');

describe('with an external database', () => {
  test('the keys are those of the settings', () => {
    expect(load([KEY, OTHER], 'postgres://x')).toEqual([KEY, OTHER]);
    expect(warnings).toEqual([]);
  });

  test('without any, nothing is encrypted, which is said, and no file is made', () => {
    expect(load([], 'postgres://x')).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS')]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('with the embedded database', () => {
  test('a key is made once, for us alone, and works', () => {
    const keys = load([]);
    expect(keys).toHaveLength(1);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(createSecretBox(load([])).decrypt(createSecretBox(keys).encrypt('hello'))).toBe('hello');
    expect(load([])).toEqual(keys);
    expect(readdirSync(folder)).toEqual(['encryption-keys']);
  });

  test('a data directory that is not there yet is made', () => {
    const dataDir = join(folder, 'a', 'b');
    expect(load([], undefined, dataDir)).toHaveLength(1);
    expect(readdirSync(dataDir)).toEqual(['encryption-keys']);
  });

  test('every deployment gets another key', () => {
    expect(load([], undefined, join(folder, 'a'))).not.toEqual(load([], undefined, join(folder, 'b')));
  });

  test('keys of the settings come first, and what the generated one encrypted stays readable', () => {
    const [generated = ''] = load([]);
    expect(load([KEY])).toEqual([KEY, generated]);
    expect(load([generated, KEY])).toEqual([generated, KEY]);
  });

  test('with keys in the settings from the start no file is made', () => {
    expect(load([KEY])).toEqual([KEY]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('the file may hold several keys, the first of which encrypts', () => {
    writeFileSync(file(), `${OTHER}\n${KEY}\n\n`, { mode: 0o600 });
    expect(load([])).toEqual([OTHER, KEY]);
  });

  test.each(['', 'no key\n', `${KEY}\n${KEY.slice(4)}\n`])(
    'a file with %j stops the start and stays as it is',
    (text) => {
      writeFileSync(file(), text, { mode: 0o600 });
      expect(() => load([])).toThrow(StartError);
      expect(readFileSync(file(), 'utf8')).toBe(text);
    },
  );

  test('a file that everybody can read is warned about', () => {
    load([]);
    chmodSync(file(), 0o644);
    load([]);
    expect(warnings).toHaveLength(1);
  });
});
