// Organizations: who sees which, and making, changing and deleting them.
import { beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import type { Answer } from '../support/client.ts';
import { aName, aUser } from '../support/factories.ts';

const NOT_FOUND = { message: 'Resource not found or you do not have access to this resource' };

let t: TestApp;
beforeAll(async () => {
  t = await startApp();
});

/** An organization made by the owner. */
async function anOrganization(name = aName('org')): Promise<{ id: string; name: string }> {
  const created = await t.owner.post('/api/v2/organizations', { name });
  expect(created.status).toBe(201);
  return created.body;
}

/** A key of the user that holds only these scopes. */
async function limited(user: { client: TestApp['owner'] }, ...scopes: string[]) {
  const made = await user.client.post('/api/v2/users/me/keys/tokens', { scopes });
  expect(made.status).toBe(201);
  return t.as(made.body.key);
}

/** The last entries of the audit log about one thing. */
async function notes(resourceId: string) {
  const { rows } = await t.pool.query(
    'select action, resource_type as type, user_id as by, organization_id as org, diff, status_code as status from audit_logs where resource_id = $1 order by time, action',
    [resourceId],
  );
  return rows;
}

const names = (answer: Answer) => answer.body.map(({ name }: { name: string }) => name);

describe('GET /organizations', () => {
  test('an owner sees all, the default one first; a member only its own', async () => {
    const b = await anOrganization('bees');
    await anOrganization('ants');
    const member = await aUser(t, { organization_ids: [b.id] });
    expect(names(await t.owner.get('/api/v2/organizations')).slice(0, 3)).toEqual(['coder', 'ants', 'bees']);
    expect(names(await member.client.get('/api/v2/organizations'))).toEqual(['bees']);
  });

  test('a key sees only what its scopes and its allow list reach', async () => {
    const here = await anOrganization();
    const member = await aUser(t, { organization_ids: [t.organizationId, here.id] });
    const blind = await limited(member, 'user:read');
    expect((await blind.get('/api/v2/organizations')).body).toEqual([]);
    const token = await member.client.post('/api/v2/users/me/keys/tokens', {
      scopes: ['organization:read'],
      allow_list: [`organization:${here.id}`],
    });
    expect(names(await t.as(token.body.key).get('/api/v2/organizations'))).toEqual([here.name]);
  });

  test('401 without a session', async () => {
    expect((await t.anonymous.get('/api/v2/organizations')).status).toBe(401);
  });
});

describe('GET /organizations/{organization}', () => {
  test.each(['coder', 'CODER', 'default', '00000000-0000-0000-0000-000000000000'])(
    '%s is the default one',
    async (name) => {
      const answer = await t.owner.get(`/api/v2/organizations/${name}`);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ id: t.organizationId, name: 'coder', is_default: true });
    },
  );

  test('a UUID is read in every spelling', async () => {
    const bare = t.organizationId.replaceAll('-', '').toUpperCase();
    expect((await t.owner.get(`/api/v2/organizations/${bare}`)).body.id).toBe(t.organizationId);
  });

  test('one that the caller is not in is not found, like one that does not exist', async () => {
    const other = await anOrganization();
    const member = await aUser(t);
    for (const name of [other.id, other.name, 'nowhere']) {
      const answer = await member.client.get(`/api/v2/organizations/${name}`);
      expect([answer.status, answer.body]).toEqual([404, NOT_FOUND]);
    }
  });
});

describe('GET /users/{user}/organizations', () => {
  test('those of the user that the caller may read', async () => {
    const shared = await anOrganization();
    const hidden = await anOrganization();
    const user = await aUser(t, { organization_ids: [shared.id, hidden.id] });
    const reader = await aUser(t, { organization_ids: [shared.id] });
    await t.owner.put(`/api/v2/organizations/${shared.id}/members/${reader.id}/roles`, {
      roles: ['organization-admin'],
    });
    expect(names(await user.client.get('/api/v2/users/me/organizations')).sort()).toEqual(
      [shared.name, hidden.name].sort(),
    );
    expect(names(await reader.client.get(`/api/v2/users/${user.id}/organizations`))).toEqual([shared.name]);
  });

  test('by name in any letter case, never by id or as default', async () => {
    const user = await aUser(t);
    expect((await user.client.get('/api/v2/users/me/organizations/CoDeR')).status).toBe(200);
    for (const name of [t.organizationId, 'default', 'nowhere']) {
      expect((await user.client.get(`/api/v2/users/me/organizations/${name}`)).status).toBe(404);
    }
  });
});

