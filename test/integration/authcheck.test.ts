// POST /authcheck: the questions that clients ask before they show a button, answered as the routes would.
import { beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
let member: TestUser;
let other: TestUser;
let reader: TestUser;
beforeAll(async () => {
  t = await startApp();
  member = await aUser(t);
  other = await aUser(t);
  reader = await aUser(t, { roles: ['template-admin'] });
});

type Question = { object?: Record<string, unknown> | null; action?: string } | null;

const ask = (client: TestApp['owner'], checks: Record<string, Question>) =>
  client.post('/api/v2/authcheck', { checks });

/** The one answer to one question. */
async function answer(client: TestApp['owner'], object: Record<string, unknown>, action: string): Promise<boolean> {
  const { status, body } = await ask(client, { it: { object, action } });
  expect(status).toBe(200);
  return body.it;
}

describe('questions about kinds of things', () => {
  test('every question is answered under its own name', async () => {
    const { body } = await ask(member.client, {
      mine: { object: { resource_type: 'api_key', owner_id: 'me' }, action: 'create' },
      'of others': { object: { resource_type: 'api_key', owner_id: other.id }, action: 'create' },
      'in my organization': {
        object: { resource_type: 'workspace', owner_id: 'me', organization_id: t.organizationId },
        action: 'create',
      },
      anywhere: { object: { resource_type: 'workspace', owner_id: 'me', any_org: true }, action: 'create' },
      both: {
        object: { resource_type: 'workspace', owner_id: 'me', organization_id: t.organizationId, any_org: true },
        action: 'create',
      },
    });
    expect(body).toEqual({ mine: true, 'of others': false, 'in my organization': true, anywhere: true, both: false });
  });

  test('no questions have no answers', async () => {
    for (const body of [{}, { checks: {} }, { checks: null }]) {
      expect((await member.client.post('/api/v2/authcheck', body)).body).toEqual({});
    }
  });

  test('roles and keys are those of this very moment', async () => {
    const user = await aUser(t);
    const create = { resource_type: 'user' };
    expect(await answer(user.client, create, 'create')).toBe(false);
    await t.owner.put(`/api/v2/users/${user.id}/roles`, { roles: ['user-admin'] });
    expect(await answer(user.client, create, 'create')).toBe(true);
    const token = await user.client.post('/api/v2/users/me/keys/tokens', { scopes: ['user:read'] });
    expect(await answer(t.as(token.body.key), create, 'create')).toBe(false);
  });

  test('the answer is what the route does', async () => {
    const assign = { resource_type: 'assign_org_role', organization_id: t.organizationId };
    for (const user of [member, reader]) {
      const put = await user.client.put(`/api/v2/organizations/default/members/${other.id}/roles`, { roles: [] });
      expect([await answer(user.client, assign, 'assign'), put.status]).toEqual([false, 403]);
    }
    const put = await t.owner.put(`/api/v2/organizations/default/members/${other.id}/roles`, { roles: [] });
    expect([await answer(t.owner, assign, 'assign'), put.status]).toEqual([true, 200]);
  });

  test('400 for a question without a kind, and for what is not JSON', async () => {
    for (const question of [{ object: {}, action: 'read' }, { action: 'read' }, { object: null }, null]) {
      const { status, body } = await ask(member.client, { 'my check': question });
      expect([status, body.message]).toEqual([
        400,
        'Object\'s "resource_type" field must be defined for key "my check".',
      ]);
    }
    for (const body of ['', '[]', '{"checks":[]}', '{"checks":{"a":{"action":1}}}']) {
      expect((await member.client.post('/api/v2/authcheck', body)).body.message).toBe(
        'Request body must be valid JSON.',
      );
    }
  });

  test('401 without a session, 405 for another method', async () => {
    expect((await t.anonymous.post('/api/v2/authcheck', { checks: {} })).status).toBe(401);
    expect((await member.client.get('/api/v2/authcheck')).status).toBe(405);
  });
});

describe('questions about one stored thing', () => {
  test('a user who may be read is answered by its own row, whatever owner is claimed', async () => {
    const about = (id: string, owner_id = '') => ({ resource_type: 'user', resource_id: id, owner_id });
    expect(await answer(member.client, about(member.id), 'update_personal')).toBe(true);
    expect(await answer(reader.client, about(member.id), 'read')).toBe(true);
    expect(await answer(reader.client, about(member.id, 'me'), 'update_personal')).toBe(false);
  });

  test('what cannot be read is a no, like what does not exist', async () => {
    for (const id of [other.id, '11111111-1111-4111-8111-111111111111']) {
      expect(
        await answer(member.client, { resource_type: 'user', resource_id: id, owner_id: 'me' }, 'update_personal'),
      ).toBe(false);
    }
    for (const resource_type of ['workspace', 'template', 'group']) {
      expect(await answer(t.owner, { resource_type, resource_id: other.id }, 'read')).toBe(false);
    }
  });

  test('the Everyone group of an organization is there for its members', async () => {
    const { id } = (await t.owner.post('/api/v2/organizations', { name: 'elsewhere' })).body;
    expect(await answer(member.client, { resource_type: 'group', resource_id: t.organizationId }, 'read')).toBe(true);
    expect(await answer(member.client, { resource_type: 'group', resource_id: t.organizationId }, 'update')).toBe(
      false,
    );
    expect(await answer(member.client, { resource_type: 'group', resource_id: id }, 'read')).toBe(false);
  });

  test('an allow list decides about the thing it names', async () => {
    const token = await t.owner.post('/api/v2/users/me/keys/tokens', {
      scopes: ['user:*'],
      allow_list: [`user:${member.id}`],
    });
    const key = t.as(token.body.key);
    expect(await answer(key, { resource_type: 'user', resource_id: member.id }, 'delete')).toBe(true);
    expect(await answer(key, { resource_type: 'user', resource_id: other.id }, 'delete')).toBe(false);
    expect(await answer(key, { resource_type: 'user' }, 'delete')).toBe(false);
  });

  test('400 for an id that is none, a kind without ids, and more than ten', async () => {
    const bad = await ask(t.owner, { it: { object: { resource_type: 'user', resource_id: 'mel' }, action: 'read' } });
    expect([bad.status, bad.body.message]).toEqual([400, 'Object "mel" id is not a valid uuid.']);
    const kind = await ask(t.owner, {
      it: { object: { resource_type: 'api_key', resource_id: other.id }, action: 'read' },
    });
    expect([kind.status, kind.body.message]).toEqual([
      400,
      'Object type "api_key" does not support "resource_id" field.',
    ]);
    const many = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `c${i}`,
          { object: { resource_type: 'user', resource_id: other.id }, action: 'read' },
        ]),
      );
    expect((await ask(t.owner, many(10))).status).toBe(200);
    const tooMany = await ask(t.owner, { ...many(11), 'no kind': {} });
    expect([tooMany.status, tooMany.body.message]).toEqual([
      400,
      'Endpoint only supports using "resource_id" field 10 times, found 11 usages. Remove 1 objects with this field set.',
    ]);
  });
});
