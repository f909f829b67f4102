// Accounts: creating, reading, listing, renaming, suspending and deleting them.
import { beforeAll, describe, expect, test } from 'vitest';
import { NIL_UUID } from '../../src/golang/uuids.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aName, aUser, signIn } from '../support/factories.ts';

const USERS = '/api/v2/users';
const NOT_FOUND = { message: 'Resource not found or you do not have access to this resource' };

let t: TestApp;
beforeAll(async () => {
  t = await startApp();
});

/** Users that never sign in with a password cost no hash. */
const somebody = (overrides: object = {}) => aUser(t, { login_type: 'none', ...overrides });
const rowOf = async (id: string) => (await t.pool.query('select * from users where id = $1', [id])).rows[0];
const namedRows = async (username: string) =>
  (await t.pool.query('select 1 from users where lower(username) = lower($1)', [username])).rows;

/** What the audit log says about one user, oldest first. */
async function notes(id: string) {
  const { rows } = await t.pool.query(
    'select action, user_id as by, diff, status_code as status from audit_logs where resource_id = $1 order by time',
    [id],
  );
  return rows;
}

describe('POST /users', () => {
  const request = (overrides: object = {}) => {
    const username = aName('made');
    return {
      username,
      email: `${username}@example.com`,
      login_type: 'none',
      organization_ids: [t.organizationId],
      ...overrides,
    };
  };

  test('makes a dormant member of the organization, who has never been seen', async () => {
    const wanted = request({ name: 'Ada Lovelace' });
    const { status, body } = await t.owner.post(USERS, wanted);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      username: wanted.username,
      name: 'Ada Lovelace',
      email: wanted.email,
      status: 'dormant',
      login_type: 'none',
      roles: [],
      organization_ids: [t.organizationId],
      last_seen_at: '0001-01-01T00:00:00Z',
    });
    expect((await t.owner.get(`${USERS}/${body.id}`)).body).toEqual(body);
  });

  test('the password signs the new user in, and only its hash is stored', async () => {
    const wanted = request({ login_type: 'password', password: PASSWORD });
    const { body, text } = await t.owner.post(USERS, wanted);
    expect((await t.as(await signIn(t, wanted.email)).get(`${USERS}/me`)).body.id).toBe(body.id);
    expect(text).not.toContain(PASSWORD);
    expect(JSON.stringify(await rowOf(body.id))).not.toContain(PASSWORD);
  });

  test.each([
    ['no name', { username: '' }, 'username'],
    ['a malformed name', { username: 'a_b' }, 'username'],
    ['a name that paths of the API hide', { username: 'me' }, 'username'],
    ['a malformed address', { email: 'nobody' }, 'email'],
    ['a padded real name', { name: ' Ann' }, 'name'],
    ['no organization', { organization_ids: [] }, 'organization_ids'],
    ['one organization twice', { organization_ids: [NIL_UUID, NIL_UUID] }, 'organization_ids'],
    ['a weak password', { login_type: 'password', password: 'weak' }, 'password'],
    ['an unknown status', { user_status: 'banned' }, 'user_status'],
  ])('%s is refused, and the answer names the field', async (_what, wrong, field) => {
    const { status, body } = await t.owner.post(USERS, request(wrong));
    expect([status, body.validations?.map((one: { field: string }) => one.field)]).toEqual([400, [field]]);
  });

  test.each([
    ['a password without password sign-in', { password: PASSWORD }],
    ['an unknown way to sign in', { login_type: 'magic' }],
    ['a role that does not exist', { roles: ['emperor'] }],
    ['a service account with an address', { service_account: true }],
  ])('%s is refused', async (_what, wrong) => {
    const wanted = request(wrong);
    expect((await t.owner.post(USERS, wanted)).status).toBe(400);
    expect(await namedRows(wanted.username)).toHaveLength(0);
  });

  test('without a session nobody is made', async () => {
    const wanted = request();
    expect((await t.anonymous.post(USERS, wanted)).status).toBe(401);
    expect(await namedRows(wanted.username)).toHaveLength(0);
  });

  test('members make nobody, and a user administrator makes no owner', async () => {
    const [member, admin] = [await somebody(), await somebody({ roles: ['user-admin'] })];
    const [plain, owner] = [request(), request({ roles: ['owner'] })];
    expect((await member.client.post(USERS, plain)).status).toBe(403);
    expect((await admin.client.post(USERS, owner)).status).toBe(403);
    expect([...(await namedRows(plain.username)), ...(await namedRows(owner.username))]).toEqual([]);
    expect((await admin.client.post(USERS, plain)).status).toBe(201);
  });

  test('an organization that does not exist is 404', async () => {
    const answer = await t.owner.post(USERS, request({ organization_ids: ['3c9e7f52-8f0b-4f57-9c2c-5d1f6a0b7e11'] }));
    expect(answer.status).toBe(404);
  });

  test('a name or an address that somebody has is 409, in any letter case', async () => {
    const holder = await somebody();
    const taken = [{ username: holder.username.toUpperCase() }, { email: holder.email.toUpperCase() }];
    for (const wrong of taken) {
      expect(await t.owner.post(USERS, request(wrong))).toMatchObject({
        status: 409,
        body: { message: 'User already exists.' },
      });
    }
    expect(await namedRows(holder.username)).toHaveLength(1);
  });

  test('notes who made whom', async () => {
    const { body } = await t.owner.post(USERS, request());
    expect(await notes(body.id)).toMatchObject([{ action: 'create', by: t.ownerId, status: 201 }]);
  });
});

