// Rule 26: the statement that writes carries its conditions. Each race is forced into the order that used to lose: two
// requests have read what they decide on, then one writes, then the other.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from '../support/app.ts';
import type { Answer, TestClient } from '../support/client.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';
import { impatient } from '../support/impatient.ts';
import { inOrder, type Replicas, startReplicas, whileHeld } from '../support/in-order.ts';

let r: Replicas;
beforeAll(async () => {
  r = await startReplicas();
});

const NEXT = 'Another-Secure-2!';
const LOGIN = '/api/v2/users/login';
const ME = '/api/v2/users/me';

const logIn =
  ({ email }: TestUser, password: string) =>
  () =>
    r.t.anonymous.post(LOGIN, { email, password });

/** Whether a key that an answer may hold opens anything. */
async function opens({ body }: Answer): Promise<boolean> {
  const key = body?.session_token ?? body?.key;
  return key !== undefined && (await r.t.as(key).get(ME)).status === 200;
}

async function passcodeOf(user: TestUser): Promise<string> {
  await r.t.anonymous.post('/api/v2/users/otp/request', { email: user.email });
  const mail = r.t.mails.findLast(({ to }) => to === user.email);
  const code = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(mail?.text ?? '')?.[0];
  if (!code) throw new Error('no passcode was mailed');
  return code;
}

/** Who may sign in with which password. */
const accepts = async (user: TestUser, password: string) => (await logIn(user, password)()).status === 201;

/** Through the other replica, by somebody who is not the user. */
const byOwner = () => r.other.as(ownerKey);
let ownerKey: string;
beforeAll(async () => {
  ownerKey = (await r.t.owner.post(`${ME}/keys`)).body.key;
});

