// What clients ask of the deployment itself: health, versions, what is entitled, and lists that are empty here.
import { beforeAll, describe, expect, test } from 'vitest';
import { MINUTE, parseInstant, SECOND } from '../../src/clock.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const NOT_FOUND = { message: 'Resource not found or you do not have access to this resource' };
const ACCESS_URL = 'https://users.example.com';

let t: TestApp;
let member: TestUser;
let auditor: TestUser;
beforeAll(async () => {
  t = await startApp({ env: { CODER_ACCESS_URL: ACCESS_URL } });
  member = await aUser(t, { login_type: 'none' });
  auditor = await aUser(t, { login_type: 'none', roles: ['auditor'] });
});

describe.each(['/healthz', '/latency-check'])('GET %s', (path) => {
  test('is a plain OK for anybody', async () => {
    const { status, text, headers } = await t.anonymous.get(path);
    expect([status, text, headers['content-type']]).toEqual([200, 'OK', 'text/plain; charset=utf-8']);
  });
});

describe.each(['/healthz', '/readyz'])('HEAD %s', (path) => {
  test('answers as GET does, without a body', async () => {
    const head = async (app: TestApp) => {
      const { statusCode, body } = await app.app.inject({ method: 'HEAD', url: path });
      return [statusCode, body];
    };
    expect(await head(t)).toEqual([200, '']);
    const broken = await startApp({ empty: true });
    await broken.pool.query('alter table site_settings rename to away');
    const { status } = await broken.anonymous.get(path);
    expect(await head(broken)).toEqual([status, '']);
  });
});

describe('GET /healthz', () => {
  test('goes on while writes fail, and /readyz tells', async () => {
    const other = await startApp({ empty: true });
    await other.pool.query('alter table site_settings rename to away');
    expect((await other.anonymous.get('/healthz')).status).toBe(200);
    const ready = await other.anonymous.get('/readyz');
    expect(ready.status).toBeGreaterThanOrEqual(500);
  });
});

describe('GET /readyz', () => {
  test('is OK for anybody while the database takes writes, and keeps one mark however often it is asked', async () => {
    const keys = async () => (await t.pool.query('select key from site_settings order by 1')).rows;
    const ready = { status: 200, body: { message: 'OK' } };
    expect(await t.anonymous.get('/readyz')).toMatchObject(ready);
    const after = await keys();
    expect(await t.anonymous.get('/readyz')).toMatchObject(ready);
    expect(await keys()).toEqual(after);
  });
});

describe('GET /api/v2/buildinfo', () => {
  test('tells anybody version and address, and an id of the deployment that stays', async () => {
    const { status, body } = await t.anonymous.get('/api/v2/buildinfo');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      version: expect.stringMatching(/^v\d+\.\d+\.\d+/),
      dashboard_url: ACCESS_URL,
      telemetry: false,
      workspace_proxy: false,
      deployment_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect((await member.client.get('/api/v2/buildinfo')).body).toEqual(body);
  });
});

describe('GET /api/v2/updatecheck', () => {
  test('never asks for an update', async () => {
    const { version } = (await t.anonymous.get('/api/v2/buildinfo')).body;
    expect((await t.anonymous.get('/api/v2/updatecheck')).body).toMatchObject({
      current: true,
      version: `${version}-devel`,
    });
  });
});

describe('GET /api/v2/entitlements', () => {
  test('all that the product does is entitled and enabled, the rest neither', async () => {
    const { status, body } = await t.anonymous.get('/api/v2/entitlements');
    expect([status, body.errors, body.warnings, body.has_license]).toEqual([200, [], [], true]);
    expect(body.features.audit_log).toEqual({ entitlement: 'entitled', enabled: true });
    for (const [name, { entitlement, enabled }] of Object.entries<{ entitlement: string; enabled: boolean }>(
      body.features,
    ))
      expect([name, entitlement]).toEqual([name, enabled ? 'entitled' : 'not_entitled']);
  });

  test('counts active users: neither the dormant, nor the suspended, nor the deleted', async () => {
    const actual = async () => (await member.client.get('/api/v2/entitlements')).body.features.user_limit.actual;
    const before = await actual();
    const user = await aUser(t, { login_type: 'none' });
    expect(await actual()).toBe(before + 1);
    await t.owner.put(`/api/v2/users/${user.id}/status/suspend`);
    expect(await actual()).toBe(before);
    await t.owner.put(`/api/v2/users/${user.id}/status/activate`);
    await t.owner.delete(`/api/v2/users/${user.id}`);
    expect(await actual()).toBe(before);
  });
});