describe('POST /organizations', () => {
  test('the caller becomes its member and administrator', async () => {
    const name = aName('lab');
    const created = await t.owner.post('/api/v2/organizations', {
      name,
      description: 'Where we try things.',
      icon: '/lab.svg',
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name,
      display_name: name,
      description: 'Where we try things.',
      icon: '/lab.svg',
      is_default: false,
      default_org_member_roles: ['organization-workspace-access'],
    });
    const { id } = created.body;
    expect((await t.owner.get(`/api/v2/organizations/${id}`)).body).toEqual(created.body);
    const me = await t.owner.get(`/api/v2/organizations/${id}/members/me`);
    expect(me.body.roles).toEqual([
      { name: 'organization-admin', display_name: 'Organization Admin', organization_id: id },
    ]);
    expect(await notes(id)).toMatchObject([
      { action: 'create', type: 'organization', by: t.ownerId, org: id, status: 201 },
    ]);
  });

  test('an organization can hold members, administrators and users of its own', async () => {
    const { id } = await anOrganization();
    const admin = await aUser(t, { organization_ids: [id] });
    await t.owner.put(`/api/v2/organizations/${id}/members/${admin.id}/roles`, { roles: ['organization-admin'] });
    const guest = await aUser(t);
    expect((await admin.client.post(`/api/v2/organizations/${id}/members/${guest.id}`)).status).toBe(200);
    expect((await admin.client.post(`/api/v2/organizations/${t.organizationId}/members/${guest.id}`)).status).toBe(404);
    expect((await guest.client.get('/api/v2/users/me')).body.organization_ids).toEqual([t.organizationId, id]);
  });

  test.each(['', 'has space', '-hyphen', 'a'.repeat(33), 'new', 'Default', 'a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4'])(
    '400 for the name %j',
    async (name) => {
      const answer = await t.owner.post('/api/v2/organizations', { name });
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ message: 'Validation failed.', validations: [{ field: 'name' }] });
    },
  );

  test('400 for a display name of two lines, and for what is not JSON', async () => {
    const bad = await t.owner.post('/api/v2/organizations', { name: aName(), display_name: 'one\ntwo' });
    expect(bad.body.validations).toMatchObject([{ field: 'display_name' }]);
    expect((await t.owner.post('/api/v2/organizations', 'nope')).status).toBe(400);
  });

  test('403 for everybody but owners, and for keys that may not fill it', async () => {
    for (const role of ['user-admin', 'auditor', 'template-admin']) {
      const user = await aUser(t, { roles: [role] });
      expect((await user.client.post('/api/v2/organizations', { name: aName() })).status).toBe(403);
    }
    const key = await limited({ client: t.owner }, 'organization:*', 'user:read');
    const name = aName();
    expect((await key.post('/api/v2/organizations', { name })).status).toBe(403);
    expect((await t.owner.get(`/api/v2/organizations/${name}`)).status).toBe(404);
  });

  test('409 for a name that is taken in any letter case', async () => {
    const { name } = await anOrganization();
    const answer = await t.owner.post('/api/v2/organizations', { name: name.toUpperCase() });
    expect([answer.status, answer.body.validations?.[0]?.field]).toEqual([409, 'name']);
    expect((await t.owner.post('/api/v2/organizations', { name: 'coder' })).status).toBe(409);
  });
});

