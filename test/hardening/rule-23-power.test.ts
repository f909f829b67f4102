// Rule 23: power over others needs an unlimited key. Keys with random limits try every route there is, with bodies that
// would give power if they could; then nobody may be able to do more or less than before.
import { beforeAll, describe, expect, it } from 'vitest';
import { RESOURCES } from '../../src/rbac/policy.ts';
import type { KeyReach } from '../../src/rbac/scopes.ts';
import { PASSWORD } from '../support/app.ts';
import type { TestClient } from '../support/client.ts';
import { arrange, HOLDERS, NEXT, powers, walkWithLimits } from '../support/power-walk.ts';
import { ALL_SCOPES, makeWorld, type World } from '../support/world.ts';

const REASON = /limited by its scopes or its allow list/;

let w: World;
beforeAll(async () => {
  w = await makeWorld();
});

describe('a limited key', () => {
  // test/torture/limited-keys.test.ts lets everybody walk.
  it('gives and takes no power on any route, whatever its limits', { timeout: 120_000 }, async () => {
    expect(await walkWithLimits(w, HOLDERS.slice(2, 4))).toBeGreaterThan(10);
  });

  /** A key of the deployment's owner with one of two limits: by scopes, and by allow list. */
  const LIMITS: Record<string, KeyReach> = {
    scopes: { scopes: ALL_SCOPES, allowList: ['*:*'] },
    'an allow list': { scopes: ['coder:all'], allowList: Object.keys(RESOURCES).map((type) => `${type}:*`) },
  };

  async function limitedOwner(limit: string): Promise<TestClient> {
    const reach = LIMITS[limit];
    if (!reach) throw new Error('no such limit');
    return arrange(w, { person: 'boss', siteRoles: ['owner'], organizationRoles: [], reach });
  }

  const alice = '/api/v2/users/alice';
  const REFUSED: [string, () => Parameters<TestClient['send']>][] = [
    ['set a password', () => ['PUT', `${alice}/password`, { password: NEXT }]],
    ['set an address', () => ['PUT', `${alice}/email`, { email: 'gained@example.com' }]],
    [
      'set its own address',
      () => ['PUT', '/api/v2/users/me/email', { email: 'gained@example.com', password: PASSWORD }],
    ],
    ['set its own password', () => ['PUT', '/api/v2/users/me/password', { old_password: PASSWORD, password: NEXT }]],
    ['hand out a site role', () => ['PUT', `${alice}/roles`, { roles: ['auditor', 'template-admin'] }]],
    ['take a site role', () => ['PUT', `${alice}/roles`, { roles: [] }]],
    ['hand out a role of an organization', () => ['PUT', member(), { roles: ['organization-admin'] }]],
    ['add somebody to an organization', () => ['POST', `/api/v2/organizations/${w.organizations.away}/members/alice`]],
    ['remove somebody from one', () => ['DELETE', member().replace('/roles', '')]],
    [
      'give all members of an organization a role',
      () => ['PATCH', home(), { default_org_member_roles: ['organization-admin'] }],
    ],
    [
      'make an organization, whose administrator it would be',
      () => ['POST', '/api/v2/organizations', { name: 'gained' }],
    ],
    ['make an account with a role', () => ['POST', '/api/v2/users', { ...account(), roles: ['auditor'] }]],
    ['convert a login type', () => ['POST', `${alice}/convert-login`, { to_type: 'github', password: PASSWORD }]],
    [
      'convert its own login type',
      () => ['POST', '/api/v2/users/me/convert-login', { to_type: 'github', password: PASSWORD }],
    ],
    ["list somebody else's keys", () => ['GET', `${alice}/keys`]],
    ["list somebody else's tokens", () => ['GET', `${alice}/keys/tokens`]],
    ["list everybody's tokens", () => ['GET', '/api/v2/users/me/keys/tokens?include_all=true']],
    ["read somebody else's key", () => ['GET', `${alice}/keys/${w.people.alice.keyId}`]],
    ["read somebody else's token by name", () => ['GET', `${alice}/keys/tokens/build`]],
    ["end somebody else's key", () => ['PUT', `${alice}/keys/${w.people.alice.keyId}/expire`]],
    ["delete somebody else's key", () => ['DELETE', `${alice}/keys/${w.people.alice.keyId}`]],
    ['end all keys of somebody', () => ['POST', `${alice}/keys/expire-all`]],
    ['make a session key for somebody', () => ['POST', `${alice}/keys`]],
    ['make a token for somebody', () => ['POST', `${alice}/keys/tokens`, { scopes: ['user:read'] }]],
    ['delete somebody with a role', () => ['DELETE', alice]],
    ['suspend somebody with a role', () => ['PUT', `${alice}/status/suspend`]],
  ];
  const home = () => `/api/v2/organizations/${w.organizations.home}`;
  const member = () => `${home()}/members/alice/roles`;
  const account = () => ({
    ...{ username: 'gained', email: 'gained@example.com', password: NEXT, organization_ids: [w.organizations.home] },
  });

  it.each(REFUSED)('does not %s, and is told why', async (_, request) => {
    for (const limit of Object.keys(LIMITS)) {
      const client = await limitedOwner(limit);
      const before = await powers(w);
      const answer = await client.send(...request());
      expect(answer.status, limit).toBe(403);
      expect(answer.body.detail, limit).toMatch(REASON);
      expect(await powers(w)).toEqual(before);
    }
  });

  it('that may create users creates plain members, with nothing else, and nothing more', async () => {
    for (const scopes of [
      ['user:read', 'user:create', 'organization:read'],
      ['user:*', 'organization:*'],
    ]) {
      const reach = { scopes, allowList: ['*:*'] };
      const client = await arrange(w, { person: 'boss', siteRoles: ['owner'], organizationRoles: [], reach });
      expect((await client.post('/api/v2/users', { ...account(), roles: ['auditor'] })).status).toBe(403);
      const made = await client.post('/api/v2/users', account());
      expect(made.status, made.text).toBe(201);
      expect(made.body).toMatchObject({ roles: [], organization_ids: [w.organizations.home] });
      // Not where every member has power.
      await w.t.pool.query(`update organizations set default_org_member_roles = '{organization-admin}' where id = $1`, [
        w.organizations.away,
      ]);
      const away = { ...account(), username: 'gained-2', email: 'gained-2@example.com' };
      const refused = await client.post('/api/v2/users', { ...away, organization_ids: [w.organizations.away] });
      expect(refused.status).toBe(403);
    }
  });

  it('of a user administrator makes no account that the administrator could not make', async () => {
    const reach = { scopes: ['coder:all'], allowList: ['*:*'] };
    const client = await arrange(w, { person: 'bob', siteRoles: ['user-admin'], organizationRoles: [], reach });
    await w.t.pool.query(`update organizations set default_org_member_roles = '{organization-admin}' where id = $1`, [
      w.organizations.home,
    ]);
    // With an unlimited key, too: the default roles of an organization are handed out like any other.
    expect((await client.post('/api/v2/users', account())).status).toBe(403);
    expect((await client.post(`${home()}/members/alice`)).status).toBe(404);
  });

  it('still does with plain accounts what its scopes say', async () => {
    const reach = { scopes: ['user:*'], allowList: ['*:*'] };
    const client = await arrange(w, { person: 'boss', siteRoles: ['owner'], organizationRoles: [], reach });
    // Without roles of any kind, not even those that everybody in an organization has.
    await w.t.pool.query(`update organizations set default_org_member_roles = '{}'`);
    expect((await client.put('/api/v2/users/bob/status/suspend')).status).toBe(200);
    expect((await client.put('/api/v2/users/bob/status/activate')).status).toBe(200);
    expect((await client.put('/api/v2/users/bob/profile', { username: 'bob', name: 'Bob' })).status).toBe(200);
    expect((await client.delete('/api/v2/users/bob')).status).toBe(200);
    await w.restore();
  });
});