describe('a login', () => {
  const CHANGES: Record<string, (user: TestUser) => Promise<() => Promise<Answer>>> = {
    'a change of password by the user': async (user) => {
      const session = r.other.as((await logIn(user, PASSWORD)()).body.session_token);
      await session.get(ME);
      return () => session.put(`${ME}/password`, { old_password: PASSWORD, password: NEXT });
    },
    'a new password by an owner': async (user) => () =>
      byOwner().put(`/api/v2/users/${user.id}/password`, { password: NEXT }),
    'a reset by passcode': async (user) => {
      const code = await passcodeOf(user);
      const input = { email: user.email, one_time_passcode: code, password: NEXT };
      return () => r.other.anonymous.post('/api/v2/users/otp/change-password', input);
    },
    'a deletion': async (user) => () => byOwner().delete(`/api/v2/users/${user.id}`),
  };

  it.each(Object.keys(CHANGES))('leaves no session behind %s, whichever comes first', async (name) => {
    for (const loginFirst of [false, true]) {
      const user = await aUser(r.t);
      const change = await CHANGES[name]?.(user);
      if (!change) throw new Error('no such change');
      const requests = loginFirst ? [logIn(user, PASSWORD), change] : [change, logIn(user, PASSWORD)];
      const answers = await inOrder(r, { table: 'users', id: user.id }, ...requests);
      const [login, changed] = loginFirst ? answers : answers.toReversed();
      expect(changed?.status).toBeLessThan(300);
      expect(login?.status).toBe(loginFirst ? 201 : 401);
      expect(login && (await opens(login))).toBe(false);
      const { rows } = await r.t.pool.query('select id from api_keys where user_id = $1', [user.id]);
      expect(rows).toEqual([]);
    }
  });

  it('that a suspension overtakes leaves no session, for after the activation either', async () => {
    const user = await aUser(r.t);
    const before = await r.t.pool.query('select id from api_keys where user_id = $1', [user.id]);
    const suspend = () => byOwner().put(`/api/v2/users/${user.id}/status/suspend`);
    const [suspended, login] = await inOrder(r, { table: 'users', id: user.id }, suspend, logIn(user, PASSWORD));
    expect([suspended?.status, login?.status]).toEqual([200, 401]);
    await r.t.owner.put(`/api/v2/users/${user.id}/status/activate`);
    const after = await r.t.pool.query('select id from api_keys where user_id = $1', [user.id]);
    expect(after.rows).toEqual(before.rows);
  });

  it('succeeds beside others that renew an old form of the hash', async () => {
    const [sample] = JSON.parse(readFileSync('test/golden/samples-password-hashes.json', 'utf8')).pairs;
    const user = await aUser(r.t);
    await r.t.pool.query('update users set hashed_password = $2 where id = $1', [user.id, sample.hash]);
    const logins = Array.from({ length: 4 }, () => logIn(user, sample.password)());
    expect((await Promise.all(logins)).map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  });
});

describe('a key made by a key', () => {
  const ENDS: Record<string, (user: TestUser, key: string) => () => Promise<Answer>> = {
    'is deleted': (user, key) => () => byOwner().delete(`/api/v2/users/${user.id}/keys/${key.slice(0, 10)}`),
    'is ended': (user, key) => () => byOwner().put(`/api/v2/users/${user.id}/keys/${key.slice(0, 10)}/expire`),
    'signs out': (_, key) => () => r.other.as(key).post('/api/v2/users/logout'),
  };

  it.each(Object.keys(ENDS))('does not exist when the one that makes it %s first', async (name) => {
    for (const path of [`${ME}/keys`, `${ME}/keys/tokens`]) {
      const user = await aUser(r.t);
      const parent: string = (await logIn(user, PASSWORD)()).body.session_token;
      await r.t.as(parent).get(ME);
      const end = ENDS[name]?.(user, parent);
      if (!end) throw new Error('no such end');
      const make = () => r.t.as(parent).post(path, {});
      const [ended, made] = await inOrder(r, { table: 'api_keys', id: parent.slice(0, 10) }, end, make);
      expect(ended?.status).toBeLessThan(300);
      expect(made?.status).toBe(401);
      const { rows } = await r.t.pool.query('select id from api_keys where user_id = $1 and expires_at > now()', [
        user.id,
      ]);
      expect(rows.map(({ id }) => id)).toEqual([user.token.slice(0, 10)]);
    }
  });

  it.each([
    ['a new password', (user: TestUser) => byOwner().put(`/api/v2/users/${user.id}/password`, { password: NEXT })],
    ['a suspension', (user: TestUser) => byOwner().put(`/api/v2/users/${user.id}/status/suspend`)],
    ['a deletion', (user: TestUser) => byOwner().delete(`/api/v2/users/${user.id}`)],
    ['the end of all keys', (user: TestUser) => byOwner().post(`/api/v2/users/${user.id}/keys/expire-all`)],
  ])('does not survive %s that came first', async (_, change) => {
    const user = await aUser(r.t);
    await user.client.get(ME);
    const make = () => user.client.post(`${ME}/keys/tokens`, { token_name: 'late' });
    const row = { table: 'users', id: user.id } as const;
    const [changed, made] = await inOrder(r, row, () => change(user), make);
    expect(changed?.status).toBeLessThan(300);
    expect([401, 404]).toContain(made?.status);
    const { rows } = await r.t.pool.query(`select 1 from api_keys where user_id = $1 and token_name = 'late'`, [
      user.id,
    ]);
    expect(rows).toEqual([]);
  });
});

describe('a password', () => {
  it('of the administrator is not overwritten by a reset that began before', async () => {
    for (const resetFirst of [false, true]) {
      const user = await aUser(r.t);
      const code = await passcodeOf(user);
      const reset = () =>
        r.t.anonymous.post('/api/v2/users/otp/change-password', {
          ...{ email: user.email, one_time_passcode: code, password: 'By-The-Person-3!' },
        });
      const set = () => byOwner().put(`/api/v2/users/${user.id}/password`, { password: NEXT });
      const row = { table: 'users', id: user.id } as const;
      const answers = await inOrder(r, row, ...(resetFirst ? [reset, set] : [set, reset]));
      expect(answers.map(({ status }) => status)).toEqual(resetFirst ? [204, 204] : [204, 400]);
      expect(await accepts(user, NEXT)).toBe(true);
      expect(await accepts(user, 'By-The-Person-3!')).toBe(false);
    }
  });

  it('that a passcode was asked for before an administrator set one is not reset by it', async () => {
    const user = await aUser(r.t);
    const ask = () => r.t.anonymous.post('/api/v2/users/otp/request', { email: user.email });
    const set = () => byOwner().put(`/api/v2/users/${user.id}/password`, { password: NEXT });
    const mailed = r.t.mails.length;
    const [changed, asked] = await inOrder(r, { table: 'users', id: user.id }, set, ask);
    expect([changed?.status, asked?.status]).toEqual([204, 204]);
    const { rows } = await r.t.pool.query('select hashed_one_time_passcode from users where id = $1', [user.id]);
    expect(rows).toEqual([{ hashed_one_time_passcode: null }]);
    expect(r.t.mails).toHaveLength(mailed);
  });

  it('is changed by the user only while the old one that was checked is stored', async () => {
    const user = await aUser(r.t);
    // A person with two windows: the second change has checked the old password before the first is stored.
    const change = (app: Replicas['t'], password: string) => () =>
      app.as(user.token).put(`${ME}/password`, { old_password: PASSWORD, password });
    await user.client.get(ME);
    const row = { table: 'users', id: user.id } as const;
    const answers = await inOrder(r, row, change(r.other, NEXT), change(r.t, 'Third-Secure-3!'));
    expect(answers[0]?.status).toBe(204);
    expect([400, 401]).toContain(answers[1]?.status);
    expect(await accepts(user, NEXT)).toBe(true);
    expect(await accepts(user, 'Third-Secure-3!')).toBe(false);
  });

  it('is set by an administrator who gives the old one only while that is stored', async () => {
    const user = await aUser(r.t);
    const set = (client: TestClient, password: string) => () =>
      client.put(`/api/v2/users/${user.id}/password`, { old_password: PASSWORD, password });
    const row = { table: 'users', id: user.id } as const;
    const answers = await inOrder(r, row, set(byOwner(), NEXT), set(r.t.owner, 'Third-Secure-3!'));
    expect(answers.map(({ status }) => status)).toEqual([204, 400]);
    expect(await accepts(user, NEXT)).toBe(true);
    expect(await accepts(user, 'Third-Secure-3!')).toBe(false);
  });

  it('is not set by a user administrator for somebody who became an owner meanwhile', async () => {
    const admin = await aUser(r.t, { roles: ['user-admin'] });
    for (const [path, body] of [
      ['password', { password: NEXT }],
      ['email', { email: 'taken-over@example.com' }],
    ] as const) {
      const user = await aUser(r.t);
      const promote = () => byOwner().put(`/api/v2/users/${user.id}/roles`, { roles: ['owner'] });
      const set = () => admin.client.put(`/api/v2/users/${user.id}/${path}`, body);
      const answers = await inOrder(r, { table: 'users', id: user.id }, promote, set);
      expect(answers.map(({ status }) => status)).toEqual([200, path === 'password' ? 400 : 403]);
      expect(await accepts(user, PASSWORD)).toBe(true);
    }
  });
});

describe('an address', () => {
  it('replaces only the one that was looked at', async () => {
    const user = await aUser(r.t);
    const change = (client: TestClient, email: string) => () =>
      client.put(`/api/v2/users/${user.id}/email`, { email, password: PASSWORD });
    const own = aName('own');
    const answers = await inOrder(
      r,
      { table: 'users', id: user.id },
      change(byOwner(), `${own}-by-owner@example.com`),
      change(r.t.owner, `${own}-late@example.com`),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 409]);
    expect((await r.t.owner.get(`/api/v2/users/${user.id}`)).body.email).toBe(`${own}-by-owner@example.com`);
  });
});

