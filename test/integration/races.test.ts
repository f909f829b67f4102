// What several requests at the same moment must not be able to do.
import { describe, expect, test } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import type { Answer, TestClient } from '../support/client.ts';
import { aUser } from '../support/factories.ts';

/** How often each status came, so that a failure shows what happened. */
function tally(answers: { status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

async function owners(t: TestApp): Promise<string[]> {
  const { rows } = await t.pool.query<{ id: string }>(
    `select id from users where not deleted and status <> 'suspended' and 'owner' = any(roles)`,
  );
  return rows.map(({ id }) => id);
}

/** Each owner acts on the next one, all at once; then nothing may have failed and somebody must be left. */
async function inARing(
  t: TestApp,
  ring: { id: string; client: TestClient }[],
  act: (actor: TestClient, target: string, i: number) => Promise<Answer>,
): Promise<void> {
  const answers = await Promise.all(ring.map(({ client }, i) => act(client, ring[(i + 1) % ring.length]?.id ?? '', i)));
  const left = await owners(t);
  expect(left.length).toBeGreaterThanOrEqual(1);
  const done = answers.filter(({ status }) => status === 200);
  expect(done).toHaveLength(ring.length - left.length);
  // Whoever came too late is told that this was the last owner, or is no owner (or nobody) any more.
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.filter(({ status }) => ![400, 401, 403, 404].includes(status))).toEqual([]);
}

const demote = (actor: TestClient, target: string) => actor.put(`/api/v2/users/${target}/roles`, { roles: [] });
const remove = (actor: TestClient, target: string) => actor.delete(`/api/v2/users/${target}`);

describe('the last owner', () => {
  test.each([
    { name: 'demotions', act: demote },
    { name: 'deletions', act: remove },
    {
      name: 'demotions and deletions',
      act: (actor: TestClient, target: string, i: number) => (i % 2 ? remove : demote)(actor, target),
    },
  ])('$name all around leave an owner and never fail', async ({ act }) => {
    const t = await startApp();
    for (let round = 0; round < 4; round++) {
      // A server of its own for each round would take longer: the first owner is made anew instead.
      await t.pool.query(`update users set roles = '{owner}', deleted = false where id = $1`, [t.ownerId]);
      await t.pool.query(`update users set roles = '{}' where id <> $1`, [t.ownerId]);
      const login = await t.anonymous.post('/api/v2/users/login', { email: 'owner@example.com', password: PASSWORD });
      t.owner = t.as(login.body.session_token);
      const others = [];
      for (let i = 0; i < 4; i++) others.push(await aUser(t, { roles: ['owner'] }));
      await inARing(t, [{ id: t.ownerId, client: t.owner }, ...others], act);
    }
  });

  test('two owners who demote each other, again and again: one of them always stays', async () => {
    const t = await startApp();
    const other = await aUser(t, { roles: ['owner'] });
    let [a, b] = [
      { id: t.ownerId, client: t.owner },
      { id: other.id, client: other.client },
    ];
    for (let round = 0; round < 15; round++) {
      const answers = await Promise.all([
        a.client.put(`/api/v2/users/${b.id}/roles`, { roles: [] }),
        b.client.put(`/api/v2/users/${a.id}/roles`, { roles: [] }),
      ]);
      const left = await owners(t);
      expect(left).toHaveLength(1);
      expect(answers.map(({ status }) => status)).toContain(200);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      if (left[0] !== a.id) [a, b] = [b, a];
      expect((await a.client.put(`/api/v2/users/${b.id}/roles`, { roles: ['owner'] })).status).toBe(200);
    }
  });
});

describe('names and codes', () => {
  test('of twelve first users at once one is made', async () => {
    const t = await startApp({ empty: true });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        t.anonymous.post('/api/v2/users/first', {
          email: `first${i}@example.com`,
          username: `first${i}`,
          password: PASSWORD,
        }),
      ),
    );
    expect(tally(answers)).toEqual({ 201: 1, 409: 11 });
    expect(await owners(t)).toHaveLength(1);
    const { rows } = await t.pool.query('select 1 from users where not is_system');
    expect(rows).toHaveLength(1);
  });

  test('of eight users of one name at once, in any letter case, one is made and nothing is left of the others', async () => {
    const t = await startApp();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        t.owner.post('/api/v2/users', {
          email: `same${i}@example.com`,
          username: i % 2 === 0 ? 'same' : 'SAME',
          password: PASSWORD,
          organization_ids: [t.organizationId],
        }),
      ),
    );
    expect(tally(answers)).toEqual({ 201: 1, 409: 7 });
    const { rows } = await t.pool.query(
      `select (select count(*)::int from users where lower(username) = 'same') as users,
        (select count(*)::int from git_ssh_keys) as keys,
        (select count(*)::int from audit_logs where action = 'create' and lower(resource_target) = 'same') as notes`,
    );
    expect(rows).toEqual([{ users: 1, keys: 2, notes: 1 }]);
  });

  test('of five organizations of one name at once one is made', async () => {
    const t = await startApp();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => t.owner.post('/api/v2/organizations', { name: 'research' })),
    );
    expect(tally(answers)).toEqual({ 201: 1, 409: 4 });
    expect((await t.owner.get('/api/v2/organizations')).body).toHaveLength(2);
  });

  test('a one-time passcode that is used twice at once sets one password', async () => {
    const t = await startApp();
    const user = await aUser(t);
    await t.anonymous.post('/api/v2/users/otp/request', { email: user.email });
    const code = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(t.mails.at(-1)?.text ?? '')?.[0];
    const passwords = ['First-Of-Two-9182', 'Second-Of-Two-7364'];
    const answers = await Promise.all(
      passwords.map((password) =>
        t.anonymous.post('/api/v2/users/otp/change-password', {
          email: user.email,
          one_time_passcode: code,
          password,
        }),
      ),
    );
    expect(tally(answers)).toEqual({ 204: 1, 400: 1 });
    const logins = await Promise.all(
      passwords.map((password) => t.anonymous.post('/api/v2/users/login', { email: user.email, password })),
    );
    const won = answers.findIndex(({ status }) => status === 204);
    expect(logins.map(({ status }) => status)).toEqual(won === 0 ? [201, 401] : [401, 201]);
  });
});

