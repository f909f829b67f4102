// Members of organizations: who sees whom, adding, removing, and roles.
import { beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';

const NOT_FOUND = { message: 'Resource not found or you do not have access to this resource' };
const SYSTEM_USER = 'c42fdf75-3097-471c-8c33-fb52454d81c0';

let t: TestApp;
beforeAll(async () => {
  t = await startApp();
});

interface Group {
  id: string;
  path: string;
  admin: TestUser;
  member: TestUser;
}

/** A new organization with an administrator and a member; the owner is left out of it. */
async function aGroup(): Promise<Group> {
  const { id } = (await t.owner.post('/api/v2/organizations', { name: aName('org') })).body;
  const path = `/api/v2/organizations/${id}/members`;
  const admin = await aUser(t, { organization_ids: [id] });
  const member = await aUser(t, { organization_ids: [id] });
  await t.owner.put(`${path}/${admin.id}/roles`, { roles: ['organization-admin'] });
  await admin.client.delete(`${path}/${t.ownerId}`);
  return { id, path, admin, member };
}

const userIds = (members: { user_id: string }[]) => members.map(({ user_id }) => user_id).sort();

describe('GET /organizations/{organization}/members', () => {
  test('a plain member sees every member with address and roles, though not the users', async () => {
    const { id, path, admin, member } = await aGroup();
    const list = await member.client.get(path);
    expect(userIds(list.body)).toEqual([admin.id, member.id].sort());
    expect(list.body.find(({ user_id }: { user_id: string }) => user_id === admin.id)).toMatchObject({
      username: admin.username,
      email: admin.email,
      organization_id: id,
      global_roles: [],
      roles: [{ name: 'organization-admin', display_name: 'Organization Admin', organization_id: id }],
    });
    expect((await member.client.get(`/api/v2/users/${admin.id}`)).status).toBe(404);
  });

  test('is narrowed by user_id, github_user_id and include_system', async () => {
    const { path, admin, member } = await aGroup();
    const search = async (query: string, at = path) =>
      userIds((await t.owner.get(`${at}?q=${encodeURIComponent(query)}`)).body);
    expect(await search(`user_id:${member.id.toUpperCase()}`)).toEqual([member.id]);
    expect(await search('user_id:00000000-0000-0000-0000-000000000000')).toEqual([admin.id, member.id].sort());
    await t.pool.query('update users set github_com_user_id = 4711 where id = $1', [admin.id]);
    expect(await search('github_user_id:4711')).toEqual([admin.id]);
    const everybody = `/api/v2/organizations/default/members`;
    expect(await search(`user_id:${SYSTEM_USER}`, everybody)).toEqual([]);
    expect(await search(`user_id:${SYSTEM_USER} include_system:t`, everybody)).toEqual([SYSTEM_USER]);
  });

  test.each([
    ['word', { field: 'q', detail: 'invalid search term: word' }],
    ['two  words', { field: 'q', detail: 'invalid search term: two words' }],
    ['search:x', { field: 'search', detail: '"search" is not a valid query param' }],
    ['user_id:x', { field: 'user_id', detail: 'Query param "user_id" must be a valid uuid' }],
    ['name:', { field: 'q', detail: 'Query element "name:" cannot start or end with \':\'' }],
  ])('400 for the query %j', async (query, problem) => {
    const answer = await t.owner.get(`/api/v2/organizations/default/members?q=${encodeURIComponent(query)}`);
    expect([answer.status, answer.body]).toEqual([
      400,
      { message: 'Invalid organization member search query.', validations: [problem] },
    ]);
  });

  test('403 for a key that may not read role names, whatever it lists', async () => {
    const { path, member } = await aGroup();
    const token = await member.client.post('/api/v2/users/me/keys/tokens', {
      scopes: ['organization:read', 'coder:workspaces.access'],
    });
    const key = t.as(token.body.key);
    expect((await key.get(path)).status).toBe(403);
    expect((await key.get(`${path}/me`)).status).toBe(403);
  });

  test('404 outside the organization', async () => {
    const { path } = await aGroup();
    const outsider = await aUser(t);
    expect((await outsider.client.get(path)).body).toEqual(NOT_FOUND);
  });
});

describe('GET /organizations/{organization}/paginated-members', () => {
  test('pages by name with a cursor, counts what lies behind it, and never leaves the organization', async () => {
    const { id, path, admin } = await aGroup();
    for (const username of ['Zed-pg', 'mid-pg', 'abe-pg']) await aUser(t, { username, organization_ids: [id] });
    const pages = path.replace(/members$/, 'paginated-members');
    const page = async (query: string) => {
      const { body } = await admin.client.get(`${pages}?${query}`);
      return { names: body.members.map(({ username }: { username: string }) => username), count: body.count };
    };
    expect((await page('q=-pg')).names).toEqual(['abe-pg', 'mid-pg', 'Zed-pg']);
    expect(await page('q=-pg&limit=1&offset=1')).toEqual({ names: ['mid-pg'], count: 3 });
    const abe = (await t.owner.get('/api/v2/users/abe-pg')).body.id;
    expect(await page(`q=-pg&after_id=${abe}`)).toEqual({ names: ['mid-pg', 'Zed-pg'], count: 2 });
    expect(await page(`after_id=${t.ownerId}`)).toEqual({ names: [], count: 0 });
    expect(await page('q=-pg&offset=9')).toEqual({ names: [], count: 0 });
    expect((await page('limit=0')).count).toBe(5);
  });

  test('search text is text', async () => {
    const { id, path } = await aGroup();
    const pages = path.replace(/members$/, 'paginated-members');
    await aUser(t, { username: 'under-1', email: 'under_score@example.com', organization_ids: [id] });
    const found = async (q: string) => (await t.owner.get(`${pages}?q=${encodeURIComponent(q)}`)).body.count;
    expect(await found('_')).toBe(1);
    expect(await found('%')).toBe(0);
    expect(await found('\\')).toBe(0);
  });

  test('400 for a bad query, 404 without the right to read all members', async () => {
    const { path, member } = await aGroup();
    const pages = path.replace(/members$/, 'paginated-members');
    const bad = await t.owner.get(`${pages}?q=${encodeURIComponent('status:asleep')}`);
    expect([bad.status, bad.body.message]).toEqual([400, 'Invalid member search query.']);
    const token = await member.client.post('/api/v2/users/me/keys/tokens', {
      scopes: ['organization:read', 'user:read'],
    });
    expect((await t.as(token.body.key).get(pages)).body).toEqual(NOT_FOUND);
  });
});

describe('GET /organizations/{organization}/members/{user}', () => {
  test('me, a name in any letter case, and an id', async () => {
    const { path, member, admin } = await aGroup();
    for (const name of ['me', member.username.toUpperCase(), member.id]) {
      expect((await member.client.get(`${path}/${name}`)).body).toMatchObject({
        user_id: member.id,
        email: member.email,
      });
    }
    expect((await member.client.get(`${path}/${admin.id}`)).status).toBe(200);
  });

  test('404 for somebody outside, a deleted user, the system account and an address', async () => {
    const { id, path, member } = await aGroup();
    const gone = await aUser(t, { organization_ids: [id] });
    await t.owner.delete(`/api/v2/users/${gone.id}`);
    for (const name of [t.ownerId, gone.id, 'prebuilds', member.email]) {
      expect((await member.client.get(`${path}/${name}`)).body).toEqual(NOT_FOUND);
    }
    expect((await t.owner.get('/api/v2/organizations/default/members/prebuilds')).status).toBe(404);
  });

  test('a user whose name is the word of a route is reached by id', async () => {
    const { id, path, member } = await aGroup();
    const odd = await aUser(t, { organization_ids: [id] });
    await t.pool.query(`update users set username = 'roles' where id = $1`, [odd.id]);
    expect(Array.isArray((await member.client.get(`${path}/roles`)).body)).toBe(true);
    expect((await member.client.get(`${path}/${odd.id}`)).body.username).toBe('roles');
    expect((await t.owner.put(`${path}/roles/roles`, { roles: ['agents-access'] })).status).toBe(200);
    await t.owner.delete(`/api/v2/users/${odd.id}`);
  });
});

describe('POST /organizations/{organization}/members/{user}', () => {
  test("user admins and the organization's own admins add; the answer is short", async () => {
    const { id, path, admin } = await aGroup();
    const userAdmin = await aUser(t, { roles: ['user-admin'] });
    const [a, b] = [await aUser(t), await aUser(t)];
    const answer = await admin.client.post(`${path}/${a.username}`);
    expect([answer.status, answer.body]).toEqual([
      200,
      { user_id: a.id, organization_id: id, created_at: expect.any(String), updated_at: expect.any(String), roles: [] },
    ]);
    expect((await userAdmin.client.post(`${path}/${b.id}`)).status).toBe(200);
    expect((await a.client.get(path)).status).toBe(200);
  });

  test('400 for a member, told only to those who may add', async () => {
    const { path, admin, member } = await aGroup();
    const again = await admin.client.post(`${path}/${member.id}`);
    expect([again.status, again.body.message]).toEqual([400, 'User is already an organization member']);
    expect((await member.client.post(`${path}/me`)).body).toEqual(NOT_FOUND);
  });

  test('404 for everybody without the right, and for deleted users', async () => {
    const { path, admin, member } = await aGroup();
    const outsider = await aUser(t);
    expect((await outsider.client.post(`${path}/me`)).status).toBe(404);
    expect((await member.client.post(`${path}/${outsider.id}`)).status).toBe(404);
    await t.owner.delete(`/api/v2/users/${outsider.id}`);
    expect((await admin.client.post(`${path}/${outsider.id}`)).status).toBe(404);
    const { rows } = await t.pool.query('select 1 from organization_members where user_id = $1', [outsider.id]);
    expect(rows).toEqual([]);
  });

  test('who may not hand out the default roles may not add', async () => {
    const { id, path } = await aGroup();
    const userAdmin = await aUser(t, { roles: ['user-admin'] });
    const outsider = await aUser(t);
    await t.owner.patch(`/api/v2/organizations/${id}`, { default_org_member_roles: ['organization-admin'] });
    expect((await userAdmin.client.post(`${path}/${outsider.id}`)).status).toBe(404);
    expect((await t.owner.post(`${path}/${outsider.id}`)).status).toBe(200);
  });
});

describe('DELETE /organizations/{organization}/members/{user}', () => {
  test('the rights in the organization end at once, sessions go on, and roles do not come back', async () => {
    const { path, admin, member } = await aGroup();
    await admin.client.put(`${path}/${member.id}/roles`, { roles: ['organization-user-admin'] });
    const answer = await admin.client.delete(`${path}/${member.id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await member.client.get(path)).status).toBe(404);
    expect((await member.client.get('/api/v2/users/me')).body.organization_ids).toEqual([]);
    await admin.client.post(`${path}/${member.id}`);
    expect((await member.client.get(`${path}/me`)).body.roles).toEqual([]);
    const { rows } = await t.pool.query(
      `select action, organization_id is not null as placed, status_code as status from audit_logs
        where resource_type = 'organization_member' and resource_id = $1 order by time`,
      [member.id],
    );
    expect(rows).toEqual([
      { action: 'write', placed: true, status: 200 },
      { action: 'delete', placed: true, status: 204 },
      { action: 'create', placed: true, status: 200 },
    ]);
  });

  test('400 for oneself, 404 without the right and for somebody who is no member', async () => {
    const { path, admin, member } = await aGroup();
    const self = await member.client.delete(`${path}/me`);
    expect([self.status, self.body]).toEqual([400, { message: 'cannot remove self from an organization' }]);
    expect((await member.client.delete(`${path}/${admin.id}`)).body).toEqual(NOT_FOUND);
    expect((await admin.client.delete(`${path}/${t.ownerId}`)).body).toEqual(NOT_FOUND);
  });
});

describe('PUT /organizations/{organization}/members/{user}/roles', () => {
  test('replaces the roles, each once and in order; they act at once; times stay', async () => {
    const { path, admin, member } = await aGroup();
    const before = (await member.client.get(`${path}/me`)).body;
    const answer = await admin.client.put(`${path}/${member.id}/roles`, {
      roles: ['organization-user-admin', 'agents-access', 'organization-user-admin'],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.roles.map(({ name }: { name: string }) => name)).toEqual([
      'agents-access',
      'organization-user-admin',
    ]);
    expect(answer.body.updated_at).toBe(before.updated_at);
    const guest = await aUser(t);
    expect((await member.client.post(`${path}/${guest.id}`)).status).toBe(200);
    expect((await admin.client.put(`${path}/${member.id}/roles`, { roles: null })).body.roles).toEqual([]);
    expect((await member.client.delete(`${path}/${guest.id}`)).status).toBe(404);
  });

  test('a missing list is not an empty one', async () => {
    const { path, admin, member } = await aGroup();
    await admin.client.put(`${path}/${member.id}/roles`, { roles: ['agents-access'] });
    expect((await admin.client.put(`${path}/${member.id}/roles`, {})).status).toBe(400);
    expect((await member.client.get(`${path}/me`)).body.roles).toHaveLength(1);
  });

  test('400 for roles of the site, of nowhere, with a suffix, and for roles that nobody gives', async () => {
    const { id, path, member } = await aGroup();
    const put = async (...roles: string[]) => {
      const { status, body } = await t.owner.put(`${path}/${member.id}/roles`, { roles });
      return [status, body.message];
    };
    expect(await put('owner')).toEqual([400, `"owner:${id}" is not a supported role`]);
    expect(await put('agents-access', 'janitor')).toEqual([400, `"janitor:${id}" is not a supported role`]);
    expect(await put('janitor', 'a:b')).toEqual([
      400,
      `attempt to assign a role "a:b", remove the ':<organization_id> suffix`,
    ]);
    expect(await put('organization-service-account')).toEqual([
      400,
      `not authorized to assign role "organization-service-account:${id}"`,
    ]);
  });

  test('400 for oneself before anything is read, 403 without the right, 404 for somebody who is no member', async () => {
    const { path, admin, member } = await aGroup();
    const self = await admin.client.put(`${path}/me/roles`, 'nope');
    expect([self.status, self.body.message]).toEqual([400, 'You cannot change your own organization roles.']);
    expect((await member.client.put(`${path}/${admin.id}/roles`, { roles: [] })).status).toBe(403);
    expect((await admin.client.put(`${path}/${t.ownerId}/roles`, 'nope')).status).toBe(404);
    expect(
      (await t.owner.put('/api/v2/organizations/default/members/prebuilds/roles', { roles: ['janitor'] })).status,
    ).toBe(403);
  });

  test('a user administrator can neither give nor take the roles of administrators', async () => {
    const { id, path, admin, member } = await aGroup();
    const userAdmin = await aUser(t, { roles: ['user-admin'] });
    const give = await userAdmin.client.put(`${path}/${member.id}/roles`, { roles: ['organization-admin'] });
    expect([give.status, give.body.message]).toEqual([400, `not authorized to assign role "organization-admin:${id}"`]);
    expect((await userAdmin.client.put(`${path}/${admin.id}/roles`, { roles: [] })).status).toBe(400);
    expect((await userAdmin.client.put(`${path}/${member.id}/roles`, { roles: ['agents-access'] })).status).toBe(200);
    expect((await admin.client.get(`${path}/me`)).body.roles).toHaveLength(1);
  });

  test('roles of one organization say nothing about another', async () => {
    const [here, there] = [await aGroup(), await aGroup()];
    expect((await here.admin.client.put(`${there.path}/${there.member.id}/roles`, { roles: [] })).status).toBe(404);
    await t.owner.post(`${there.path}/${here.admin.id}`);
    expect((await here.admin.client.put(`${there.path}/${there.member.id}/roles`, { roles: [] })).status).toBe(403);
  });
});

