// A real CLI binary against a real listener. CODER_CLI names the binary; without it the suite is skipped, since the
// binary cannot be installed from a package registry (the same traffic runs in cli-traffic.test.ts).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { freePort } from '../support/ports.ts';

const CLI = process.env.CODER_CLI ?? '';

interface Output {
  code: number | null;
  stdout: string;
  stderr: string;
}

describe.skipIf(CLI === '')('the CLI named by CODER_CLI (skipped: the variable is not set)', () => {
  let t: TestApp;
  let url: string;
  const config = mkdtempSync(join(tmpdir(), 'coder-cli-'));

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    t = await startApp({ empty: true, env: { CODER_ACCESS_URL: url } });
    await t.app.listen({ host: '127.0.0.1', port });
  });
  afterAll(async () => {
    await t.close();
    rmSync(config, { recursive: true, force: true });
  });

  /** Runs the CLI; `answers` goes to its standard input. */
  function coder(args: string[], answers = ''): Promise<Output> {
    return new Promise((resolve, reject) => {
      const env = {
        PATH: process.env.PATH,
        HOME: config,
        CODER_CONFIG_DIR: config,
        CODER_URL: url,
        NO_COLOR: '1',
        BROWSER: 'none',
      };
      const child = spawn(CLI, args, { env });
      const output: Output = { code: null, stdout: '', stderr: '' };
      child.stdout.on('data', (data) => {
        output.stdout += data;
      });
      child.stderr.on('data', (data) => {
        output.stderr += data;
      });
      child.on('error', reject);
      child.on('close', (code) => resolve({ ...output, code }));
      child.stdin.end(answers);
    });
  }

  /** Runs the CLI, which must succeed; what it printed. */
  async function ok(args: string[], answers?: string): Promise<string> {
    const output = await coder(args, answers);
    expect(output, `coder ${args.join(' ')}\n${output.stderr}`).toMatchObject({ code: 0 });
    return output.stdout;
  }

  const json = async (args: string[]) => JSON.parse(await ok([...args, '--output', 'json']));

  it('sets up the first user by flags and is signed in', async () => {
    await ok([
      'login',
      url,
      '--first-user-username',
      'ada',
      '--first-user-full-name',
      'Ada',
      '--first-user-email',
      'ada@example.com',
      '--first-user-password',
      PASSWORD,
      '--first-user-trial=false',
    ]);
    expect(await ok(['whoami'])).toContain('ada');
  });

  it('signs in with a token', async () => {
    const token = (await ok(['tokens', 'create', '--name', 'for-login'])).trim();
    await ok(['logout', '-y']);
    await ok(['login', url, '--token', token]);
    expect(await ok(['whoami'])).toContain('ada');
  });

  it('creates, lists and shows users', async () => {
    await ok([
      'users',
      'create',
      '--username',
      'bob',
      '--email',
      'bob@example.com',
      '--password',
      PASSWORD,
      '--login-type',
      'password',
    ]);
    const users = await json(['users', 'list']);
    expect(users.map((user: { username: string }) => user.username)).toEqual(['ada', 'bob']);
    expect(await json(['users', 'show', 'bob'])).toMatchObject({ username: 'bob' });
  });

  it('suspends, activates, changes roles and deletes', async () => {
    await ok(['users', 'suspend', 'bob'], 'yes\n');
    expect(await json(['users', 'show', 'bob'])).toMatchObject({ status: 'suspended' });
    await ok(['users', 'activate', 'bob'], 'yes\n');
    await ok(['users', 'edit-roles', 'bob', '--roles', 'auditor', '--yes']);
    expect(await json(['users', 'show', 'bob'])).toMatchObject({ status: 'active', roles: [{ name: 'auditor' }] });
    await ok(['users', 'delete', 'bob'], 'yes\n');
    expect((await coder(['users', 'show', 'bob'])).code).not.toBe(0);
  });

  it('prints the public key', async () => {
    expect(await ok(['publickey'])).toContain('ssh-ed25519 ');
  });

  it('makes tokens with scopes, allow list and lifetime, lists, shows and removes them', async () => {
    await ok(['tokens', 'create', '--name', 'ci', '--lifetime', '48h', '--scope', 'user:read', '--allow', 'user:*']);
    const names = async (...flags: string[]) =>
      (await json(['tokens', 'ls', ...flags])).map((token: { token_name: string }) => token.token_name);
    expect(await names()).toContain('ci');
    expect(await names('--all')).toContain('ci');
    expect(await ok(['tokens', 'view', 'ci'])).toContain('ci');
    await ok(['tokens', 'rm', 'ci']);
    expect(await names()).not.toContain('ci');
    await ok(['tokens', 'rm', 'ci', '--delete']);
  });

  it('keeps secrets', async () => {
    await ok(['secret', 'create', 'db', '--value', 'hunter2', '--env', 'DB_PASSWORD']);
    expect(await ok(['secret', 'list'])).toContain('db');
    await ok(['secret', 'update', 'db', '--value', 'hunter3']);
    await ok(['secret', 'delete', 'db'], 'yes\n');
    expect(await ok(['secret', 'list'])).not.toContain('DB_PASSWORD');
  });

  it('manages organizations and their members', async () => {
    await ok([
      'users',
      'create',
      '--username',
      'eve',
      '--email',
      'eve@example.com',
      '--password',
      PASSWORD,
      '--login-type',
      'password',
    ]);
    expect(await ok(['organizations', 'list'])).toContain('coder');
    expect(await ok(['organizations', 'show', 'selected', '--only-id'])).toMatch(/[0-9a-f-]{36}/);
    expect(await ok(['organizations', 'members', 'list'])).toContain('eve');
    await ok(['organizations', 'members', 'edit-roles', 'eve', 'organization-auditor']);
    await ok(['organizations', 'members', 'remove', 'eve']);
    await ok(['organizations', 'members', 'add', 'eve']);
    expect(await ok(['organizations', 'roles', 'show'])).toContain('organization-admin');
  });

  it('signs out', async () => {
    await ok(['logout', '-y']);
    expect((await coder(['whoami'])).code).not.toBe(0);
  });
});
