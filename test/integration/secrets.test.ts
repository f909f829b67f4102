// User secrets: what is stored and how, limits, conflicts, and who may do what.
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseInstant } from '../../src/clock.ts';
import { auditLogs } from '../../src/store/schema.ts';
import { userSecrets } from '../../src/store/schema-belongings.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
beforeAll(async () => {
  t = await startApp();
});

const path = (user: string, name = '') => `/api/v2/users/${user}/secrets${name && `/${name}`}`;
const stored = (user: TestUser) => t.db.select().from(userSecrets).where(eq(userSecrets.userId, user.id));
const create = (user: TestUser, fields: Record<string, unknown>) =>
  user.client.post(path('me'), { value: 'v', ...fields });

describe('POST /users/{user}/secrets', () => {
  test('answers everything but the value', async () => {
    const user = await aUser(t);
    const answer = await create(user, {
      name: 'n',
      value: 'hunter2',
      description: 'd',
      env_name: 'E',
      file_path: '~/f',
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ name: 'n', description: 'd', env_name: 'E', file_path: '~/f' });
    expect(answer.body.created_at).toBe(answer.body.updated_at);
    expect(answer.text).not.toContain('hunter2');
  });

  test('stores the value encrypted and bound to its row', async () => {
    const user = await aUser(t);
    await create(user, { name: 'a', value: 'hunter2' });
    await create(user, { name: 'b', value: 'hunter2' });
    const [a, b] = await stored(user);
    if (!a || !b) throw new Error('two secrets were made');
    expect(a.value).toMatch(/^v1:/);
    expect(a.value).not.toBe(b.value);
    expect(t.deps.secretBox.decrypt(a.value, `user_secrets:${a.id}`)).toBe('hunter2');
    expect(() => t.deps.secretBox.decrypt(a.value, `user_secrets:${b.id}`)).toThrow();
    expect(a.valueBytes).toBe(7);
  });

  test('every bad field is told at once, and nothing is stored', async () => {
    const user = await aUser(t);
    const answer = await create(user, { name: '', value: 'a\u0000', env_name: 'PATH', file_path: 'x' });
    expect(answer.status).toBe(400);
    expect(answer.body.validations.map((v: { field: string }) => v.field)).toEqual([
      'name',
      'value',
      'env_name',
      'file_path',
    ]);
    expect(await stored(user)).toEqual([]);
  });

  test.each([
    ['name', 'a\\u0000b'],
    ['name', 'a\\ud800'],
    ['description', '\\u0000'],
    ['description', '\\udfff'],
    ['value', '\\ud800'],
  ])('text that cannot be stored in %s (%s) is a bad field', async (field, text) => {
    const user = await aUser(t);
    const fields = { name: 'n', value: 'v', [field]: '@' };
    const answer = await user.client.post(path('me'), JSON.stringify(fields).replace('@', text));
    expect([answer.status, answer.body.validations.length, answer.body.validations[0].field]).toEqual([400, 1, field]);
  });

  test('the 51st secret is refused, even one with a taken name', async () => {
    const user = await aUser(t);
    for (let n = 1; n <= 50; n++) expect((await create(user, { name: `s${n}` })).status).toBe(201);
    for (const name of ['s51', 's1']) {
      const answer = await create(user, { name });
      expect([answer.status, answer.body.message]).toEqual([400, 'User secrets limit reached.']);
    }
    expect((await user.client.patch(path('me', 's1'), { value: 'other' })).status).toBe(200);
    await user.client.delete(path('me', 's2'));
    expect((await create(user, { name: 's51' })).status).toBe(201);
  });

  test('of many at once as many are stored as the limit allows', async () => {
    const user = await aUser(t);
    const value = 'x'.repeat(24_576);
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => create(user, { name: `s${n}`, value })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(8);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(4);
    expect(await stored(user)).toHaveLength(8);
  });

  test('of several with one name at once exactly one is stored', async () => {
    const user = await aUser(t);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => create(user, { name: 'same', env_name: 'SAME' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });

  test.each([
    [{ name: 'n' }, 'name', 'name already in use'],
    [{ name: 'm', env_name: 'E' }, 'env_name', 'environment variable already in use'],
    [{ name: 'm', file_path: '/f' }, 'file_path', 'file path already in use'],
    [{ name: 'm', env_name: 'E', file_path: '/f' }, 'env_name', 'environment variable already in use'],
  ])('%j is taken: the first of name, variable and path is told', async (fields, field, detail) => {
    const user = await aUser(t);
    await create(user, { name: 'n', env_name: 'E', file_path: '/f' });
    const answer = await create(user, fields);
    expect([answer.status, answer.body]).toEqual([
      409,
      { message: 'Validation failed.', validations: [{ field, detail }] },
    ]);
  });
});

describe('PATCH /users/{user}/secrets/{name}', () => {
  test('changes what is sent, keeps the rest, and moves updated_at', async () => {
    const user = await aUser(t);
    const { body: before } = await create(user, { name: 'n', description: 'd', env_name: 'E', file_path: '/f' });
    t.clock.advance(5_000_000);
    const answer = await user.client.patch(path('me', 'n'), { description: null, env_name: '', value: 'other' });
    expect(answer.body).toEqual({ ...before, env_name: '', updated_at: answer.body.updated_at });
    expect(parseInstant(answer.body.updated_at)).toBeGreaterThan(parseInstant(before.updated_at));
    const [row] = await stored(user);
    expect(t.deps.secretBox.decrypt(row?.value ?? '', `user_secrets:${row?.id}`)).toBe('other');
  });

  test('the value may be emptied, and then counts nothing', async () => {
    const user = await aUser(t);
    await create(user, { name: 'n', value: 'x'.repeat(24_576), env_name: 'E' });
    expect((await create(user, { name: 'm', env_name: 'F' })).status).toBe(400);
    expect((await user.client.patch(path('me', 'n'), { value: '' })).status).toBe(200);
    expect((await create(user, { name: 'm', env_name: 'F' })).status).toBe(201);
  });

  test('its own variable and path are no conflict', async () => {
    const user = await aUser(t);
    await create(user, { name: 'n', env_name: 'E', file_path: '/f' });
    expect((await user.client.patch(path('me', 'n'), { env_name: 'E', file_path: '/f' })).status).toBe(200);
  });

  test.each([{}, { name: 'x' }, { value: null }, 'null'])('%j changes nothing and is refused', async (body) => {
    const user = await aUser(t);
    const answer = await user.client.patch(path('me', 'missing'), body);
    expect([answer.status, answer.body]).toEqual([400, { message: 'At least one field must be provided.' }]);
  });
});

describe('who may do what', () => {
  const attempts = (client: TestUser['client'], user: string) =>
    Promise.all([
      client.get(path(user)),
      client.get(path(user, 'k')),
      client.post(path(user), { name: 'added', value: 'v' }),
      client.patch(path(user, 'k'), { description: 'x' }),
      client.delete(path(user, 'k')),
    ]);

  test('nobody but the user, not even an owner, whether the secret exists or not', async () => {
    const user = await aUser(t);
    await create(user, { name: 'k' });
    const other = await aUser(t);
    for (const role of ['owner', 'user-admin', 'auditor']) {
      const caller = await aUser(t, { roles: [role] });
      for (const target of [user, other]) {
        const answers = await attempts(caller.client, target.username);
        expect(answers.map(({ status, body }) => [status, body.message])).toEqual(Array(5).fill([403, 'Forbidden.']));
      }
    }
    expect(await stored(user)).toMatchObject([{ name: 'k', description: '' }]);
  });

  test('a member cannot see that the user exists', async () => {
    const [user, caller] = [await aUser(t), await aUser(t)];
    const answers = await attempts(caller.client, user.username);
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(404));
  });

  test('bad fields are told before the permission is looked at', async () => {
    const user = await aUser(t);
    expect((await t.owner.post(path(user.username), { name: '' })).status).toBe(400);
    expect((await t.owner.patch(path(user.username, 'k'), {})).status).toBe(400);
  });

  test('a key does what its scopes say', async () => {
    const user = await aUser(t);
    await create(user, { name: 'k' });
    const token = await user.client.post('/api/v2/users/me/keys/tokens', { scopes: ['user:read', 'user_secret:read'] });
    const answers = await attempts(t.as(token.body.key), 'me');
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 403, 403]);
  });

  test('the secrets of a deleted user are gone', async () => {
    const user = await aUser(t);
    await create(user, { name: 'k' });
    await t.owner.delete(`/api/v2/users/${user.id}`);
    expect(await stored(user)).toEqual([]);
    expect((await t.owner.post(path(user.id), { name: 'n', value: 'v' })).status).toBe(404);
  });
});