describe('who is not what they were when the request began', () => {
  const OPERATIONS: Record<
    string,
    (target: Target) => [method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown]
  > = {
    'deletes nobody': ({ user }) => ['DELETE', `users/${user.id}`],
    'suspends nobody': ({ user }) => ['PUT', `users/${user.id}/status/suspend`],
    'hands out no site roles': ({ user }) => ['PUT', `users/${user.id}/roles`, { roles: ['auditor'] }],
    'hands out no organization roles': ({ user }) => [
      'PUT',
      `organizations/${r.t.organizationId}/members/${user.id}/roles`,
      { roles: ['organization-auditor'] },
    ],
    'adds nobody to an organization': ({ user, away }) => ['POST', `organizations/${away}/members/${user.id}`],
    'removes nobody from one': ({ user }) => ['DELETE', `organizations/${r.t.organizationId}/members/${user.id}`],
    'sets no password': ({ user }) => ['PUT', `users/${user.id}/password`, { password: NEXT }],
    'sets no address': ({ user }) => ['PUT', `users/${user.id}/email`, { email: `${aName('late')}@example.com` }],
    'makes no account': () => {
      const username = aName('late');
      const account = { username, email: `${username}@example.com`, login_type: 'none' };
      return ['POST', 'users', { ...account, organization_ids: [r.t.organizationId] }];
    },
    'makes no organization': () => ['POST', 'organizations', { name: aName('late') }],
    'changes no organization': ({ away }) => [
      'PATCH',
      `organizations/${away}`,
      { default_org_member_roles: ['organization-admin'] },
    ],
    'deletes no organization': ({ empty }) => ['DELETE', `organizations/${empty}`],
    'makes no session key for others': ({ user }) => ['POST', `users/${user.id}/keys`],
    'makes no token for others': ({ user }) => ['POST', `users/${user.id}/keys/tokens`, { token_name: 'late' }],
    "ends nobody else's key": ({ user }) => ['PUT', `users/${user.id}/keys/${user.token.slice(0, 10)}/expire`],
    "deletes nobody else's key": ({ user }) => ['DELETE', `users/${user.id}/keys/${user.token.slice(0, 10)}`],
    'ends no sessions of others': ({ user }) => ['POST', `users/${user.id}/keys/expire-all`],
  };

  interface Target {
    user: TestUser;
    away: string;
    empty: string;
  }
  async function aTarget(): Promise<Target> {
    const make = async () => (await r.t.owner.post('/api/v2/organizations', { name: aName('org') })).body.id;
    return { user: await aUser(r.t), away: await make(), empty: await make() };
  }

  /** Everything about everybody but the actor. */
  async function others(actor: string): Promise<unknown> {
    const { rows } = await r.t.pool.query(
      `select
        (select json_agg(row(id, username, email, status, roles, login_type, hashed_password, deleted) order by id) from users where id <> $1) as users,
        (select json_agg(row(id, expires_at > now()) order by id) from api_keys where user_id <> $1) as keys,
        (select json_agg(row(user_id, organization_id, roles) order by user_id, organization_id) from organization_members where user_id <> $1) as members,
        (select json_agg(row(id, default_org_member_roles) order by id) from organizations) as organizations`,
      [actor],
    );
    return rows[0];
  }

  async function isRefusedAfter(operation: string, change: (chief: TestUser) => Promise<Answer>): Promise<number> {
    const chief = await aUser(r.t, { roles: ['owner'] });
    await chief.client.get(ME);
    const request = OPERATIONS[operation]?.(await aTarget());
    if (!request) throw new Error('no such operation');
    const [method, path, body] = request;
    const before = await others(chief.id);
    const act = () => chief.client.send(method, `/api/v2/${path}`, body);
    const [changed, refused] = await inOrder(r, { table: 'users', id: chief.id }, () => change(chief), act);
    expect(changed?.status).toBeLessThan(300);
    expect(await others(chief.id)).toEqual(before);
    // Nothing but who asked kept it from happening.
    expect((await byOwner().send(method, `/api/v2/${path}`, body)).status).toBeLessThan(300);
    return refused?.status ?? 0;
  }

  it.each(Object.keys(OPERATIONS))('%s', async (operation) => {
    const status = await isRefusedAfter(operation, ({ id }) =>
      byOwner().put(`/api/v2/users/${id}/roles`, { roles: [] }),
    );
    expect([403, 404, 400]).toContain(status);
  });

  it.each([
    ['deleted', ({ id }: TestUser) => byOwner().delete(`/api/v2/users/${id}`)],
    ['given a new password', ({ id }: TestUser) => byOwner().put(`/api/v2/users/${id}/password`, { password: NEXT })],
    ['signed out everywhere', ({ id }: TestUser) => byOwner().post(`/api/v2/users/${id}/keys/expire-all`)],
  ])('does nothing either when %s', async (_, change) => {
    expect(await isRefusedAfter('hands out no site roles', change)).toBe(401);
  });
});

