// Scopes and allow lists: how they are requested and stored, what they refuse, and that no key makes a wider one.
import { beforeAll, describe, expect, test } from 'vitest';
import { can } from '../../src/rbac/authorize.ts';
import type { RbacObject } from '../../src/rbac/objects.ts';
import { RESOURCES, type Resource } from '../../src/rbac/policy.ts';
import { EXTERNAL_SCOPES, isUnlimited } from '../../src/rbac/scopes.ts';
import type { Subject } from '../../src/rbac/subjects.ts';
import { actorOf } from '../../src/services/actors.ts';
import { createSessionLookup } from '../../src/store/sessions.ts';
import { startApp, type TestApp } from '../support/app.ts';
import type { TestClient } from '../support/client.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';
import { pickSome, seededRandom } from '../support/random.ts';

const TOKENS = '/api/v2/users/me/keys/tokens';
const NOT_FOUND = { message: 'Resource not found or you do not have access to this resource' };
const TOO_BROAD = {
  message: 'Failed to create API key.',
  detail: 'a limited key cannot make a key that may do more than itself',
};

interface Reach {
  scopes?: string[];
  scope?: string;
  allow_list?: string[];
}

let t: TestApp;
let user: TestUser;
beforeAll(async () => {
  t = await startApp();
  user = await aUser(t);
});

/** A token of the caller with this reach. */
async function aToken(by: TestClient, reach: Reach): Promise<string> {
  const made = await by.post(TOKENS, reach);
  expect(made.status, made.text).toBe(201);
  return made.body.key;
}

const limited = async (by: TestClient, reach: Reach) => t.as(await aToken(by, reach));

describe('GET /auth/scopes', () => {
  test('is public and sorted', async () => {
    const answer = await t.anonymous.get('/api/v2/auth/scopes');
    expect(answer).toMatchObject({ status: 200, body: { external: EXTERNAL_SCOPES } });
    expect([...answer.body.external].sort()).toEqual(answer.body.external);
    expect((await t.as('nonsense').get('/api/v2/auth/scopes')).status).toBe(200);
    expect((await t.anonymous.get('/api/v2/auth/scopes/')).status).toBe(404);
  });

  test('every scope in it can be requested', async () => {
    await aToken(user.client, { scopes: [...EXTERNAL_SCOPES] });
  });
});

describe('scopes of a token', () => {
  test.each<[Reach, string[], string]>([
    [{}, ['coder:all'], 'all'],
    [{ scope: 'all' }, ['coder:all'], 'all'],
    [{ scope: 'application_connect' }, ['coder:application_connect'], 'application_connect'],
    [{ scopes: ['all'] }, ['coder:all'], 'all'],
    [
      { scopes: ['user:read', 'application_connect'] },
      ['user:read', 'coder:application_connect'],
      'application_connect',
    ],
    [{ scopes: ['user:read', 'file:*', 'user:read'] }, ['user:read', 'file:*', 'user:read'], ''],
    [{ scopes: ['file:read'], scope: 'nope' }, ['file:read'], ''],
    [{ scopes: [], scope: 'file:read' }, ['file:read'], ''],
  ])('%j is stored as %j', async (reach, scopes, scope) => {
    const token_name = aName('scope');
    await user.client.post(TOKENS, { token_name, ...reach });
    expect((await user.client.get(`${TOKENS}/${token_name}`)).body).toMatchObject({ scopes, scope });
  });

  test.each(['nope', 'USER:READ', ' user:read', '*', 'user:create', 'no_user_data', 'organization_member:read'])(
    '%j is refused',
    async (bad) => {
      const answer = await user.client.post(TOKENS, { scopes: ['user:read', bad, 'worse'] });
      expect(answer.status).toBe(400);
      expect(answer.body.detail).toBe(`invalid or unsupported API key scope: "${bad}"`);
    },
  );
});

