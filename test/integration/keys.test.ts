// API keys: session keys, named tokens, their lists, and how they end.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HOUR, MINUTE, parseInstant, SECOND } from '../../src/clock.ts';
import { touchKey } from '../../src/store/keys.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import type { Answer, TestClient } from '../support/client.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';

const KEY = /^[0-9A-Za-z]{10}-[0-9A-Za-z]{22}$/;
const NOT_FOUND = { message: 'Resource not found or you do not have access to this resource' };
const TOKENS = '/api/v2/users/me/keys/tokens';
const HOUR_NS = 3_600_000_000_000;
const DAY = 24 * HOUR;

let t: TestApp;
beforeAll(async () => {
  t = await startApp({ env: { CODER_MAX_TOKEN_LIFETIME: '48h', CODER_MAX_ADMIN_TOKEN_LIFETIME: '1h30m' } });
});

const idOf = (key: string) => key.slice(0, 10);

/** Makes a token for the caller; its text. */
async function aToken(by: TestClient, request: object = {}): Promise<string> {
  const made = await by.post(TOKENS, request);
  expect(made.status, made.text).toBe(201);
  return made.body.key;
}

async function rowOf(keyId: string) {
  const { rows } = await t.pool.query('select * from api_keys where id = $1', [keyId]);
  return rows[0];
}

/** What the audit log says about a key or something else, oldest first. */
async function notes(id: string) {
  const { rows } = await t.pool.query(
    'select action, resource_target as target, user_id as by, diff, status_code as status from audit_logs where $1 in (resource_id, key_id) order by time, action',
    [id],
  );
  return rows;
}

/** Whole seconds from creation to expiry. */
const livesSeconds = (key: { expires_at: string; created_at: string }) =>
  (parseInstant(key.expires_at) - parseInstant(key.created_at)) / SECOND;

describe('POST /users/{user}/keys', () => {
  test('makes an unlimited key of the default token lifetime, whatever the body says', async () => {
    const user = await aUser(t);
    const made = await user.client.post('/api/v2/users/me/keys', '{nope');
    expect(made.status).toBe(201);
    expect(made.body.key).toMatch(KEY);
    expect(made.headers['set-cookie']).not.toMatch(/session/);
    const key = await user.client.get(`/api/v2/users/me/keys/${idOf(made.body.key)}`);
    expect(key.body).toMatchObject({
      login_type: 'password',
      scope: 'all',
      scopes: ['coder:all'],
      allow_list: ['*:*'],
      token_name: '',
      last_used: '1970-01-01T00:00:00Z',
      lifetime_seconds: 7 * 24 * 3600,
    });
    expect(livesSeconds(key.body)).toBe(7 * 24 * 3600);
    expect((await t.as(made.body.key).get('/api/v2/users/me')).body.id).toBe(user.id);
  });

  test('only the hash of the secret is stored', async () => {
    const user = await aUser(t);
    const row = await rowOf(idOf(user.token));
    expect(JSON.stringify(row)).not.toContain(user.token.slice(11));
    expect(row.hashed_secret).toHaveLength(32);
  });

  test('an owner makes them for others, a user administrator does not', async () => {
    const [member, admin] = await Promise.all([aUser(t), aUser(t, { roles: ['user-admin'] })]);
    const made = await t.owner.post(`/api/v2/users/${member.username}/keys`);
    expect((await t.as(made.body.key).get('/api/v2/users/me')).body.id).toBe(member.id);
    expect((await admin.client.post(`/api/v2/users/${member.username}/keys`)).status).toBe(403);
    expect((await member.client.post(`/api/v2/users/${admin.username}/keys`)).body).toEqual(NOT_FOUND);
  });

  test('nobody makes one for the system account or a deleted user', async () => {
    const gone = await aUser(t);
    await t.owner.delete(`/api/v2/users/${gone.id}`);
    expect((await t.owner.post('/api/v2/users/prebuilds/keys')).status).toBe(403);
    expect((await t.owner.post(`/api/v2/users/${gone.id}/keys`)).status).toBe(404);
    const { rows } = await t.pool.query('select 1 from api_keys where user_id = $1', [gone.id]);
    expect(rows).toHaveLength(0);
  });

  test('notes it in the audit log without the secret', async () => {
    const user = await aUser(t);
    const [note] = await notes(idOf(user.token));
    expect(note).toMatchObject({ action: 'create', target: '', by: t.ownerId, status: 201 });
    expect(note.diff.user_id).toMatchObject({ new: user.id });
    expect(JSON.stringify(note)).not.toContain(user.token.slice(11));
  });
});

