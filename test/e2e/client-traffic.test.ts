// What clients of a deployment send, request by request over a real listener, and what each reads of the answers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';
import { freePort } from '../support/ports.ts';

let t: TestApp;
let base: string;
let member: TestUser;
let ownerToken: string;

beforeAll(async () => {
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  t = await startApp({ env: { CODER_ACCESS_URL: base } });
  await t.app.listen({ host: '127.0.0.1', port });
  member = await aUser(t);
  const login = { email: 'owner@example.com', password: PASSWORD };
  ownerToken = (await t.anonymous.post('/api/v2/users/login', login)).body.session_token;
});
afterAll(() => t.close());

/** A client with headers of its own; the token goes along once there is one. */
function client(headers: Record<string, string>) {
  return async (method: string, path: string, token = '', body?: unknown) => {
    const answer = await fetch(base + path, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(token && { 'coder-session-token': token }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
    return { status: answer.status, isJson, text, body: (isJson && text ? JSON.parse(text) : undefined) as any };
  };
}

describe('JetBrains Toolbox', () => {
  const send = client({ 'user-agent': 'Coder Toolbox/0.7.0 (linux; amd64)', accept: '*/*' });

  it('finds no OAuth server and asks for a token', async () => {
    const found = await send('GET', '/.well-known/oauth-authorization-server');
    expect([found.status, found.isJson]).toEqual([404, true]);
  });

  it('signs in: who it is, which version, how the deployment looks, then what there is to open', async () => {
    const me = await send('GET', '/api/v2/users/me', member.token);
    expect([me.status, me.body]).toMatchObject([200, { username: member.username, id: member.id }]);
    const build = await send('GET', '/api/v2/buildinfo', member.token);
    expect([build.status, build.body]).toMatchObject([200, { version: expect.stringMatching(/^v\d+\.\d+\.\d+/) }]);
    const appearance = await send('GET', '/api/v2/appearance', member.token);
    expect([appearance.status, appearance.body]).toMatchObject([200, { application_name: '', logo_url: '' }]);
    const workspaces = await send('GET', '/api/v2/workspaces?q=owner:me', member.token);
    expect([workspaces.status, workspaces.body]).toEqual([200, { workspaces: [], count: 0 }]);
  });

  it('reads why a program cannot be downloaded', async () => {
    const { status, text } = await send('GET', '/bin/coder-linux-amd64', member.token);
    expect([status, text]).toEqual([404, expect.stringContaining('command line program')]);
  });

  it('learns from a 401 that the token is no good', async () => {
    const { status, body } = await send('GET', '/api/v2/users/me', 'abcdefghij-abcdefghijabcdefghijab');
    expect([status, typeof body.message]).toEqual([401, 'string']);
  });
});

describe('VS Code', () => {
  const send = client({ 'user-agent': 'coder-vscode/1.11.0', accept: 'application/json, text/plain, */*' });

  it('does not take a page for an OAuth server', async () => {
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/oauth-authorization-server/api/v2']) {
      const found = await send('GET', path);
      expect([found.status, found.body]).toEqual([404, { message: 'Route not found.' }]);
    }
  });

  it('signs in and fills its views', async () => {
    for (const [path, shape] of [
      ['/api/v2/buildinfo', { version: expect.any(String), dashboard_url: base }],
      ['/api/v2/users/me', { username: member.username, organization_ids: [t.organizationId], roles: [] }],
      ['/api/v2/workspaces?q=owner%3Ame', { workspaces: [], count: 0 }],
      ['/api/v2/deployment/ssh', { hostname_prefix: 'coder.', ssh_config_options: {} }],
      ['/api/v2/templates', []],
      ['/api/v2/tasks?q=owner%3Ame', { tasks: [], count: 0 }],
      ['/api/v2/experiments', expect.any(Array)],
      ['/api/v2/regions', { regions: [{ name: 'primary', healthy: true }] }],
    ] as const) {
      const answer = await send('GET', path, member.token);
      expect([path, answer.status, answer.body]).toMatchObject([path, 200, shape]);
    }
  });

  it('sees from a 401 that somebody has to sign in', async () => {
    expect(await send('GET', '/api/v2/users/me', 'abcdefghij-abcdefghijabcdefghijab')).toMatchObject({ status: 401 });
  });
});

describe('the set-up action of workflows', () => {
  const send = client({ 'user-agent': 'curl/8.5.0', accept: '*/*' });

  it('is told in plain words that there is no script to install from, and may bring its own program', async () => {
    const script = await send('GET', '/install.sh');
    expect(script.status).toBe(404);
    // It pipes what it gets into a shell: that must be no page.
    expect(script.text).not.toContain('<');
  });

  it('waits for health, then signs in with its token and lists users', async () => {
    expect(await send('GET', '/healthz')).toMatchObject({ status: 200, text: 'OK' });
    expect((await send('GET', '/api/v2/buildinfo')).status).toBe(200);
    expect((await send('GET', '/api/v2/users/me', ownerToken)).body).toMatchObject({ username: 'owner' });
    expect((await send('GET', '/api/v2/users?limit=1', ownerToken)).body).toMatchObject({ users: [{}] });
  });
});

describe('a dashboard', () => {
  const send = client({ 'user-agent': 'Mozilla/5.0', accept: 'application/json, text/plain, */*' });
  const load = async (paths: readonly (readonly [string, unknown])[], token = ownerToken) => {
    for (const [path, shape] of paths) {
      const answer = await send('GET', path.replace('{org}', t.organizationId), token);
      expect([path, answer.status]).toEqual([path, 200]);
      expect([path, answer.body]).toMatchObject([path, shape]);
    }
  };

  it('starts', async () => {
    const on = { entitlement: 'entitled', enabled: true };
    await load([
      ['/api/v2/buildinfo', { deployment_id: expect.any(String) }],
      ['/api/v2/users/me', { roles: [{ name: 'owner' }] }],
      [
        '/api/v2/appearance',
        { announcement_banners: [], support_links: expect.any(Array), docs_url: expect.any(String) },
      ],
      [
        '/api/v2/entitlements',
        {
          has_license: true,
          warnings: [],
          errors: [],
          features: { audit_log: on, multiple_organizations: on, service_accounts: on, user_limit: { actual: 2 } },
        },
      ],
      ['/api/v2/experiments', expect.any(Array)],
      ['/api/v2/regions', { regions: [{ id: expect.any(String) }] }],
      ['/api/v2/workspaceproxies', { regions: [{ name: 'primary' }] }],
      ['/api/v2/updatecheck', { current: true }],
      ['/api/v2/organizations', [{ is_default: true }]],
      ['/api/v2/users/me/appearance', {}],
    ]);
  });

  it('shows what somebody who is no owner may see, without an error', async () => {
    await load(
      [
        ['/api/v2/entitlements', { has_license: true }],
        ['/api/v2/appearance', { application_name: '' }],
        ['/api/v2/external-auth', { providers: [], links: [] }],
        ['/api/v2/oauth2-provider/apps', []],
        ['/api/v2/workspace-quota/me', { credits_consumed: 0, budget: -1 }],
      ],
      member.token,
    );
  });

  it('its page of users', async () => {
    await load([
      ['/api/v2/users?q=&limit=25&offset=0', { count: 2, users: [{}, {}] }],
      ['/api/v2/users/roles', expect.any(Array)],
      ['/api/v2/insights/user-status-counts?tz_offset=1', { status_counts: { active: expect.any(Array) } }],
      ['/api/v2/audit?limit=25', { audit_logs: expect.any(Array) }],
    ]);
  });

  it('its page of an organization', async () => {
    await load([
      ['/api/v2/organizations/{org}', { name: 'coder' }],
      ['/api/v2/organizations/{org}/paginated-members?limit=25', { count: 2 }],
      ['/api/v2/organizations/{org}/members/roles', expect.any(Array)],
      ['/api/v2/organizations/{org}/settings/workspace-sharing', { shareable_workspace_owners: 'everyone' }],
      ['/api/v2/organizations/{org}/provisionerdaemons', []],
      ['/api/v2/organizations/{org}/provisionerjobs', []],
      ['/api/v2/organizations/{org}/provisionerkeys/daemons', []],
      ['/api/v2/organizations/{org}/templates', []],
    ]);
  });

  it('its pages of the deployment, which look options up by name', async () => {
    await load([
      ['/api/v2/deployment/stats', { workspaces: {}, session_count: {} }],
      ['/api/v2/licenses', []],
      ['/api/v2/replicas', []],
      ['/api/v2/debug/health', { healthy: true, access_url: { healthy: true }, database: { healthy: true } }],
      ['/api/v2/debug/health/settings', { dismissed_healthchecks: [] }],
      ['/api/v2/insights/daus?tz_offset=1', { entries: expect.any(Array) }],
      ['/api/v2/notifications/settings', {}],
    ]);
    const { config, options } = (await send('GET', '/api/v2/deployment/config', ownerToken)).body;
    expect(config).toMatchObject({
      access_url: base,
      oidc: { user_role_field: '' },
      http_cookies: { same_site: 'lax' },
    });
    const names = options.map(({ name }: { name: string }) => name);
    for (const name of ['Access URL', 'Session Duration', 'Secure Auth Cookie', 'SSH Keygen Algorithm', 'Experiments'])
      expect(names).toContain(name);
    for (const option of options) expect(option).toMatchObject({ name: expect.any(String), flag: expect.any(String) });
    const inGroup = (group: string) =>
      options.filter((option: { group?: { name: string } }) => option.group?.name === group);
    for (const group of ['OIDC', 'GitHub', 'Networking', 'HTTP', 'Email', 'Retention'])
      expect([group, inGroup(group).length > 0]).toEqual([group, true]);
  });

  it('changes the appearance and sees it', async () => {
    const change = {
      application_name: 'Ours',
      logo_url: '',
      service_banner: { enabled: false },
      announcement_banners: [],
    };
    expect((await send('PUT', '/api/v2/appearance', ownerToken, change)).status).toBe(200);
    expect((await send('GET', '/api/v2/appearance', member.token)).body.application_name).toBe('Ours');
    const page = await client({ accept: 'text/html' })('GET', '/login');
    expect(page.text).toContain('Sign in to Ours');
  });
});
