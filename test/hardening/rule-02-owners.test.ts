// Rules 2 and 36: owners are safe from everybody who is none, and people with roles from whoever could not grant them.
import { beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import type { TestClient } from '../support/client.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const NEXT = 'Another-Secure-2!';

let t: TestApp;
let boss: TestUser;
let userAdmin: TestUser;
beforeAll(async () => {
  t = await startApp();
  boss = await aUser(t, { username: 'boss', roles: ['owner'] });
  userAdmin = await aUser(t, { username: 'user-admin', roles: ['user-admin'] });
});

const members = () => `/api/v2/organizations/${t.organizationId}/members/boss`;

/** What nobody but an owner does to an owner, with the answer. */
const FORBIDDEN: [string, number, () => Parameters<TestClient['send']>][] = [
  ['rename', 403, () => ['PUT', '/api/v2/users/boss/profile', { username: 'boss-2', name: '' }]],
  ['replace the SSH key of', 403, () => ['PUT', '/api/v2/users/boss/gitsshkey']],
  [
    'change the appearance of',
    403,
    () => ['PUT', '/api/v2/users/boss/appearance', { theme_preference: 'dark', terminal_font: 'fira-code' }],
  ],
  [
    'change the notification preferences of',
    403,
    () => ['PUT', '/api/v2/users/boss/notifications/preferences', { template_disabled_map: {} }],
  ],
  ['suspend', 400, () => ['PUT', '/api/v2/users/boss/status/suspend']],
  ['set the password of', 400, () => ['PUT', '/api/v2/users/boss/password', { password: NEXT }]],
  ['set the address of', 403, () => ['PUT', '/api/v2/users/boss/email', { email: 'mine@example.com' }]],
  ['convert', 403, () => ['POST', '/api/v2/users/boss/convert-login', { to_type: 'github', password: PASSWORD }]],
  ['demote', 400, () => ['PUT', '/api/v2/users/boss/roles', { roles: [] }]],
  ['delete', 403, () => ['DELETE', '/api/v2/users/boss']],
  ['make a key of', 403, () => ['POST', '/api/v2/users/boss/keys']],
  ['make a token of', 403, () => ['POST', '/api/v2/users/boss/keys/tokens', {}]],
  ['end the sessions of', 403, () => ['POST', '/api/v2/users/boss/keys/expire-all']],
  ['change the organization roles of', 403, () => ['PUT', `${members()}/roles`, { roles: ['agents-access'] }]],
  ['take from an organization', 403, () => ['DELETE', members()]],
];

describe('a user administrator', () => {
  it.each(FORBIDDEN)('does not %s an owner', async (_, status, request) => {
    const before = await t.pool.query(`select * from users where id = $1`, [boss.id]);
    const answer = await userAdmin.client.send(...request());
    expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
    expect((await t.pool.query(`select * from users where id = $1`, [boss.id])).rows).toEqual(before.rows);
    expect((await boss.client.get('/api/v2/users/me')).status).toBe(200);
  });

  it('does not activate a suspended owner, nor bring one into an organization', async () => {
    const owner = await aUser(t, { roles: ['owner'] });
    await t.pool.query(`update users set status = 'suspended' where id = $1`, [owner.id]);
    expect((await userAdmin.client.put(`/api/v2/users/${owner.id}/status/activate`)).status).toBe(403);
    await t.pool.query('delete from organization_members where user_id = $1', [owner.id]);
    const path = `/api/v2/organizations/${t.organizationId}/members/${owner.id}`;
    expect((await userAdmin.client.post(path)).status).toBe(403);
    const { rows } = await t.pool.query(
      'select status, (select count(*)::int from organization_members where user_id = id) as memberships from users where id = $1',
      [owner.id],
    );
    expect(rows).toEqual([{ status: 'suspended', memberships: 0 }]);
  });

  it('does all of it to a member', async () => {
    const { client } = userAdmin;
    const mia = await aUser(t, { username: 'mia' });
    const path = '/api/v2/users/mia';
    const inOrganization = `/api/v2/organizations/${t.organizationId}/members/mia`;
    const requests: Parameters<TestClient['send']>[] = [
      ['PUT', `${path}/profile`, { username: 'mia', name: 'Mia' }],
      ['PUT', `${path}/gitsshkey`],
      ['PUT', `${path}/appearance`, { theme_preference: 'dark', terminal_font: 'fira-code' }],
      ['PUT', `${path}/email`, { email: 'mia-2@example.com' }],
      ['PUT', `${path}/password`, { password: NEXT }],
      ['PUT', `${path}/status/suspend`],
      ['PUT', `${path}/status/activate`],
      ['PUT', `${inOrganization}/roles`, { roles: ['agents-access'] }],
      ['DELETE', inOrganization],
      ['POST', inOrganization],
      ['DELETE', path],
    ];
    for (const request of requests) expect((await client.send(...request)).status, request.join(' ')).toBeLessThan(300);
    expect(mia.username).toBe('mia');
  });

  it.each([
    ['auditor', []],
    ['template-admin', []],
    ['user-admin', []],
    ['', ['organization-admin']],
    ['', ['organization-auditor']],
  ])(
    'sets neither password nor address of somebody with a role that it could not grant: %s %s',
    async (site, organization) => {
      const user = await aUser(t, { roles: site === '' ? [] : [site] });
      await t.owner.put(`/api/v2/organizations/${t.organizationId}/members/${user.id}/roles`, { roles: organization });
      const password = await userAdmin.client.put(`/api/v2/users/${user.id}/password`, { password: NEXT });
      const email = await userAdmin.client.put(`/api/v2/users/${user.id}/email`, {
        email: `${user.username}@corp.test`,
      });
      for (const answer of [password, email]) {
        expect([answer.status, answer.body.detail]).toEqual([403, 'The account has a role that you could not grant.']);
      }
      const logIn = (secret: string) =>
        t.anonymous.post('/api/v2/users/login', { email: user.email, password: secret });
      expect([(await logIn(PASSWORD)).status, (await logIn(NEXT)).status]).toEqual([201, 401]);
      // An owner, who could grant it, does.
      expect((await t.owner.put(`/api/v2/users/${user.id}/password`, { password: NEXT })).status).toBe(204);
    },
  );

  it('nor of somebody who has it through the organization alone, where all members have it', async () => {
    const { id } = (await t.owner.post('/api/v2/organizations', { name: 'all-admins' })).body;
    await t.owner.patch(`/api/v2/organizations/${id}`, { default_org_member_roles: ['organization-admin'] });
    const user = await aUser(t, { organization_ids: [id] });
    const answer = await userAdmin.client.put(`/api/v2/users/${user.id}/password`, { password: NEXT });
    expect(answer.status).toBe(403);
    expect((await t.anonymous.post('/api/v2/users/login', { email: user.email, password: PASSWORD })).status).toBe(201);
  });
});

describe('an administrator of an organization', () => {
  it('governs there whoever is a member, owners too, and nothing else of theirs', async () => {
    const admin = await aUser(t);
    await t.owner.put(`/api/v2/organizations/${t.organizationId}/members/${admin.id}/roles`, {
      roles: ['organization-admin'],
    });
    expect((await admin.client.put(`${members()}/roles`, { roles: ['organization-auditor'] })).status).toBe(200);
    expect((await admin.client.delete(members())).status).toBe(204);
    expect((await admin.client.post(members())).status).toBe(200);
    for (const [, , request] of FORBIDDEN) {
      const [method, path, body] = request();
      if (path.includes('/organizations/')) continue;
      const { status } = await admin.client.send(method, path, body);
      expect([400, 403, 404], path).toContain(status);
    }
    expect((await boss.client.get('/api/v2/users/me')).status).toBe(200);
  });
});

describe('an owner', () => {
  it('does to another one what nobody else does, and everything to the own account', async () => {
    const other = await aUser(t, { roles: ['owner'] });
    const path = `/api/v2/users/${other.id}`;
    expect((await t.owner.put(`${path}/profile`, { username: other.username, name: 'Renamed' })).status).toBe(200);
    expect((await t.owner.put(`${path}/gitsshkey`)).status).toBe(200);
    expect((await other.client.put('/api/v2/users/me/gitsshkey')).status).toBe(200);
    expect((await t.owner.put(`${path}/password`, { password: NEXT })).status).toBe(204);
    expect((await t.owner.put(`${path}/roles`, { roles: [] })).status).toBe(200);
    expect((await t.owner.delete(path)).status).toBe(200);
  });
});