describe('a limited key', () => {
  test('sees only what its scopes and list let it, lists and counts included', async () => {
    const [self, other] = [await aUser(t), await aUser(t)];
    const listed = await limited(t.owner, {
      scopes: ['user:read'],
      allow_list: [`user:${self.id}`, `user:${other.id}`],
    });
    const page = await listed.get('/api/v2/users?limit=1');
    expect(page.body).toMatchObject({ count: 2, users: [{ id: self.id }] });
    expect((await listed.get(`/api/v2/users/${user.id}`)).body).toEqual(NOT_FOUND);
    const none = await limited(t.owner, { scopes: ['file:read'] });
    expect((await none.get('/api/v2/users')).body).toEqual({ users: [], count: 0 });
    expect((await none.get('/api/v2/users/me')).body).toEqual(NOT_FOUND);
  });

  test('refusals never are the fault of the server', async () => {
    const reader = await limited(user.client, { scopes: ['user:read'] });
    const personal = await limited(user.client, { scopes: ['user:read', 'user:update_personal'] });
    const password = { old_password: user.password, password: 'AnotherSecurePassword!' };
    const answers = await Promise.all([
      reader.get('/api/v2/users/roles'),
      reader.get('/api/v2/users/me/roles'),
      reader.put('/api/v2/users/me/profile', { username: user.username, name: 'X' }),
      reader.put('/api/v2/users/me/password', password),
      reader.post('/api/v2/users/me/keys'),
      reader.post(TOKENS, {}),
      reader.post('/api/v2/users/logout'),
      personal.put('/api/v2/users/me/password', password),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 404, 403, 404, 403, 403, 403, 403]);
    expect((await user.client.get('/api/v2/users/me')).status).toBe(200);
  });

  test('a key that may not read its own user suspends nobody', async () => {
    const target = await aUser(t);
    const key = await limited(t.owner, { allow_list: [`user:${target.id}`] });
    expect((await key.put(`/api/v2/users/${target.id}/status/suspend`)).status).toBe(403);
    expect((await target.client.get('/api/v2/users/me')).status).toBe(200);
  });
});

describe('a key made by a key', () => {
  test.each<[Reach, Reach, number]>([
    [{ scopes: ['user:read', 'api_key:create'] }, {}, 403],
    [{ scopes: ['user:read', 'api_key:create'] }, { scopes: ['user:read'] }, 201],
    [{ scopes: ['user:read', 'api_key:create'] }, { scopes: ['user:*'] }, 403],
    [{ scopes: ['user:read', 'coder:apikeys.manage_self'] }, { scopes: ['api_key:delete'] }, 201],
    [{ scopes: ['user:read', 'coder:apikeys.manage_self'] }, { scopes: ['api_key:*'] }, 403],
    [{ allow_list: ['api_key:*', 'user:{me}'] }, { scopes: ['user:read'] }, 403],
    [{ allow_list: ['api_key:*', 'user:{me}'] }, { scopes: ['user:read'], allow_list: ['user:{me}'] }, 201],
    [{ allow_list: ['api_key:*', 'user:*'] }, { scopes: ['user:read'] }, 201],
    [{ allow_list: ['api_key:*', 'user:*'] }, { scopes: ['user:read'], allow_list: ['user:*'] }, 201],
    [{ allow_list: ['api_key:*', 'user:*'] }, { allow_list: ['*:*'] }, 403],
    [{ scopes: ['coder:all', 'user:read'] }, {}, 201],
  ])('%j makes %j: %d', async (parent, child, status) => {
    const filled = (reach: Reach): Reach => JSON.parse(JSON.stringify(reach).replaceAll('{me}', user.id));
    const key = await limited(user.client, filled(parent));
    const answer = await key.post(TOKENS, filled(child));
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.body).toEqual(TOO_BROAD);
  });

  test('only an unlimited key makes session keys', async () => {
    const broad = await limited(user.client, { scopes: EXTERNAL_SCOPES.filter((name) => name !== 'coder:all') });
    expect((await broad.post('/api/v2/users/me/keys')).status).toBe(403);
    const listed = await limited(user.client, { allow_list: Object.keys(RESOURCES).map((type) => `${type}:*`) });
    expect((await listed.post('/api/v2/users/me/keys')).status).toBe(403);
    const whole = await limited(user.client, { scope: 'all' });
    expect((await whole.post('/api/v2/users/me/keys')).status).toBe(201);
  });

  test("an owner's limited key makes none for others, however small", async () => {
    const key = await limited(t.owner, { scopes: ['user:read', 'api_key:create', 'user_secret:read'] });
    const path = `/api/v2/users/${user.username}/keys/tokens`;
    const before = await t.pool.query('select id from api_keys where user_id = $1 order by id', [user.id]);
    expect((await key.post(path, { scopes: ['user:read'] })).status).toBe(403);
    expect((await key.post(path, { scopes: ['user_secret:read'] })).status).toBe(403);
    expect((await t.pool.query('select id from api_keys where user_id = $1 order by id', [user.id])).rows).toEqual(
      before.rows,
    );
    expect((await key.post(TOKENS, { scopes: ['user_secret:read'] })).status).toBe(201);
  });
});