describe('what the audit log calls "old"', () => {
  it.each([
    ['profile', (user: TestUser, n: string) => [`profile`, { username: user.username, name: n }] as const, 'name'],
    ['address', (_: TestUser, n: string) => ['email', { email: `${n}@example.com` }] as const, 'email'],
  ])('is what the change replaced: %s', async (_, change, field) => {
    const user = await aUser(r.t);
    const [first, second] = [aName('first'), aName('second')];
    const put = (client: TestClient, value: string) => async () => {
      const [path, body] = change(user, value);
      return client.put(`/api/v2/users/${user.id}/${path}`, body);
    };
    await inOrder(r, { table: 'users', id: user.id }, put(byOwner(), first), put(r.t.owner, second));
    const { rows } = await r.t.pool.query(
      `select diff -> $2 as diff from audit_logs where resource_id = $1 and action = 'write' and status_code < 400
       order by time, id`,
      [user.id, field],
    );
    const diffs = rows.map(({ diff }) => diff).filter((diff) => diff !== null);
    const stored = (await r.t.owner.get(`/api/v2/users/${user.id}`)).body[field];
    // Each entry begins where the one before ended, and the last one ends with what is stored.
    expect(diffs.length).toBeGreaterThan(0);
    expect(new Set(diffs.map(({ old }) => old)).size).toBe(diffs.length);
    expect(diffs.map((diff) => diff.new)).toContain(stored);
  });

  it('is what the change replaced: status', async () => {
    const user = await aUser(r.t);
    const put = (client: TestClient, word: string) => () => client.put(`/api/v2/users/${user.id}/status/${word}`);
    await inOrder(r, { table: 'users', id: user.id }, put(byOwner(), 'suspend'), put(r.t.owner, 'activate'));
    const { rows } = await r.t.pool.query(
      `select diff -> 'status' as status from audit_logs where resource_id = $1 and action = 'write' order by time, id`,
      [user.id],
    );
    expect(rows.map(({ status }) => [status.old, status.new])).toEqual([
      ['active', 'suspended'],
      ['suspended', 'active'],
    ]);
  });
});

