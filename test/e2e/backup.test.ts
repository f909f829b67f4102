// Backup beside a running server that is written to, and restore elsewhere, as an operator does it.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, missing, OWNER, signIn, startLoad } from '../support/load.ts';
import { emptyDatabase } from '../support/postgres.ts';
import { cleanUp, dataFolder, preparedFolder, type RunningServer, run, startServer, until } from '../support/server.ts';

afterAll(cleanUp);

let dataDir: string;
let server: RunningServer;
let token: string;
let file: string;
beforeAll(async () => {
  dataDir = await preparedFolder();
  server = await startServer({ CODER_USERS_DATA_DIR: dataDir, CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true' });
  await call(server.url, 'POST', '/api/v2/users/first', { body: OWNER });
  token = await signIn(server.url);
  await call(server.url, 'POST', '/api/v2/users/me/secrets', { token, body: { name: 'n', value: 'hunter2' } });
  file = join(dirname(dataDir), 'backup.sql.gz');
});

const backup = (args: string[], env: Record<string, string> = {}) =>
  run(['backup', ...args], { CODER_USERS_DATA_DIR: dataDir, ...env }).finished;
const restore = (to: Record<string, string>, ...args: string[]) => run(['restore', file, ...args], to).finished;
const keyOf = (folder: string) => readFileSync(join(folder, 'encryption-keys'), 'utf8');

describe('backup and restore', () => {
  test('while it is written to: what was answered before is there, old keys and passwords work', async () => {
    const load = startLoad(server.url, token);
    await until(() => load.count() > 20, 'some was written');
    const before = load.acknowledged();
    const done = await backup(['--with-keys', '--output', file]);
    await load.stop();
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toContain('It holds the encryption keys');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(file)).filter((name) => name.endsWith('.part'))).toEqual([]);

    const elsewhere = dataFolder();
    const restored = await restore({ CODER_USERS_DATA_DIR: elsewhere });
    expect(restored).toMatchObject({ code: 0 });
    expect(keyOf(elsewhere)).toBe(keyOf(dataDir));
    const copy = await startServer({ CODER_USERS_DATA_DIR: elsewhere });
    expect(await missing(copy.url, token, before)).toEqual([]);
    expect(await signIn(copy.url)).not.toBe('');
    const again = await restore({ CODER_USERS_DATA_DIR: elsewhere });
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('Another server is running') });
    await copy.stop();
    const refused = await restore({ CODER_USERS_DATA_DIR: elsewhere });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('not empty: it has rows in') });
    const stopped = await backup(['--output', dirname(elsewhere)], { CODER_USERS_DATA_DIR: elsewhere });
    expect(stopped.stdout).toMatch(/coder-users-\d{8}T\d{6}Z\.sql\.gz: \d+ rows/);
  });

  test('a backup is not written over another one, and a failed one leaves nothing', async () => {
    const before = readFileSync(file);
    expect(await backup(['--output', file])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there already'),
    });
    expect(readFileSync(file).equals(before)).toBe(true);
    const nowhere = join(dirname(file), 'none', 'x');
    expect(await backup(['--output', nowhere])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be written'),
    });
    expect(existsSync(dirname(nowhere))).toBe(false);
  });

  test('a damaged file is refused before a database is made', async () => {
    const whole = readFileSync(file);
    const other = Buffer.from(whole);
    const middle = Math.floor(other.length / 2);
    other[middle] = (other[middle] ?? 0) ^ 1;
    writeFileSync(file, other);
    const elsewhere = dataFolder();
    const { code, stderr } = await restore({ CODER_USERS_DATA_DIR: elsewhere });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('its checksum is another one') });
    expect(existsSync(elsewhere)).toBe(false);
    writeFileSync(file, whole);
  });
});

describe('the encryption keys of a backup', () => {
  test('with an external database they go into a file of their own, and are asked for before anything is written', async () => {
    const { url } = await emptyDatabase();
    const to = { CODER_PG_CONNECTION_URL: url };
    const keys = join(dirname(file), 'keys');
    expect(await restore(to)).toMatchObject({ code: 1, stderr: expect.stringContaining('--keys-output FILE') });
    const server = await startServer(to);
    expect(await restore(to, '--keys-output', keys)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/The database is in use: \d+ connections/),
    });
    expect(existsSync(keys)).toBe(false);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    await server.stop();
    expect(await restore(to, '--keys-output', keys)).toMatchObject({ code: 0 });
    expect(readFileSync(keys, 'utf8')).toBe(keyOf(dataDir));
    expect(statSync(keys).mode & 0o777).toBe(0o600);
    const copy = await startServer({ ...to, CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS_FILE: keys });
    expect(await signIn(copy.url)).not.toBe('');
    await copy.stop();
  });

  test('without them the restore says which are needed and writes nothing, unless told to', async () => {
    file = join(dirname(dataDir), 'without.sql.gz');
    expect(await backup(['--output', file])).toMatchObject({ stdout: expect.stringContaining('does not hold') });
    const elsewhere = dataFolder();
    const { code, stderr } = await restore({ CODER_USERS_DATA_DIR: elsewhere });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/needs the encryption keys [0-9a-f]{16}/),
    });
    expect(stderr).not.toContain(keyOf(dataDir).trim());
    expect(existsSync(elsewhere)).toBe(false);
    const to = { CODER_PG_CONNECTION_URL: (await emptyDatabase()).url };
    expect(await restore(to, '--without-keys')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('rotate --discard-unreadable'),
    });
    const fits = {
      CODER_PG_CONNECTION_URL: (await emptyDatabase()).url,
      CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: keyOf(dataDir).trim(),
    };
    expect(await restore(fits)).toMatchObject({ code: 0 });
  });
});
