// What the existing CLI sends and relies on, request by request, over a real listener: set-up, login, users, logout.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { freePort } from '../support/ports.ts';

const TELEMETRY = Buffer.from(JSON.stringify({ command: 'login' })).toString('base64');

describe('the CLI on an empty deployment', () => {
  let t: TestApp;
  let base: string;
  let token = '';

  beforeAll(async () => {
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    t = await startApp({ empty: true, env: { CODER_ACCESS_URL: base } });
    await t.app.listen({ host: '127.0.0.1', port });
  });
  afterAll(() => t.close());

  /** A request with the headers of every CLI request; the session header is there even when signed out. */
  async function cli(method: string, path: string, body?: unknown) {
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: {
        'user-agent': 'coder-cli/v2.31.0 (linux/amd64; coder login)',
        'coder-cli-telemetry': TELEMETRY,
        'coder-session-token': token,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text && answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text,
    };
  }

  it('sees from the first answer that nobody is set up, and no version to complain of', async () => {
    const first = await cli('GET', '/api/v2/users/first');
    expect(first.status).toBe(404);
    expect(first.headers.get('x-coder-build-version')).toBe('v0.0.0');
    const build = await cli('GET', '/api/v2/buildinfo');
    expect(build.body).toMatchObject({ version: 'v0.0.0', dashboard_url: base, telemetry: false });
  });

  it('creates the first user and ends signed in', async () => {
    const created = await cli('POST', '/api/v2/users/first', {
      email: 'ada@example.com',
      username: 'ada',
      name: 'Ada',
      password: PASSWORD,
      trial: false,
      trial_info: {},
    });
    expect(created.status).toBe(201);
    const login = await cli('POST', '/api/v2/users/login', { email: 'ada@example.com', password: PASSWORD });
    expect(login.status).toBe(201);
    token = login.body.session_token;
    expect((await cli('GET', '/api/v2/users/me')).body).toMatchObject({
      username: 'ada',
      roles: [{ name: 'owner', display_name: 'Owner' }],
    });
    expect((await cli('GET', '/api/v2/users/first')).status).toBe(200);
  });

  it('exchanges a token for a session of its own', async () => {
    const key = await cli('POST', '/api/v2/users/me/keys');
    expect(key.status).toBe(201);
    token = key.body.key;
    expect((await cli('GET', '/api/v2/users/me')).status).toBe(200);
  });

  it('lists, creates, shows, suspends, activates, promotes and deletes users', async () => {
    const me = (await cli('GET', '/api/v2/users/me')).body;
    const request = {
      email: 'bob@example.com',
      username: 'bob',
      name: '',
      password: PASSWORD,
      login_type: 'password',
      user_status: null,
      organization_ids: me.organization_ids,
    };
    expect((await cli('POST', '/api/v2/users', request)).status).toBe(201);
    expect((await cli('GET', '/api/v2/users?q=')).body).toMatchObject({ count: 2 });
    expect((await cli('GET', '/api/v2/users/bob')).body).toMatchObject({ status: 'dormant', email: 'bob@example.com' });
    expect((await cli('GET', '/api/v2/users/bob/organizations')).body).toMatchObject([{ name: 'coder' }]);
    expect((await cli('PUT', '/api/v2/users/bob/status/suspend')).body).toMatchObject({ status: 'suspended' });
    expect((await cli('PUT', '/api/v2/users/bob/status/activate')).body).toMatchObject({ status: 'active' });
    expect((await cli('GET', '/api/v2/users/bob/roles')).body).toMatchObject({ roles: [] });
    expect((await cli('PUT', '/api/v2/users/bob/roles', { roles: ['auditor'] })).body).toMatchObject({
      roles: [{ name: 'auditor' }],
    });
    expect((await cli('DELETE', '/api/v2/users/bob')).status).toBe(200);
    expect((await cli('GET', '/api/v2/users/bob')).status).toBe(404);
  });

  it('prints the public key, and finds nothing to list elsewhere', async () => {
    expect((await cli('GET', '/api/v2/users/me/gitsshkey')).body.public_key).toMatch(/^ssh-ed25519 /);
    expect((await cli('GET', '/api/v2/workspaces?q=owner%3Ame')).body).toEqual({ workspaces: [], count: 0 });
    expect((await cli('GET', '/api/v2/templates?q=')).body).toEqual([]);
    expect((await cli('GET', '/api/v2/tasks?q=owner%3A%22me%22')).body).toEqual({ tasks: [], count: 0 });
    expect((await cli('PUT', '/api/v2/notifications/settings', { notifier_paused: true })).status).toBe(200);
    expect((await cli('PUT', '/api/v2/notifications/settings', { notifier_paused: true })).status).toBe(304);
  });

  it('makes, lists, shows and removes tokens', async () => {
    const made = await cli('POST', '/api/v2/users/me/keys/tokens', {
      token_name: 'ci',
      lifetime: 172_800_000_000_000,
      scopes: ['user:read'],
      allow_list: ['user:*'],
    });
    expect(made.status).toBe(201);
    expect(
      (await cli('GET', '/api/v2/users/me/keys/tokens?include_all=false&include_expired=false')).body,
    ).toMatchObject([{ token_name: 'ci', scopes: ['user:read'], allow_list: ['user:*'], username: 'ada' }]);
    const shown = await cli('GET', '/api/v2/users/me/keys/tokens/ci');
    expect(shown.body).toMatchObject({ lifetime_seconds: 172_800 });
    expect((await cli('PUT', `/api/v2/users/me/keys/${shown.body.id}/expire`)).status).toBe(204);
    expect((await cli('DELETE', `/api/v2/users/me/keys/${shown.body.id}`)).status).toBe(204);
  });

  it('signs out, and the message for a dead key is one that can be printed', async () => {
    expect((await cli('POST', '/api/v2/users/logout')).status).toBe(200);
    const dead = await cli('GET', '/api/v2/users/me');
    expect(dead.status).toBe(401);
    expect(dead.body.message).toContain('signed out');
  });
});