test('GET lists by name, byte by byte, with and without a slash at the end', async () => {
  const user = await aUser(t);
  for (const name of ['b', 'B', 'a', 'ä', '10', '9']) await create(user, { name });
  for (const end of ['', '/']) {
    const { body } = await user.client.get(path('me') + end);
    expect(body.map((secret: { name: string }) => secret.name)).toEqual(['10', '9', 'B', 'a', 'b', 'ä']);
  }
});

test('a name is found whatever it is made of', async () => {
  const user = await aUser(t);
  for (const name of ['a b', '100%', 'a+b', 'ä', '"', '%2F']) {
    await create(user, { name });
    const answer = await user.client.get(path('me', encodeURIComponent(name)));
    expect([answer.status, answer.body.name]).toEqual([200, name]);
  }
});

test('the audit log names each change and never a value', async () => {
  const user = await aUser(t);
  const { body } = await create(user, { name: 'n', value: 'hunter2', env_name: 'E' });
  await user.client.patch(path('me', 'n'), { value: 'hunter3', env_name: '' });
  await user.client.patch(path('me', 'n'), { description: 'd' });
  await user.client.delete(path('me', 'n'));
  const entries = await t.db.select().from(auditLogs).where(eq(auditLogs.resourceId, body.id)).orderBy(auditLogs.time);
  expect(entries.map(({ action, statusCode }) => [action, statusCode])).toEqual([
    ['create', 201],
    ['write', 200],
    ['write', 200],
    ['delete', 204],
  ]);
  const secret = { old: '', new: '', secret: true };
  expect(entries[1]?.diff).toEqual({ env_name: { old: 'E', new: '', secret: false }, value: secret });
  expect(entries[2]?.diff).toEqual({ description: { old: '', new: 'd', secret: false } });
  expect(JSON.stringify(entries)).not.toContain('hunter');
});