describe('locks', () => {
  it('of one owner do not keep plain accounts from being deleted', async () => {
    const [bystander, plain] = [await aUser(r.t, { roles: ['owner'] }), await aUser(r.t)];
    const row = { table: 'users', id: bystander.id } as const;
    const deleted = await whileHeld(r.t, row, () => r.t.owner.delete(`/api/v2/users/${plain.id}`));
    expect(deleted.status).toBe(200);
  });

  it('are taken in one order: everything at once on everybody ends, and nothing fails', {
    timeout: 60_000,
  }, async () => {
    const people = [];
    for (let i = 0; i < 4; i++) people.push(await aUser(r.t, { roles: ['owner'] }));
    const requests: (() => Promise<Answer>)[] = [];
    for (const [i, actor] of people.entries()) {
      const target = people[(i + 1) % people.length];
      if (!target) continue;
      for (const app of [r.t, r.other]) {
        const client = app.as(actor.token);
        requests.push(
          () => client.put(`/api/v2/users/${target.id}/profile`, { username: target.username, name: aName() }),
          () => client.put(`/api/v2/users/${target.id}/roles`, { roles: ['owner', 'auditor'] }),
          () => client.put(`/api/v2/users/${target.id}/status/activate`),
          () => client.post(`/api/v2/users/${target.id}/keys`),
          () => client.post(`${ME}/keys/tokens`, {}),
          () => client.post(`/api/v2/users/${target.id}/keys/expire-all`),
          () => client.put(`/api/v2/organizations/${r.t.organizationId}/members/${target.id}/roles`, { roles: [] }),
          () => client.delete(`/api/v2/organizations/${r.t.organizationId}/members/${target.id}`),
          () => client.post(`/api/v2/organizations/${r.t.organizationId}/members/${target.id}`),
          () => client.delete(`/api/v2/users/${target.id}`),
        );
      }
    }
    const answers = await Promise.all(requests.map((request) => request()));
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    const { rows } = await r.t.pool.query(`select 1 from users where not deleted and 'owner' = any(roles)`);
    expect(rows.length).toBeGreaterThan(0);
  });
});