describe('PATCH /organizations/{organization}', () => {
  test('changes what is given and keeps the rest', async () => {
    const { id, name } = await anOrganization();
    const first = await t.owner.patch(`/api/v2/organizations/${id}`, { display_name: 'The Lab', icon: '/i.svg' });
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ name, display_name: 'The Lab', icon: '/i.svg', description: '' });
    const renamed = aName('renamed');
    const second = await t.owner.patch(`/api/v2/organizations/${name}`, { name: renamed, icon: '' });
    expect(second.body).toMatchObject({ id, name: renamed, display_name: 'The Lab', icon: '' });
    expect((await t.owner.get(`/api/v2/organizations/${name}`)).status).toBe(404);
    const [, write] = await notes(id);
    expect(write).toMatchObject({ action: 'write', diff: { display_name: { old: name, new: 'The Lab' } } });
  });

  test('default roles are what every member has at once, and only who may hand them out sets them', async () => {
    const { id } = await anOrganization();
    const member = await aUser(t, { organization_ids: [id] });
    const admin = await aUser(t, { organization_ids: [id] });
    await t.owner.put(`/api/v2/organizations/${id}/members/${admin.id}/roles`, { roles: ['organization-admin'] });
    const path = `/api/v2/organizations/${id}`;
    expect((await member.client.get(`/api/v2/users/${admin.id}`)).status).toBe(404);
    expect((await admin.client.patch(path, { default_org_member_roles: ['owner'] })).status).toBe(400);
    expect(
      (await admin.client.patch(path, { default_org_member_roles: ['organization-service-account'] })).status,
    ).toBe(400);
    const set = await admin.client.patch(path, {
      default_org_member_roles: ['organization-admin', 'organization-admin'],
    });
    expect([set.status, set.body.default_org_member_roles]).toEqual([200, ['organization-admin']]);
    expect((await member.client.get(`/api/v2/users/${admin.id}`)).status).toBe(200);
    const key = await limited({ client: t.owner }, 'organization:*', 'user:read');
    expect((await key.patch(path, { default_org_member_roles: [] })).status).toBe(403);
    expect((await t.owner.get(path)).body.default_org_member_roles).toEqual(['organization-admin']);
  });

  test('400 for a bad name, 409 for a taken one, and nothing changes', async () => {
    const { id, name } = await anOrganization();
    expect((await t.owner.patch(`/api/v2/organizations/${id}`, { name: 'no good', icon: '/x' })).status).toBe(400);
    expect((await t.owner.patch(`/api/v2/organizations/${id}`, { name: 'coder', icon: '/x' })).status).toBe(409);
    expect((await t.owner.get(`/api/v2/organizations/${id}`)).body).toMatchObject({ name, icon: '' });
  });

  test('403 for a member, 404 for somebody outside', async () => {
    const { id } = await anOrganization();
    const member = await aUser(t, { organization_ids: [id] });
    const outsider = await aUser(t);
    expect((await member.client.patch(`/api/v2/organizations/${id}`, { icon: '/x' })).status).toBe(403);
    expect((await outsider.client.patch(`/api/v2/organizations/${id}`, { icon: '/x' })).status).toBe(404);
  });
});

describe('DELETE /organizations/{organization}', () => {
  test('an empty one goes, and its name is free again', async () => {
    const { id, name } = await anOrganization();
    const answer = await t.owner.delete(`/api/v2/organizations/${name}`);
    expect([answer.status, answer.body]).toEqual([200, { message: 'Organization has been deleted.' }]);
    expect((await t.owner.get(`/api/v2/organizations/${id}`)).status).toBe(404);
    expect((await t.owner.get('/api/v2/users/me')).body.organization_ids).not.toContain(id);
    expect((await notes(id)).at(-1)).toMatchObject({ action: 'delete', by: t.ownerId });
    await anOrganization(name);
  });

  test('400 for the default one and while others are in it', async () => {
    expect((await t.owner.delete('/api/v2/organizations/default')).status).toBe(400);
    const { id } = await anOrganization();
    const member = await aUser(t, { organization_ids: [id] });
    expect((await t.owner.delete(`/api/v2/organizations/${id}`)).status).toBe(400);
    await t.owner.delete(`/api/v2/organizations/${id}/members/${member.id}`);
    expect((await t.owner.delete(`/api/v2/organizations/${id}`)).status).toBe(200);
  });

  test('403 for a member, 404 for somebody outside', async () => {
    const { id } = await anOrganization();
    const member = await aUser(t, { organization_ids: [id] });
    const outsider = await aUser(t);
    expect((await member.client.delete(`/api/v2/organizations/${id}`)).status).toBe(403);
    expect((await outsider.client.delete(`/api/v2/organizations/${id}`)).status).toBe(404);
  });
});
