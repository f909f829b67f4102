// The encryption key of a deployment that sets none, and changing it while the server runs.
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanUp, dataFolder, preparedFolder, type RunningServer, run, startServer } from '../support/server.ts';

afterAll(cleanUp);

const NEW = Buffer.alloc(32, 5).toString('base64');
const STRANGER = Buffer.alloc(32, 6).toString('base64');

let dataDir: string;
let file: string;
let server: RunningServer;
beforeAll(async () => {
  dataDir = await preparedFolder();
  file = join(dataDir, 'encryption-keys');
  server = await startServer({ CODER_USERS_DATA_DIR: dataDir });
  const names = ['--username', 'ada', '--email', 'ada@example.com', '--password', 'SomeSecurePassword!'];
  const created = await run(['create-admin-user', ...names], { CODER_USERS_DATA_DIR: dataDir }).finished;
  expect(created).toMatchObject({ code: 0 });
});

const rotate = (env: Record<string, string> = {}) =>
  run(['rotate'], { CODER_USERS_DATA_DIR: dataDir, ...env }).finished;

describe('rotate', () => {
  test('finds nothing to do under the key that the server made for itself', async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await rotate()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 stored texts /) });
  });

  test('encrypts everything with a key that was put first, and the old one can go', async () => {
    writeFileSync(file, `${NEW}\n${readFileSync(file, 'utf8')}`);
    const first = await rotate();
    expect(first).toMatchObject({ code: 0 });
    expect(Number(/^(\d+) stored texts were encrypted anew/.exec(first.stdout)?.[1])).toBeGreaterThan(0);
    writeFileSync(file, `${NEW}\n`);
    expect(await rotate()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 stored texts /) });
  });

  test('a lost key is told in one line before anything is read', async () => {
    writeFileSync(file, `${STRANGER}\n`);
    const { code, stdout, stderr } = await rotate();
    expect([code, stdout]).toEqual([1, '']);
    const last = stderr.trimEnd().split('\n').at(-1);
    expect(last).toMatch(
      /^coder-users: The database was written with encryption key [0-9a-f]{16}, which is neither in /,
    );
    expect(stderr).not.toContain(STRANGER);
    writeFileSync(file, `${NEW}\n`);
  });
});

describe('a lost key', () => {
  const stored = () => readFileSync(file, 'utf8');
  let lonely: string;
  beforeAll(async () => {
    lonely = await preparedFolder();
  });

  test('stops the start before anything is written: no key is made in its place', async () => {
    const path = join(lonely, 'encryption-keys');
    renameSync(path, `${path}.kept`);
    const env = { CODER_USERS_DATA_DIR: lonely, CODER_HTTP_ADDRESS: '127.0.0.1:0' };
    const { code, stderr } = await run(['server'], env).finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/encryption key [0-9a-f]{16}, which is neither in .*rotate --discard-unreadable/);
    expect(existsSync(path)).toBe(false);
    renameSync(`${path}.kept`, path);
  });

  test('is one that was the first for a while, too', async () => {
    writeFileSync(join(lonely, 'encryption-keys'), `${NEW}\n${readFileSync(join(lonely, 'encryption-keys'), 'utf8')}`);
    await (await startServer({ CODER_USERS_DATA_DIR: lonely })).stop();
    const [, old = ''] = readFileSync(join(lonely, 'encryption-keys'), 'utf8').split('\n');
    writeFileSync(join(lonely, 'encryption-keys'), `${old}\n`);
    const { code, stderr } = await run(['rotate'], { CODER_USERS_DATA_DIR: lonely }).finished;
    expect(code).toBe(1);
    expect(stderr).toContain('The database was written with encryption key');
  });

  test('does not keep an operator from resetting a password', async () => {
    const before = stored();
    writeFileSync(file, `${STRANGER}\n`);
    const reset = run(['reset-password', 'ada', '--password', 'AnotherSecurePassword!'], {
      CODER_USERS_DATA_DIR: dataDir,
    });
    expect(await reset.finished).toMatchObject({ code: 0, stderr: '' });
    writeFileSync(file, before);
  });
});

describe('rotate --discard-unreadable', () => {
  test('says what would be lost, then gives it up: the server starts, and passwords work', async () => {
    const kept = readFileSync(file, 'utf8');
    writeFileSync(file, `${STRANGER}\n`);
    const discard = (...more: string[]) =>
      run(['rotate', '--discard-unreadable', ...more], { CODER_USERS_DATA_DIR: dataDir }).finished;
    const asked = await discard();
    expect(asked.code).toBe(1);
    expect(asked.stderr).toMatch(
      /Nothing was discarded yet\. With --yes this would be: 1 Git SSH keys .*; \d settings/,
    );
    writeFileSync(file, kept);
    expect(await rotate()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 stored texts /) });
    writeFileSync(file, `${STRANGER}\n`);
    const done = await discard('--yes');
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Discarded: 1 Git SSH keys/) });
    await server.stop();
    const again = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    const login = await fetch(`${again.url}/api/v2/users/login`, {
      method: 'POST',
      body: JSON.stringify({ email: 'ada@example.com', password: 'AnotherSecurePassword!' }),
    });
    expect(login.status).toBe(201);
  });
});

test('a command that makes no database says so where there is none, and makes none', async () => {
  const nowhere = dataFolder();
  const { code, stderr } = await run(['reset-password', 'ada', '--password', 'x'], { CODER_USERS_DATA_DIR: nowhere })
    .finished;
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('There is no database in ') });
  expect(existsSync(nowhere)).toBe(false);
});