describe('a change of an account by an administrator', () => {
  const CHANGES: Record<string, (admin: TestClient, user: TestUser) => Promise<Answer>> = {
    'a new name': (admin, { id }) => admin.put(`/api/v2/users/${id}/profile`, { username: aName('renamed'), name: '' }),
    appearance: (admin, { id }) =>
      admin.put(`/api/v2/users/${id}/appearance`, { theme_preference: 'dark', terminal_font: 'fira-code' }),
    preferences: (admin, { id }) =>
      admin.put(`/api/v2/users/${id}/preferences`, { thinking_display_mode: 'always_expanded' }),
    'another SSH key': (admin, { id }) => admin.put(`/api/v2/users/${id}/gitsshkey`),
  };

  it.each(Object.keys(CHANGES))('is not made once the administrator was deleted: %s', async (name) => {
    const [admin, user] = [await aUser(r.t, { roles: ['owner'] }), await aUser(r.t)];
    const stored = async () => {
      const { rows } = await r.t.pool.query(
        `select username, (select public_key from git_ssh_keys where user_id = u.id) as key,
          (select count(*)::int from user_configs where user_id = u.id) as settings from users u where id = $1`,
        [user.id],
      );
      return rows;
    };
    const before = await stored();
    const remove = () => byOwner().delete(`/api/v2/users/${admin.id}`);
    const change = () => CHANGES[name]?.(admin.client, user) as Promise<Answer>;
    const [removed, changed] = await inOrder(r, { table: 'users', id: admin.id }, remove, change);
    expect([removed?.status, changed?.status]).toEqual([200, 401]);
    expect(await stored()).toEqual(before);
  });
});

describe('keys of several users that are stored together', () => {
  it('are refused for the one whose row others hold too long, and there for everybody else', async () => {
    const [stuck, free] = [await aUser(r.t), await aUser(r.t)];
    const patient = impatient(r.t);
    const answers = await whileHeld(r.t, { table: 'users', id: stuck.id }, () =>
      Promise.all([stuck, free, stuck, free].map(({ client }) => client.post(`${ME}/keys`))),
    );
    patient();
    expect(answers.map(({ status }) => status)).toEqual([503, 201, 503, 201]);
    const { rows } = await r.t.pool.query('select user_id from api_keys where user_id = any($1)', [
      [stuck.id, free.id],
    ]);
    // One of each was made by the owner before.
    expect(rows.filter((row) => row.user_id === stuck.id)).toHaveLength(1);
    expect(rows.filter((row) => row.user_id === free.id)).toHaveLength(3);
  });
});
