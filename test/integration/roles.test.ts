// Site roles: what there is to hand out, who has what, and who may change it.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const USERS = '/api/v2/users';
const NOT_FOUND = { message: 'Resource not found or you do not have access to this resource' };

let t: TestApp;
let member: TestUser;
let admin: TestUser;
let auditor: TestUser;
beforeAll(async () => {
  t = await startApp();
  member = await somebody();
  admin = await somebody(['user-admin']);
  auditor = await somebody(['auditor']);
});

/** Users that never sign in with a password cost no hash. */
const somebody = (roles: string[] = []) => aUser(t, { login_type: 'none', roles });

async function storedRoles(id: string): Promise<string[]> {
  const { rows } = await t.pool.query('select roles from users where id = $1', [id]);
  return rows[0].roles;
}

describe('GET /users/roles', () => {
  const listed = async (by: TestUser['client']) => {
    const { body } = await by.get(`${USERS}/roles`);
    return Object.fromEntries(
      body.map(({ name, assignable }: { name: string; assignable: boolean }) => [name, assignable]),
    );
  };

  test('lists each site role with its permissions', async () => {
    const { status, body } = await t.owner.get(`${USERS}/roles`);
    expect(status).toBe(200);
    for (const role of body) {
      expect(role).toMatchObject({ built_in: true, display_name: expect.stringMatching(/./) });
      expect(role).not.toHaveProperty('organization_id');
      expect(role.site_permissions.length).toBeGreaterThan(0);
    }
  });

  test('says of each role whether the caller may hand it out', async () => {
    const roles = ['auditor', 'owner', 'template-admin', 'user-admin'];
    const each = (mine: string[]) => Object.fromEntries(roles.map((name) => [name, mine.includes(name)]));
    expect(await listed(t.owner)).toMatchObject(each(roles));
    expect(await listed(admin.client)).toMatchObject(each([]));
    expect(await listed(member.client)).toMatchObject(each([]));
    expect(await listed(auditor.client)).toMatchObject(each([]));
  });

  test('what the list says is what assignment does', async () => {
    const target = await somebody();
    for (const client of [t.owner, admin.client]) {
      for (const [name, assignable] of Object.entries(await listed(client))) {
        const { status } = await client.put(`${USERS}/${target.id}/roles`, { roles: [name] });
        expect([name, status]).toEqual([name, assignable ? 200 : 400]);
        expect(await storedRoles(target.id)).toEqual(assignable ? [name] : []);
        await t.owner.put(`${USERS}/${target.id}/roles`, { roles: [] });
      }
    }
  });

  test('nothing is listed without a session', async () => {
    expect((await t.anonymous.get(`${USERS}/roles`)).status).toBe(401);
  });

  test('a key that may not read roles gets none', async () => {
    const { body } = await t.owner.post(`${USERS}/me/keys/tokens`, { scopes: ['api_key:read'] });
    expect((await t.as(body.key).get(`${USERS}/roles`)).status).toBe(403);
  });
});

describe('GET /users/{user}/roles', () => {
  test('shows the site roles, and those of each membership', async () => {
    expect((await t.owner.get(`${USERS}/${auditor.username}/roles`)).body).toEqual({
      roles: ['auditor'],
      organization_roles: { [t.organizationId]: [] },
    });
    expect((await member.client.get(`${USERS}/me/roles`)).body.roles).toEqual([]);
    expect((await admin.client.get(`${USERS}/${auditor.id}/roles`)).body.roles).toEqual(['auditor']);
  });

  test('nothing is told without a session', async () => {
    expect((await t.anonymous.get(`${USERS}/owner/roles`)).status).toBe(401);
  });

  test('who may not be read answers like nobody', async () => {
    for (const name of [admin.username, admin.id, 'nobody-at-all']) {
      expect(await member.client.get(`${USERS}/${name}/roles`)).toMatchObject({ status: 404, body: NOT_FOUND });
    }
  });
});

