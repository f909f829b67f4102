// What clients ask about workspaces: nothing is there, and who may see so.
import { beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const ACCESS_URL = 'https://users.example.com';
const NOT_FOUND = { message: 'Resource not found or you do not have access to this resource' };

let t: TestApp;
let member: TestUser;
let templateAdmin: TestUser;
let organization: string;
beforeAll(async () => {
  t = await startApp({ env: { CODER_ACCESS_URL: ACCESS_URL } });
  member = await aUser(t, { login_type: 'none' });
  templateAdmin = await aUser(t, { login_type: 'none', roles: ['template-admin'] });
  organization = `/api/v2/organizations/${t.organizationId}`;
});

describe('for everybody signed in', () => {
  test.each([
    ['/api/v2/licenses', []],
    ['/api/v2/external-auth', { providers: [], links: [] }],
    ['/api/v2/workspace-quota/me', { credits_consumed: 0, budget: -1 }],
  ])('GET %s', async (path, body) => {
    for (const client of [t.owner, member.client]) expect(await client.get(path)).toMatchObject({ status: 200, body });
    expect((await t.anonymous.get(path)).status).toBe(401);
  });

  test('GET /regions is the server itself', async () => {
    const { deployment_id } = (await t.anonymous.get('/api/v2/buildinfo')).body;
    const { status, body } = await member.client.get('/api/v2/regions');
    expect(status).toBe(200);
    expect(body.regions).toMatchObject([
      { id: deployment_id, name: 'primary', healthy: true, path_app_url: ACCESS_URL },
    ]);
    expect((await member.client.get('/api/v2/workspaceproxies')).body.regions).toMatchObject(body.regions);
    expect((await t.anonymous.get('/api/v2/regions')).status).toBe(401);
    expect((await t.anonymous.get('/api/v2/workspaceproxies')).body.regions).toBeUndefined();
  });

  test('the built-in provider of repositories is known and linked to nobody, others are unknown', async () => {
    const github = await member.client.get('/api/v2/external-auth/github');
    expect([github.status, github.body.authenticated]).toEqual([200, false]);
    for (const path of ['nope', 'github/device', 'nope/device'])
      expect(await member.client.get(`/api/v2/external-auth/${path}`)).toMatchObject({ status: 404, body: NOT_FOUND });
  });
});

describe('for some', () => {
  test('examples of templates are for those who may read templates', async () => {
    for (const path of ['/api/v2/templates/examples', `${organization}/templates/examples`]) {
      expect(await templateAdmin.client.get(path)).toMatchObject({ status: 200, body: [] });
      expect(await member.client.get(path)).toMatchObject({ status: 404, body: NOT_FOUND });
    }
  });

  test('jobs of provisioners are for owners and administrators of the organization', async () => {
    expect(await t.owner.get(`${organization}/provisionerjobs?limit=10`)).toMatchObject({ status: 200, body: [] });
    expect((await t.owner.get(`${organization}/provisionerjobs?limit=x`)).body.validations).toHaveLength(1);
    expect((await t.owner.get(`${organization}/provisionerjobs/${t.ownerId}`)).status).toBe(404);
    expect((await member.client.get(`${organization}/provisionerjobs`)).status).toBe(404);
  });

  test("nobody sees another's quota who may not see the person", async () => {
    expect((await t.owner.get(`${organization}/members/${member.username}/workspace-quota`)).status).toBe(200);
    for (const path of ['/api/v2/workspace-quota/owner', `${organization}/members/owner/workspace-quota`])
      expect((await member.client.get(path)).status).toBe(404);
  });

  test('replicas and connections', async () => {
    expect(await t.owner.get('/api/v2/replicas')).toMatchObject({ status: 200, body: [] });
    expect((await member.client.get('/api/v2/replicas')).status).toBe(404);
    expect(await t.owner.get('/api/v2/connectionlog')).toMatchObject({ status: 200, body: { count: 0 } });
    expect((await member.client.get('/api/v2/connectionlog')).status).toBe(404);
  });
});

describe('licences', () => {
  const path = '/api/v2/licenses';

  test('none is taken from an owner, in the words of the reference', async () => {
    const empty = await t.owner.post(path, {});
    expect([empty.status, empty.body.validations?.[0]?.field]).toEqual([400, 'license']);
    expect(await t.owner.post(path, { license: 'x' })).toMatchObject({
      status: 400,
      body: { message: 'Invalid license' },
    });
    expect(await t.owner.delete(`${path}/1`)).toMatchObject({ status: 404, body: { message: 'Unknown license ID' } });
  });

  test('members are refused before their body is read', async () => {
    expect((await member.client.post(path, '{')).status).toBe(403);
    expect((await member.client.delete(`${path}/1`)).status).toBe(403);
  });
});

test('quiet hours are told apart from what is held back by a session', async () => {
  for (const client of [t.anonymous, t.owner]) {
    for (const answer of [
      await client.get('/api/v2/users/me/quiet-hours'),
      await client.put('/api/v2/users/me/quiet-hours', '{'),
    ]) {
      expect([answer.status, answer.body.message]).toEqual([403, expect.stringContaining('quiet hours')]);
    }
  }
});