describe('GET /users/{user}', () => {
  test('me, the id in any spelling and the name in any letter case are the same user', async () => {
    const user = await somebody();
    const { body } = await user.client.get(`${USERS}/me`);
    expect(body).toMatchObject({ id: user.id, username: user.username });
    for (const spelling of [user.id, user.id.toUpperCase(), user.id.replaceAll('-', ''), user.username.toUpperCase()]) {
      expect((await user.client.get(`${USERS}/${spelling}`)).body.id, spelling).toBe(user.id);
    }
  });

  test('a null byte in the name is 400', async () => {
    expect((await t.owner.get(`${USERS}/a%00b`)).status).toBe(400);
  });

  test('nothing is told without a session', async () => {
    expect((await t.anonymous.get(`${USERS}/owner`)).status).toBe(401);
  });

  test('who may not be read answers like nobody', async () => {
    const member = await somebody();
    for (const [client, name] of [
      [member.client, 'owner'],
      [member.client, t.ownerId],
      [member.client, 'nobody-at-all'],
      [t.owner, 'nobody-at-all'],
    ] as const) {
      expect(await client.get(`${USERS}/${name}`)).toMatchObject({ status: 404, body: NOT_FOUND });
    }
  });
});

describe('PUT /users/{user}/profile', () => {
  test('somebody changes their own real name, and leaving it out clears it', async () => {
    const user = await somebody();
    const put = (body: object) => user.client.put(`${USERS}/me/profile`, { username: user.username, ...body });
    expect((await put({ name: 'Ann Smith' })).body.name).toBe('Ann Smith');
    expect((await user.client.get(`${USERS}/me`)).body.name).toBe('Ann Smith');
    expect((await put({})).status).toBe(200);
    expect((await rowOf(user.id)).name).toBe('');
  });

  test('a new username replaces the old one, keeps sessions, and is noted', async () => {
    const user = await somebody();
    const username = aName('renamed');
    const answer = await t.owner.put(`${USERS}/${user.username}/profile`, { username, name: '' });
    expect(answer).toMatchObject({ status: 200, body: { id: user.id, username } });
    expect((await t.owner.get(`${USERS}/${user.username}`)).status).toBe(404);
    expect((await user.client.get(`${USERS}/me`)).body.username).toBe(username);
    const [note] = (await notes(user.id)).filter(({ diff }) => diff.username?.new === username);
    expect(note).toMatchObject({ action: 'write', by: t.ownerId, diff: { username: { old: user.username } } });
  });

  test('other fields of the account cannot be changed this way', async () => {
    const user = await somebody();
    const more = { email: 'new@example.com', status: 'suspended', roles: ['owner'], login_type: 'password' };
    await t.owner.put(`${USERS}/${user.id}/profile`, { username: user.username, ...more });
    expect(await rowOf(user.id)).toMatchObject({ email: user.email, login_type: 'none', status: 'active', roles: [] });
  });

  test.each(['', 'a_b', 'new', 'a'.repeat(33)])('the username %o is refused', async (username) => {
    const answer = await t.owner.put(`${USERS}/me/profile`, { username, name: 'X' });
    expect(answer).toMatchObject({ status: 400, body: { validations: [{ field: 'username' }] } });
  });

  test('without a session nothing changes', async () => {
    expect((await t.anonymous.put(`${USERS}/owner/profile`, { username: 'mine' })).status).toBe(401);
  });

  test('members rename neither themselves nor anybody else', async () => {
    const [user, other] = [await somebody(), await somebody()];
    for (const name of ['me', other.id]) {
      const answer = await user.client.put(`${USERS}/${name}/profile`, { username: aName('wish'), name: '' });
      expect(answer).toMatchObject({ status: 404, body: NOT_FOUND });
    }
    expect([(await rowOf(user.id)).username, (await rowOf(other.id)).username]).toEqual([
      ...[user.username, other.username],
    ]);
  });

  test('a name that somebody has is 409, in any letter case', async () => {
    const user = await somebody();
    const answer = await t.owner.put(`${USERS}/${user.id}/profile`, { username: 'OWNER', name: 'X' });
    expect(answer).toMatchObject({ status: 409, body: { validations: [{ field: 'username' }] } });
    expect(await rowOf(user.id)).toMatchObject({ username: user.username, name: '' });
  });
});

