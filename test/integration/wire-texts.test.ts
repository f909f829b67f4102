// What texts and queries mean, and the words for what they must not be, where recordings of other inputs pinned it.
import { beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
let member: TestUser;
beforeAll(async () => {
  t = await startApp();
  member = await aUser(t);
});

const search = (q: string) => t.owner.get(`/api/v2/users?q=${encodeURIComponent(q)}`);
const names = async (q: string) =>
  (await search(q)).body.users.map(({ username }: { username: string }) => username) as string[];

describe('searching users', () => {
  test('a backslash stands for itself, wherever it stands', async () => {
    const slash = await aUser(t, { name: 'back\\slash\\' });
    for (const q of ['name:back\\slash', 'name:slash\\', 'name:\\', 'name:"k\\s"']) {
      expect([q, await names(q)]).toEqual([q, [slash.username]]);
    }
    expect(await names('\\')).toEqual([]);
    expect(await names('name:back\\\\slash')).toEqual([]);
  });

  test('the role of all means everybody, however often it is named', async () => {
    const all = await names('');
    expect(all.length).toBeGreaterThan(1);
    for (const q of ['role:member', 'role:member,member', 'role:member role:member']) {
      expect([q, await names(q)]).toEqual([q, all]);
    }
    expect(await names('role:owner,member')).toEqual(['owner']);
    expect(await names('role:,')).toEqual([]);
  });

  test('an empty element of a list of words is a bad value', async () => {
    for (const q of ['status:active,', 'status:,active', 'login_type:password,,none']) {
      const { status, body } = await search(q);
      const [field] = q.split(':');
      const detail = `Query param "${field}" has invalid values: "" is not a valid value`;
      expect([status, body.validations]).toEqual([400, [{ field, detail }]]);
    }
  });
});

describe('what a client sent is shown in quotes, with what cannot be read escaped', () => {
  const odd = 'a"b\\c\td\u0007';
  const shown = '"a\\"b\\\\c\\td\\a"';

  test('roles', async () => {
    const site = await t.owner.put(`/api/v2/users/${member.username}/roles`, { roles: [odd] });
    expect([site.status, site.body.message]).toEqual([400, `${shown} is not a supported role`]);
    const path = `/api/v2/organizations/${t.organizationId}/members/${member.username}/roles`;
    const organization = await t.owner.put(path, { roles: [odd] });
    expect(organization.body.message).toBe(`"a\\"b\\\\c\\td\\a:${t.organizationId}" is not a supported role`);
  });

  test('login types', async () => {
    const body = { username: aName(), email: 'x@example.com', organization_ids: [t.organizationId], login_type: odd };
    expect((await t.owner.post('/api/v2/users', body)).body.message).toBe(
      `Unsupported login type ${shown} for manually creating new users.`,
    );
    const convert = await member.client.post('/api/v2/users/me/convert-login', { to_type: odd, password: PASSWORD });
    expect(convert.body.message).toBe(`Unknown login type ${shown}.`);
  });

  test('questions to the permission engine', async () => {
    const ask = (checks: object) => member.client.post('/api/v2/authcheck', { checks });
    const noType = await ask({ [odd]: { action: 'read', object: {} } });
    expect(noType.body.message).toBe(`Object's "resource_type" field must be defined for key ${shown}.`);
    const noId = await ask({ a: { action: 'read', object: { resource_type: 'user', resource_id: odd } } });
    expect(noId.body.message).toBe(`Object ${shown} id is not a valid uuid.`);
  });

  test('users in paths', async () => {
    const { status, body } = await t.owner.get('/api/v2/users/a%00b');
    expect([status, body.detail]).toEqual([400, 'queried user="a\\x00b"']);
  });

  test('but not where a field breaks a rule, whose value is told as it came', async () => {
    const { body } = await t.owner.put(`/api/v2/users/${member.username}/profile`, { username: 'a"b\\' });
    expect(body.validations[0].detail).toBe('Validation failed for tag "username" with value: "a"b\\"');
  });
});

describe('ids and numbers', () => {
  test('only the nil UUID with its dashes is the default organization', async () => {
    const at = async (id: string) => (await t.owner.get(`/api/v2/organizations/${id}`)).status;
    expect(await at('00000000-0000-0000-0000-000000000000')).toBe(200);
    expect(await at('0'.repeat(32))).toBe(404);
    expect(await at('%7B00000000-0000-0000-0000-000000000000%7D')).toBe(404);
  });

  test('a limit of the list of provisioner daemons must be a number', async () => {
    const path = `/api/v2/organizations/${t.organizationId}/provisionerdaemons`;
    expect((await t.owner.get(`${path}?limit=50`)).body).toEqual([]);
    const { status, body } = await t.owner.get(`${path}?limit=ten`);
    const detail =
      'Query param "limit" must be a valid 32-bit positive integer: strconv.ParseInt: parsing "ten": invalid syntax';
    expect([status, body]).toEqual([
      400,
      { message: 'Query parameters have invalid values.', validations: [{ field: 'limit', detail }] },
    ]);
  });
});

test('statistics of the deployment are for those who may read them', async () => {
  const auditor = await aUser(t, { roles: ['auditor'] });
  const read = async (who: TestUser['client']) => (await who.get('/api/v2/deployment/stats')).status;
  expect([await read(t.owner), await read(auditor.client), await read(member.client), await read(t.anonymous)]).toEqual(
    [...[200, 200, 403, 401]],
  );
  expect((await t.owner.get('/api/v2/deployment/stats')).body.workspaces.connection_latency_ms).toEqual({
    P50: -1,
    P95: -1,
  });
});

test('of an own new password, the old one is asked for before the new one is judged', async () => {
  const put = (body: object) => member.client.put('/api/v2/users/me/password', body);
  expect((await put({ password: 'weak' })).body.message).toBe('Old password is required.');
  expect((await put({ password: 'weak', old_password: 'wrong' })).body.message).toBe('Invalid password.');
  expect((await member.client.get('/api/v2/users/me')).status).toBe(200);
});