describe('memberships', () => {
  test('of six additions of one user at once one succeeds', async () => {
    const t = await startApp();
    const user = await aUser(t);
    const { id } = (await t.owner.post('/api/v2/organizations', { name: 'adding' })).body;
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => t.owner.post(`/api/v2/organizations/${id}/members/${user.id}`)),
    );
    expect(tally(answers)).toEqual({ 200: 1, 400: 5 });
  });

  test('a user who is added to an organization and deleted at once is no member of it', async () => {
    const t = await startApp();
    const { id } = (await t.owner.post('/api/v2/organizations', { name: 'leaving' })).body;
    for (let round = 0; round < 8; round++) {
      const user = await aUser(t);
      const [added, deleted] = await Promise.all([
        t.owner.post(`/api/v2/organizations/${id}/members/${user.id}`),
        t.owner.delete(`/api/v2/users/${user.id}`),
      ]);
      expect(deleted.status).toBe(200);
      expect([200, 404]).toContain(added.status);
      const { rows } = await t.pool.query('select 1 from organization_members where user_id = $1', [user.id]);
      expect(rows).toEqual([]);
    }
  });

  test('a user who is made in an organization that is deleted meanwhile is made wholly or not at all', async () => {
    const t = await startApp();
    for (let round = 0; round < 8; round++) {
      const { id } = (await t.owner.post('/api/v2/organizations', { name: `shutting-${round}` })).body;
      const username = `late-${round}`;
      const creation = { username, email: `${username}@example.com`, password: PASSWORD, organization_ids: [id] };
      const creating = t.owner.post('/api/v2/users', creation);
      // Deleted as soon as the creation has looked the organization up and hashes the password.
      const deleted = await t.owner.delete(`/api/v2/organizations/${id}`);
      const created = await creating;
      expect([
        [201, 400],
        [404, 200],
      ]).toContainEqual([created.status, deleted.status]);
      expect((await t.owner.get(`/api/v2/users/${username}`)).status).toBe(created.status === 201 ? 200 : 404);
    }
  });

  test('an organization that is deleted while somebody joins keeps the member or is gone, and never fails', async () => {
    const t = await startApp();
    const user = await aUser(t);
    for (let round = 0; round < 8; round++) {
      const { id } = (await t.owner.post('/api/v2/organizations', { name: `closing-${round}` })).body;
      const [added, deleted] = await Promise.all([
        t.owner.post(`/api/v2/organizations/${id}/members/${user.id}`),
        t.owner.delete(`/api/v2/organizations/${id}`),
      ]);
      expect([
        [200, 400],
        [404, 200],
      ]).toContainEqual([added.status, deleted.status]);
      const { rows } = await t.pool.query('select 1 from organization_members where organization_id = $1', [id]);
      expect(rows).toHaveLength(deleted.status === 200 ? 0 : 2);
    }
  });
});