describe('PUT /users/{user}/status/{suspend,activate}', () => {
  test('a suspended user is shut out at once and let in again by activation; both are noted', async () => {
    const user = await somebody();
    const put = async (word: string) => (await t.owner.put(`${USERS}/${user.id}/status/${word}`)).body.status;
    expect(await put('suspend')).toBe('suspended');
    expect((await user.client.get(`${USERS}/me`)).status).toBe(401);
    expect(await put('activate')).toBe('active');
    expect((await user.client.get(`${USERS}/me`)).status).toBe(200);
    expect((await notes(user.id)).map(({ diff }) => diff.status?.new).slice(-2)).toEqual(['suspended', 'active']);
  });

  test('nobody suspends themselves or an owner', async () => {
    const [second, admin] = [await somebody({ roles: ['owner'] }), await somebody({ roles: ['user-admin'] })];
    expect((await admin.client.put(`${USERS}/me/status/suspend`)).body.message).toBe('You cannot suspend yourself.');
    expect((await t.owner.put(`${USERS}/${second.id}/status/suspend`)).status).toBe(400);
    expect((await admin.client.put(`${USERS}/${second.id}/status/suspend`)).status).toBe(400);
    expect([(await rowOf(admin.id)).status, (await rowOf(second.id)).status]).toEqual(['active', 'active']);
  });

  test('without a session nobody is suspended', async () => {
    const user = await somebody();
    expect((await t.anonymous.put(`${USERS}/${user.id}/status/suspend`)).status).toBe(401);
    expect((await rowOf(user.id)).status).toBe('active');
  });

  test('members and auditors suspend nobody', async () => {
    const [user, member, auditor] = [await somebody(), await somebody(), await somebody({ roles: ['auditor'] })];
    expect((await member.client.put(`${USERS}/${user.id}/status/suspend`)).status).toBe(404);
    expect((await auditor.client.put(`${USERS}/${user.id}/status/suspend`)).status).toBe(403);
    expect((await rowOf(user.id)).status).toBe('active');
  });
});

describe('DELETE /users/{user}', () => {
  test('the user is gone with all keys, name and address are free again, and it is noted', async () => {
    const user = await somebody();
    const answer = await t.owner.delete(`${USERS}/${user.username}`);
    expect(answer).toMatchObject({ status: 200, body: { message: 'User has been deleted!' } });
    expect((await user.client.get(`${USERS}/me`)).status).toBe(401);
    expect((await t.owner.get(`${USERS}/${user.username}`)).status).toBe(404);
    expect((await t.pool.query('select 1 from api_keys where user_id = $1', [user.id])).rows).toEqual([]);
    expect((await notes(user.id)).at(-1)).toMatchObject({ action: 'delete', by: t.ownerId, status: 200 });
    const heir = await somebody({ username: user.username, email: user.email });
    expect(heir.id).not.toBe(user.id);
  });

  test('once more by id succeeds and changes nothing', async () => {
    const user = await somebody();
    await t.owner.delete(`${USERS}/${user.id}`);
    const before = [await rowOf(user.id), (await notes(user.id)).length];
    expect((await t.owner.delete(`${USERS}/${user.id}`)).status).toBe(200);
    expect([await rowOf(user.id), (await notes(user.id)).length]).toEqual(before);
  });

  test('without a session nobody is deleted', async () => {
    expect((await t.anonymous.delete(`${USERS}/owner`)).status).toBe(401);
  });

  test('nobody deletes themselves, members and auditors nobody, user administrators no owner', async () => {
    const [member, auditor] = [await somebody(), await somebody({ roles: ['auditor'] })];
    const admin = await somebody({ roles: ['user-admin'] });
    expect((await t.owner.delete(`${USERS}/me`)).body.message).toBe('You cannot delete yourself!');
    expect((await member.client.delete(`${USERS}/${auditor.id}`)).body).toEqual(NOT_FOUND);
    expect((await auditor.client.delete(`${USERS}/${member.id}`)).status).toBe(403);
    expect((await admin.client.delete(`${USERS}/${t.ownerId}`)).status).toBe(403);
    const rows = await Promise.all([t.ownerId, member.id, auditor.id].map(rowOf));
    expect(rows.map(({ deleted }) => deleted)).toEqual([false, false, false]);
  });
});

test('whoever came with an AI seat has one wherever the account is shown, and nobody else', async () => {
  const [seated, other] = [await somebody(), await somebody()];
  await t.pool.query('update users set has_ai_seat = true where id = $1', [seated.id]);
  const inList = async (path: string, id: string) => {
    const { users, members } = (await t.owner.get(path)).body as { users?: object[]; members?: object[] };
    return [...(users ?? []), ...(members ?? [])].find((one) => Object.values(one).includes(id));
  };
  for (const [user, has_ai_seat] of [
    [seated, true],
    [other, false],
  ] as const) {
    expect((await t.owner.get(`${USERS}/${user.id}`)).body).toMatchObject({ has_ai_seat });
    expect((await user.client.get(`${USERS}/me`)).body).toMatchObject({ has_ai_seat });
    expect(await inList(`${USERS}?q=${user.username}`, user.id)).toMatchObject({ has_ai_seat });
    const members = `/api/v2/organizations/${t.organizationId}/paginated-members?limit=0`;
    expect(await inList(members, user.id)).toMatchObject({ has_ai_seat });
  }
});