describe('GET /organizations/{organization}/members/roles', () => {
  const assignable = (body: { name: string; assignable: boolean }[]) =>
    body
      .filter((role) => role.assignable)
      .map(({ name }) => name)
      .sort();

  test('the seven roles with what the caller may hand out', async () => {
    const { id, path, admin, member } = await aGroup();
    const list = (await admin.client.get(`${path}/roles`)).body;
    expect(list).toHaveLength(7);
    expect(
      list.every(
        (role: { organization_id: string; built_in: boolean }) => role.organization_id === id && role.built_in,
      ),
    ).toBe(true);
    expect(assignable(list)).toHaveLength(7);
    const userAdmin = await aUser(t, { roles: ['user-admin'] });
    expect(assignable((await userAdmin.client.get(`${path}/roles`)).body)).toEqual([
      'agents-access',
      'organization-workspace-access',
    ]);
    expect(assignable((await member.client.get(`${path}/roles`)).body)).toEqual([]);
  });

  test('404 outside the organization and for a key that may not read roles', async () => {
    const { path, member } = await aGroup();
    const outsider = await aUser(t);
    expect((await outsider.client.get(`${path}/roles`)).status).toBe(404);
    const token = await member.client.post('/api/v2/users/me/keys/tokens', { scopes: ['organization:read'] });
    expect((await t.as(token.body.key).get(`${path}/roles`)).status).toBe(404);
  });
});