describe('whatever a limited key does with keys, it gains nothing', () => {
  const OTHER = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';

  /** Every kind of thing, in every place that matters to a decision. */
  function* questions(users: string[], organization: string): Generator<[string, RbacObject]> {
    for (const type of Object.keys(RESOURCES) as Resource[]) {
      for (const action of [...RESOURCES[type], 'fly']) {
        for (const owner of [undefined, ...users]) {
          for (const id of [undefined, OTHER, ...users]) {
            for (const org of [undefined, organization]) {
              yield [action, { type, ...(owner && { owner }), ...(id && { id }), ...(org && { org }) }];
            }
          }
        }
      }
    }
  }

  async function subjectOf(key: string): Promise<Subject> {
    const row = await createSessionLookup(t.pool)(key.slice(0, 10));
    if (!row) throw new Error('the key is gone');
    return actorOf(row, t.config.rbac).subject;
  }

  /** What reading requests tell a caller: one text for each thing seen. */
  async function seenBy(client: TestClient, other: string): Promise<Set<string>> {
    const paths = [
      'users/me',
      'users/me/roles',
      'users/roles',
      'users/me/keys/tokens',
      'users/me/keys',
      'users',
      'organizations',
      `users/${other}`,
    ];
    const seen = new Set<string>();
    for (const path of paths) {
      const { status, body } = await client.get(`/api/v2/${path}`);
      if (status !== 200 || body === null) continue;
      const things: { id?: string }[] = Array.isArray(body) ? body : (body.users ?? [body]);
      for (const thing of things) seen.add(`${path} ${thing.id ?? ''}`);
    }
    return seen;
  }

  test.each([
    ['a member', 20260701],
    ['an owner', 20260702],
  ])('%s', { timeout: 120_000 }, async (who, seed) => {
    const random = seededRandom(seed);
    const other = await aUser(t);
    const self = who === 'an owner' ? { id: t.ownerId, client: t.owner } : await aUser(t);
    const users = [self.id, other.id];
    const types = ['user', 'api_key', 'user_secret', 'organization', 'workspace', '*'];
    const entries = types.flatMap((type) => ['*', self.id, other.id, OTHER].map((id) => `${type}:${id}`));
    const names = EXTERNAL_SCOPES.filter((name) => /^(user|api_key|user_secret|organization|coder):/.test(name));
    const randomReach = (): Reach => ({
      scopes: pickSome(random, names, 5),
      ...(random() < 0.5 && { allow_list: pickSome(random, entries, 4) }),
    });
    /** Something narrower, usually, so that many requests succeed. */
    const cutFrom = (reach: Reach): Reach => ({
      scopes: random() < 0.7 ? pickSome(random, reach.scopes ?? names, 3) : pickSome(random, names, 3),
      ...((reach.allow_list || random() < 0.3) && { allow_list: pickSome(random, reach.allow_list ?? entries, 3) }),
    });
    const outcomes: Record<number, number> = {};
    for (let round = 0; round < 30; round += 1) {
      // A key that could make no keys at all would prove nothing.
      const wanted = randomReach();
      const reach: Reach = {
        scopes: [...(wanted.scopes ?? []), 'user:read', 'api_key:create'],
        ...(wanted.allow_list && {
          allow_list: [...wanted.allow_list, 'api_key:*', `user:${self.id}`, `user:${other.id}`],
        }),
      };
      const first = await aToken(self.client, reach);
      const outer = await subjectOf(first);
      if (isUnlimited(outer)) continue;
      let parent = { key: first, reach };
      for (let step = 0; step < 4; step += 1) {
        const child = cutFrom(parent.reach);
        const path = random() < 0.7 ? TOKENS : `/api/v2/users/${other.id}/keys/tokens`;
        const made = await t.as(parent.key).post(path, child);
        outcomes[made.status] = (outcomes[made.status] ?? 0) + 1;
        expect((await t.as(parent.key).post(path.replace('/tokens', ''))).status).not.toBe(201);
        if (made.status !== 201) continue;
        const inner = await subjectOf(made.body.key);
        for (const [action, object] of questions(users, t.organizationId)) {
          if (can(inner, action, object) && !can(outer, action, object)) {
            expect.fail(
              `${JSON.stringify(child)} from ${JSON.stringify(parent.reach)} may ${action} ${JSON.stringify(object)}`,
            );
          }
        }
        if (path === TOKENS && random() < 0.3) {
          const known = await seenBy(t.as(parent.key), other.id);
          const more = [...(await seenBy(t.as(made.body.key), other.id))].filter((thing) => !known.has(thing));
          expect(more, JSON.stringify({ child, parent: parent.reach })).toEqual([]);
        }
        if (path === TOKENS && random() < 0.5) parent = { key: made.body.key, reach: child };
      }
    }
    expect(outcomes[201]).toBeGreaterThan(10);
    expect(outcomes[403]).toBeGreaterThan(10);
  });
});