describe('PUT /users/{user}/roles', () => {
  let target: TestUser;
  const put = (roles: unknown, by = t.owner) => by.put(`${USERS}/${target.id}/roles`, { roles });
  beforeEach(async () => {
    target = await somebody(['template-admin']);
  });

  test('replaces the roles, each once', async () => {
    const { status, body } = await put(['user-admin', 'auditor', 'auditor']);
    expect([status, body.roles.map(({ name }: { name: string }) => name)]).toEqual([200, ['auditor', 'user-admin']]);
    expect(await storedRoles(target.id)).toEqual(['auditor', 'user-admin']);
  });

  test('a role holds from the next request on, and no longer than it is held', async () => {
    target = await somebody();
    const seen = async () => (await target.client.get(`${USERS}/${member.id}`)).status;
    expect(await seen()).toBe(404);
    await put(['user-admin']);
    expect(await seen()).toBe(200);
    await put([]);
    expect(await seen()).toBe(404);
  });

  test.each([
    ['an unknown role', ['auditor', 'janitor'], '"janitor" is not a supported role'],
    ['a role of organizations', ['organization-admin'], '"organization-admin" is not a supported role'],
    ['another letter case', ['Owner'], '"Owner" is not a supported role'],
    ['an empty name', [''], '"" is not a supported role'],
    ['one text', 'owner', 'Request body must be valid JSON.'],
  ])('%s is refused and leaves all roles as they were', async (_what, roles, message) => {
    expect(await put(roles)).toMatchObject({ status: 400, body: { message } });
    expect(await storedRoles(target.id)).toEqual(['template-admin']);
  });

  test('a missing list is no empty list', async () => {
    expect((await t.owner.put(`${USERS}/${target.id}/roles`, {})).status).toBe(400);
    expect(await storedRoles(target.id)).toEqual(['template-admin']);
  });

  test('nobody changes their own roles, owners neither', async () => {
    for (const client of [t.owner, admin.client, member.client]) {
      const answer = await client.put(`${USERS}/me/roles`, { roles: ['owner'] });
      expect(answer).toMatchObject({ status: 400, body: { message: 'You cannot change your own roles.' } });
    }
    expect([await storedRoles(member.id), await storedRoles(admin.id)]).toEqual([[], ['user-admin']]);
  });

  test('a user administrator neither hands out nor takes away what they may not assign', async () => {
    for (const roles of [['template-admin', 'owner'], ['template-admin', 'user-admin'], []]) {
      expect((await put(roles, admin.client)).status).toBe(400);
      expect(await storedRoles(target.id)).toEqual(['template-admin']);
    }
  });

  test('without a session nothing is handed out', async () => {
    expect((await put(['owner'], t.anonymous)).status).toBe(401);
    expect(await storedRoles(target.id)).toEqual(['template-admin']);
  });

  test('members and auditors hand out nothing', async () => {
    expect(await put(['owner'], member.client)).toMatchObject({ status: 404, body: NOT_FOUND });
    expect((await put(['owner'], auditor.client)).status).toBe(403);
    expect(await storedRoles(target.id)).toEqual(['template-admin']);
  });

  test('a key without the right to assign hands out nothing, although its owner might', async () => {
    const { body } = await t.owner.post(`${USERS}/me/keys/tokens`, { scopes: ['user:*'] });
    expect((await put(['auditor'], t.as(body.key))).status).toBe(403);
    expect(await storedRoles(target.id)).toEqual(['template-admin']);
  });

  test('a deleted user gets none', async () => {
    await t.owner.delete(`${USERS}/${target.id}`);
    expect((await put(['auditor'])).status).toBe(404);
    expect(await storedRoles(target.id)).toEqual(['template-admin']);
  });

  test('notes who changed what, and nothing else', async () => {
    await put(['auditor']);
    const { rows } = await t.pool.query(
      "select user_id, diff, status_code from audit_logs where resource_id = $1 and action = 'write'",
      [target.id],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ user_id: t.ownerId, status_code: 200 });
    expect(rows[0].diff.rbac_roles).toMatchObject({ old: ['template-admin'], new: ['auditor'] });
  });
});