describe('POST /users/{user}/keys/tokens', () => {
  let user: TestUser;
  beforeAll(async () => {
    user = await aUser(t);
  });

  test('a token without a name gets one of two words and a number', async () => {
    const key = await aToken(user.client);
    const token = await user.client.get(`/api/v2/users/me/keys/${idOf(key)}`);
    expect(token.body.token_name).toMatch(/^[a-z]+_[a-z]+\d\d$/);
    expect(token.body.login_type).toBe('token');
  });

  test.each([
    [90_700_000_000, 90, 90.7],
    [1, 1, 0],
    [999_999_999, 1, 0.999999],
    [48 * HOUR_NS, 172_800, 172_800],
  ])('a lifetime of %d ns is shown as %d s and lasts %d s', async (lifetime, seconds, lasts) => {
    const token_name = aName('life');
    await aToken(user.client, { token_name, lifetime });
    const { body } = await user.client.get(`${TOKENS}/${token_name}`);
    expect(body.lifetime_seconds).toBe(seconds);
    expect(livesSeconds(body)).toBeCloseTo(lasts, 6);
  });

  test('no lifetime means the default one, even above the maximum', async () => {
    const token_name = aName('life');
    await aToken(user.client, { token_name, lifetime: 0 });
    expect((await user.client.get(`${TOKENS}/${token_name}`)).body.lifetime_seconds).toBe(7 * 24 * 3600);
  });

  test.each([
    ['-1', 'lifetime must be positive number greater than 0'],
    [`${48 * HOUR_NS + 1}`, 'lifetime must be less than 48h0m0s'],
    ['9223372036854775807', 'lifetime must be less than 48h0m0s'],
  ])('a lifetime of %s is refused', async (lifetime, detail) => {
    const answer = await user.client.post(TOKENS, `{"lifetime":${lifetime}}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ message: 'Failed to validate create API key request.', detail });
  });

  test.each(['9223372036854775808', '1.0', '1e9', '"24h"'])('a lifetime of %s is no integer', async (lifetime) => {
    const answer = await user.client.post(TOKENS, `{"lifetime":${lifetime}}`);
    expect(answer).toMatchObject({ status: 400, body: { message: 'Request body must be valid JSON.' } });
  });

  test('the maximum is that of the user in the path, not of the caller', async () => {
    const lifetime = 48 * HOUR_NS;
    expect((await t.owner.post(`/api/v2/users/${user.username}/keys/tokens`, { lifetime })).status).toBe(201);
    const own = await t.owner.post(TOKENS, { lifetime });
    expect(own.body.detail).toBe('lifetime must be less than 1h30m0s');
  });

  test('a taken name is refused byte for byte, expired tokens keep theirs', async () => {
    const other = await aUser(t);
    const name = `${aName('tok "q" \\')} é`;
    const key = await aToken(user.client, { token_name: name });
    await user.client.put(`/api/v2/users/me/keys/${idOf(key)}/expire`);
    const again = await user.client.post(TOKENS, { token_name: name });
    expect(again.status).toBe(409);
    expect(again.body).toEqual({
      message: `A token with name ${JSON.stringify(name)} already exists.`,
      validations: [{ field: 'name', detail: 'This value is already in use and should be unique.' }],
    });
    await aToken(user.client, { token_name: name.toUpperCase() });
    await aToken(other.client, { token_name: name });
    await user.client.delete(`/api/v2/users/me/keys/${idOf(key)}`);
    await aToken(user.client, { token_name: name });
  });

  test('of many at once with one name exactly one is made, and exactly one is noted', async () => {
    const token_name = aName('race');
    const answers = await Promise.all(Array.from({ length: 24 }, () => user.client.post(TOKENS, { token_name })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(23).fill(409)]);
    const { rows } = await t.pool.query('select 1 from audit_logs where resource_target = $1', [token_name]);
    expect(rows).toHaveLength(1);
  });

  test('many at once for several users each get their own', async () => {
    const users = await Promise.all([aUser(t), aUser(t), aUser(t)]);
    const made = await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        const owner = users[at % users.length] as TestUser;
        const key = await aToken(owner.client, {
          token_name: `n${at}`,
          scopes: ['user:read'],
          lifetime: (at + 1) * 1e9,
        });
        return { owner, key, at };
      }),
    );
    for (const { owner, key, at } of made) {
      const me = await t.as(key).get('/api/v2/users/me');
      // The shortest-lived may be over by now; all others are the users that asked for them.
      if (me.status === 200) expect(me.body.id).toBe(owner.id);
      expect(await rowOf(idOf(key))).toMatchObject({
        user_id: owner.id,
        token_name: `n${at}`,
        lifetime_seconds: `${at + 1}`,
      });
    }
  });

  test('a deletion that runs at the same time leaves no key behind', async () => {
    const doomed = await Promise.all(Array.from({ length: 6 }, () => aUser(t)));
    const race = doomed.flatMap((one) => [
      ...Array.from({ length: 4 }, () => t.owner.post(`/api/v2/users/${one.id}/keys/tokens`, {})),
      t.owner.delete(`/api/v2/users/${one.id}`),
      ...Array.from({ length: 4 }, () => t.owner.post(`/api/v2/users/${one.id}/keys/tokens`, {})),
    ]);
    const statuses = new Set((await Promise.all(race)).map(({ status }) => status));
    expect([...statuses].filter((status) => ![200, 201, 404].includes(status))).toEqual([]);
    const { rows } = await t.pool.query('select 1 from api_keys where user_id = any($1)', [doomed.map(({ id }) => id)]);
    expect(rows).toHaveLength(0);
  });

  test('a token cannot be named with what cannot be stored', async () => {
    expect((await user.client.post(TOKENS, { token_name: 'a\u0000b' })).status).toBe(400);
  });

  test('bad input is told before a missing right', async () => {
    const reader = t.as(await aToken(user.client, { scopes: ['user:read'] }));
    expect((await reader.post(TOKENS, { scopes: ['nope'] })).body.detail).toBe(
      'invalid or unsupported API key scope: "nope"',
    );
    expect((await reader.post(TOKENS, { lifetime: -1 })).status).toBe(400);
    expect((await reader.post(TOKENS, {})).status).toBe(403);
    expect((await t.owner.post('/api/v2/users/prebuilds/keys/tokens', { scopes: ['nope'] })).status).toBe(403);
    expect((await t.owner.post('/api/v2/users/prebuilds/keys/tokens', { allow_list: ['nope'] })).status).toBe(400);
  });
});

describe('GET /users/{user}/keys/tokens', () => {
  const named = (answer: Answer) => answer.body?.map((key: { token_name: string }) => key.token_name).sort() ?? null;

  test('lists living tokens, expired ones on demand, and null for none', async () => {
    const user = await aUser(t);
    expect((await user.client.get(TOKENS)).text).toBe('null\n');
    await aToken(user.client, { token_name: 'kept' });
    const over = await aToken(user.client, { token_name: 'over' });
    await user.client.put(`/api/v2/users/me/keys/${idOf(over)}/expire`);
    const list = await user.client.get(TOKENS);
    expect(named(list)).toEqual(['kept']);
    expect(list.body[0].username).toBe(user.username);
    expect(list.text).not.toContain('secret');
    for (const yes of ['1', 't', 'T', 'TRUE', 'true', 'True']) {
      expect(named(await user.client.get(`${TOKENS}?include_expired=${yes}&include_expired=no`))).toEqual([
        'kept',
        'over',
      ]);
    }
    expect(named(await user.client.get(`${TOKENS}?include_expired=yes&include_expired=1`))).toEqual(['kept']);
    expect(named(await user.client.get(`${TOKENS}/?include_expired=on`))).toEqual(['kept']);
  });

  test("include_all shows an owner everybody's, and others only their own", async () => {
    const [user, admin] = await Promise.all([aUser(t), aUser(t, { roles: ['user-admin'] })]);
    const [mine, theirs] = [aName('mine'), aName('theirs')];
    await aToken(user.client, { token_name: mine });
    await aToken(admin.client, { token_name: theirs });
    expect(named(await t.owner.get(`${TOKENS}?include_all=true`))).toEqual(expect.arrayContaining([mine, theirs]));
    expect(named(await user.client.get(`${TOKENS}?include_all=true`))).toEqual([mine]);
    expect(named(await admin.client.get(`${TOKENS}?include_all=true`))).toEqual([theirs]);
    expect(named(await admin.client.get(`/api/v2/users/${user.username}/keys/tokens`))).toBeNull();
    expect(named(await t.owner.get(`/api/v2/users/${user.username}/keys/tokens`))).toEqual([mine]);
  });

  test("an owner's limited key sees the owner's tokens and is told why not everybody's", async () => {
    const keyReader = t.as(await aToken(t.owner, { allow_list: ['api_key:*', `user:${t.ownerId}`] }));
    await aToken((await aUser(t)).client);
    const all = await keyReader.get(`${TOKENS}?include_all=true`);
    expect(all.status).toBe(403);
    expect(all.body.detail).toMatch(/limited by its scopes or its allow list/);
    const own = (await keyReader.get(TOKENS)).body;
    expect(new Set(own.map((key: { username: string }) => key.username))).toEqual(new Set(['owner']));
  });
});

describe('one key', () => {
  test('is found by name only as a token of that user, case and all', async () => {
    const [user, other] = await Promise.all([aUser(t), aUser(t)]);
    await aToken(user.client, { token_name: 'Über 50%' });
    const path = (name: string) => `${TOKENS}/${encodeURIComponent(name)}`;
    expect((await user.client.get(path('Über 50%'))).status).toBe(200);
    expect((await user.client.get(path('über 50%'))).body).toEqual(NOT_FOUND);
    expect((await other.client.get(path('Über 50%'))).body).toEqual(NOT_FOUND);
    expect((await user.client.get(path('x\u0000'))).body).toEqual(NOT_FOUND);
  });

  test('is found by id whatever user is in the path, if its owner lets the caller', async () => {
    const [user, other] = await Promise.all([aUser(t), aUser(t)]);
    const id = idOf(await aToken(user.client));
    expect((await t.owner.get(`/api/v2/users/${other.username}/keys/${id}`)).body.user_id).toBe(user.id);
    expect((await user.client.get(`/api/v2/users/me/keys/${id}/`)).status).toBe(200);
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await other.client.send(method, `/api/v2/users/me/keys/${id}`)).body).toEqual(NOT_FOUND);
    }
    expect((await other.client.put(`/api/v2/users/me/keys/${id}/expire`)).body).toEqual(NOT_FOUND);
    for (const strange of ['abcdefghij', '%00', '%F0%9F%94%91', user.id]) {
      expect((await t.owner.get(`/api/v2/users/me/keys/${strange}`)).body).toEqual(NOT_FOUND);
    }
  });

  test.each(['DELETE', 'PUT', 'PATCH'] as const)('%s is not served for the list of tokens', async (method) => {
    expect((await t.owner.send(method, TOKENS)).status).toBe(405);
    expect((await t.owner.send(method, `${TOKENS}/name`)).status).toBe(405);
  });

  test('expiring ends it at once, keeps the row, and is noted once', async () => {
    const user = await aUser(t);
    const key = await aToken(user.client, { token_name: 'x' });
    const path = `/api/v2/users/me/keys/${idOf(key)}`;
    expect((await user.client.put(`${path}/expire`)).status).toBe(204);
    const ended = (await user.client.get(path)).body;
    expect((await t.as(key).get('/api/v2/users/me')).body.detail).toMatch(/^API key expired at "/);
    expect((await user.client.put(`${path}/expire`)).status).toBe(204);
    expect((await user.client.get(path)).body).toEqual(ended);
    expect((await notes(idOf(key))).map(({ action }) => action)).toEqual(['create', 'write']);
  });

  test('deleting ends it at once and for all', async () => {
    const user = await aUser(t);
    const key = await aToken(user.client, { token_name: 'x' });
    const path = `/api/v2/users/me/keys/${idOf(key)}`;
    expect((await user.client.delete(path)).status).toBe(204);
    expect((await t.as(key).get('/api/v2/users/me')).status).toBe(401);
    expect((await user.client.delete(path)).body).toEqual(NOT_FOUND);
    expect((await notes(idOf(key))).at(-1)).toMatchObject({ action: 'delete', target: 'x', by: user.id, status: 204 });
  });

  test('a session ended while one of its requests is under way stays ended', async () => {
    const user = await aUser(t);
    const id = idOf(user.token);
    const before = (await user.client.get(`/api/v2/users/me/keys/${id}`)).body.expires_at;
    await t.owner.put(`/api/v2/users/me/keys/${id}/expire`);
    await touchKey(t.db, {
      keyId: id,
      seenAt: before,
      ip: undefined,
      expiry: { from: before, to: '2100-01-01T00:00:00Z' },
    });
    expect((await user.client.get('/api/v2/users/me')).status).toBe(401);
  });
});

describe('GET /users/{user}/keys/tokens/tokenconfig', () => {
  test('gives the longest lifetime for the user in the path, exact to the nanosecond', async () => {
    const user = await aUser(t);
    const of = async (name: string) => (await t.owner.get(`/api/v2/users/${name}/keys/tokens/tokenconfig`)).text;
    expect(await of(user.username)).toBe('{"max_token_lifetime":172800000000000}\n');
    expect(await of('me')).toBe('{"max_token_lifetime":5400000000000}\n');
  });

  test('a century is not rounded', async () => {
    const other = await startApp();
    const user = await aUser(other);
    const answer = await user.client.get(`${TOKENS}/tokenconfig`);
    expect(answer.text).toBe('{"max_token_lifetime":3155760000000000000}\n');
  });
});

describe('GET /users/{user}/keys', () => {
  test('lists what is signed in, newest first, says which one asks, and tells no secrets', async () => {
    const user = await aUser(t);
    const login = await t.anonymous.post('/api/v2/users/login', { email: user.email, password: PASSWORD });
    const token = await aToken(user.client, {
      token_name: 'ci',
      scopes: ['user:read'],
      allow_list: [`user:${user.id}`],
    });
    const { status, body, text } = await user.client.get('/api/v2/users/me/keys');
    expect(status).toBe(200);
    expect(body.map(({ id, kind, current }: Record<string, unknown>) => [id, kind, current])).toEqual([
      [idOf(token), 'token', false],
      [idOf(login.body.session_token), 'session', false],
      [idOf(user.token), 'key', true],
    ]);
    expect(body[0]).toEqual({
      id: idOf(token),
      kind: 'token',
      created_at: expect.any(String),
      last_used: '1970-01-01T00:00:00Z',
      ip_address: '0.0.0.0',
      expires_at: expect.any(String),
      token_name: 'ci',
      scopes: ['user:read'],
      allow_list: [`user:${user.id}`],
      current: false,
    });
    expect(body[1].ip_address).toBe('127.0.0.1');
    for (const key of [token, login.body.session_token, user.token]) expect(text).not.toContain(key.slice(11));
  });

  test('shows only what the caller may read, and ended ones on demand', async () => {
    const [user, admin] = await Promise.all([aUser(t), aUser(t, { roles: ['user-admin'] })]);
    const key = await aToken(user.client);
    await user.client.put(`/api/v2/users/me/keys/${idOf(key)}/expire`);
    const path = `/api/v2/users/${user.username}/keys`;
    expect((await admin.client.get(path)).body).toEqual([]);
    expect((await user.client.get('/api/v2/users/me/keys/')).body).toHaveLength(1);
    expect((await t.owner.get(`${path}?include_expired=1`)).body).toHaveLength(2);
    expect((await t.owner.get(path)).body.map(({ current }: { current: boolean }) => current)).toEqual([false]);
    const reader = t.as(await aToken(user.client, { scopes: ['user:read'] }));
    expect((await reader.get('/api/v2/users/me/keys')).body).toEqual([]);
    expect((await user.client.get(`/api/v2/users/${admin.username}/keys`)).body).toEqual(NOT_FOUND);
  });
});

describe('POST /users/{user}/keys/expire-all', () => {
  test('ends everything of the user but the key in use', async () => {
    const [user, bystander] = await Promise.all([aUser(t), aUser(t)]);
    const login = await t.anonymous.post('/api/v2/users/login', { email: user.email, password: PASSWORD });
    const token = await aToken(user.client);
    const over = await aToken(user.client, { lifetime: 1 });
    const answer = await user.client.post('/api/v2/users/me/keys/expire-all');
    expect(answer).toMatchObject({ status: 200, body: { message: expect.any(String), count: 2 } });
    expect((await user.client.get('/api/v2/users/me')).status).toBe(200);
    for (const ended of [login.body.session_token, token, over]) {
      expect((await t.as(ended).get('/api/v2/users/me')).status).toBe(401);
    }
    expect((await bystander.client.get('/api/v2/users/me')).status).toBe(200);
    const [note] = (await notes(user.id)).filter(({ diff }) => diff.expired_keys);
    expect(note.diff.expired_keys.new.sort()).toEqual([idOf(login.body.session_token), idOf(token)].sort());
    expect((await user.client.post('/api/v2/users/me/keys/expire-all')).body.count).toBe(0);
  });

  test('an owner ends all keys of somebody else', async () => {
    const user = await aUser(t);
    const answer = await t.owner.post(`/api/v2/users/${user.username}/keys/expire-all`);
    expect(answer.body.count).toBe(1);
    expect((await user.client.get('/api/v2/users/me')).status).toBe(401);
  });

  test('nobody else and no narrow key does, and then nothing ends', async () => {
    const [user, admin] = await Promise.all([aUser(t), aUser(t, { roles: ['user-admin'] })]);
    const narrow = await Promise.all(
      [
        { scopes: ['user:read', 'api_key:read'] },
        { scopes: ['user:read', 'api_key:update'] },
        { allow_list: [`user:${user.id}`] },
      ].map((request) => aToken(user.client, request)),
    );
    expect((await admin.client.post(`/api/v2/users/${user.username}/keys/expire-all`)).status).toBe(403);
    for (const key of narrow) expect((await t.as(key).post('/api/v2/users/me/keys/expire-all')).status).toBe(403);
    expect((await user.client.get('/api/v2/users/me/keys')).body).toHaveLength(4);
  });
});

// The clock of these tests runs away from all sessions: each has an app of its own.
describe('while time passes', () => {
  beforeEach(async () => {
    t = await startApp();
  });

  test('notes use and address at most once an hour', async () => {
    const user = await aUser(t);
    const path = `/api/v2/users/me/keys/${idOf(user.token)}`;
    const first = (await user.client.get(path)).body.last_used;
    t.clock.advance(59 * MINUTE);
    expect((await user.client.get(path)).body.last_used).toBe(first);
    t.clock.advance(2 * MINUTE);
    expect(parseInstant((await user.client.get(path)).body.last_used)).toBeGreaterThan(parseInstant(first) + HOUR);
    expect((await rowOf(idOf(user.token))).ip_address).toBe('127.0.0.1');
  });

  test('a session slides, a token does not', async () => {
    const user = await aUser(t);
    const login = await t.anonymous.post('/api/v2/users/login', { email: user.email, password: PASSWORD });
    const session = t.as(login.body.session_token);
    const token = t.as(await aToken(user.client, { lifetime: 26 * HOUR_NS }));
    t.clock.advance(23 * HOUR);
    expect((await session.get('/api/v2/users/me')).status).toBe(200);
    t.clock.advance(23 * HOUR);
    expect((await session.get('/api/v2/users/me')).status).toBe(200);
    expect((await token.get('/api/v2/users/me')).status).toBe(401);
    t.clock.advance(25 * HOUR);
    expect((await session.get('/api/v2/users/me')).status).toBe(401);
  });

  test('an expired key is still read and deleted by its user', async () => {
    const user = await aUser(t);
    const key = await aToken(user.client, { lifetime: HOUR_NS });
    t.clock.advance(3 * DAY);
    expect((await user.client.get(`/api/v2/users/me/keys/${idOf(key)}`)).status).toBe(200);
    expect((await user.client.delete(`/api/v2/users/me/keys/${idOf(key)}`)).status).toBe(204);
  });
});