describe('GET /api/v2/entitlements for callers of every kind', () => {
  test('nobody learns how many people there are without a session that is good', async () => {
    for (const client of [t.anonymous, t.as('abcdefghij-abcdefghijabcdefghijab')]) {
      const { status, body } = await client.get('/api/v2/entitlements');
      expect([status, body.features.user_limit]).toEqual([200, { entitlement: 'entitled', enabled: true }]);
    }
  });

  test('encryption at rest is entitled, and enabled with its keys', async () => {
    const feature = async (app: TestApp) =>
      (await app.anonymous.get('/api/v2/entitlements')).body.features.external_token_encryption;
    expect(await feature(t)).toEqual({ entitlement: 'entitled', enabled: true });
    const bare = await startApp({ env: { CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: '' } });
    expect(await feature(bare)).toEqual({ entitlement: 'entitled', enabled: false });
  });
});

describe('GET /api/v2/deployment/stats', () => {
  const stats = (client = t.owner) => client.get('/api/v2/deployment/stats');

  test('is about the last quarter of an hour, in which there were no workspaces', async () => {
    const { status, body } = await stats(auditor.client);
    const at = parseInstant(body.collected_at);
    expect(status).toBe(200);
    expect(parseInstant(body.aggregated_from)).toBe(at - 15 * MINUTE);
    expect(parseInstant(body.next_update_at)).toBe(at + 30 * SECOND);
    expect(body.session_count).toEqual({ vscode: 0, ssh: 0, jetbrains: 0, reconnecting_pty: 0 });
    const none = { pending: 0, building: 0, running: 0, failed: 0, stopped: 0, rx_bytes: 0, tx_bytes: 0 };
    expect(body.workspaces).toMatchObject(none);
  });

  test('tells nothing without a session, nor to members', async () => {
    expect((await stats(t.anonymous)).status).toBe(401);
    const refused = await stats(member.client);
    expect([refused.status, refused.body.workspaces]).toEqual([403, undefined]);
  });
});

describe('GET /api/v2/deployment/config', () => {
  const config = (client = t.owner) => client.get('/api/v2/deployment/config');

  test('shows settings and no secrets', async () => {
    const { status, body, text } = await config();
    expect([status, body.config.access_url]).toEqual([200, ACCESS_URL]);
    expect(text).not.toContain(Buffer.alloc(32, 7).toString('base64'));
    expect(text).not.toContain(new URL(t.databaseUrl).pathname);
  });

  test('tells nothing without a session, nor to members', async () => {
    expect((await config(t.anonymous)).status).toBe(401);
    const refused = await config(member.client);
    expect([refused.status, refused.body.config]).toEqual([403, undefined]);
  });
});

describe.each([
  ['/api/v2/experiments', []],
  ['/api/v2/experiments/available', { safe: [] }],
  ['/api/v2/workspaces', { workspaces: [], count: 0 }],
  ['/api/v2/templates', []],
  ['/api/v2/tasks', { tasks: [], count: 0 }],
])('GET %s', (path, nothing) => {
  test('is empty for everybody signed in', async () => {
    for (const client of [t.owner, member.client]) {
      expect(await client.get(path)).toMatchObject({ status: 200, body: nothing });
    }
    expect((await member.client.get(path)).body).toEqual(nothing);
  });

  test('needs a session', async () => {
    expect((await t.anonymous.get(path)).status).toBe(401);
  });
});

describe('GET /api/v2/workspaces', () => {
  test.each(['?q=owner:me', '?q=name:x+status:running', '?q=free+text', '?limit=10&offset=2'])(
    'takes %s',
    async (query) => {
      expect((await member.client.get(`/api/v2/workspaces${query}`)).body).toEqual({ workspaces: [], count: 0 });
    },
  );

  test.each([
    ['?limit=-1', 'limit'],
    ['?after_id=x', 'after_id'],
    ['?q=colour:red', 'colour'],
    ['?q=a:b:c', 'q'],
  ])('refuses %s and names the field', async (query, field) => {
    expect(await member.client.get(`/api/v2/workspaces${query}`)).toMatchObject({
      status: 400,
      body: { validations: [{ field }] },
    });
  });
});

describe('GET /api/v2/organizations/{organization}/provisionerdaemons', () => {
  const daemons = (client = t.owner, organization = t.organizationId) =>
    client.get(`/api/v2/organizations/${organization}/provisionerdaemons`);

  test('is empty, by id and as the default organization', async () => {
    expect((await daemons()).body).toEqual([]);
    expect((await daemons(t.owner, 'default')).body).toEqual([]);
  });

  test('needs a session, an organization, and the right to read its jobs', async () => {
    expect((await daemons(t.anonymous)).status).toBe(401);
    expect(await daemons(t.owner, 'nowhere')).toMatchObject({ status: 404, body: NOT_FOUND });
    expect(await daemons(member.client)).toMatchObject({ status: 404, body: NOT_FOUND });
  });
});
