// Roles and organizations that follow the claims of the provider on every login.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn } from '../support/browser.ts';
import { aName } from '../support/factories.ts';
import { type OidcProvider, startOidcProvider } from '../support/oidc-provider.ts';

let provider: OidcProvider;

beforeAll(async () => {
  provider = await startOidcProvider({ accounts: {} });
});

afterAll(async () => {
  await provider.close();
});

const account = (name: string, claims: Record<string, unknown>) => ({
  sub: name,
  claims: { email: `${name}@corp.test`, email_verified: true, preferred_username: name, ...claims },
});

/** Signs somebody in whose provider makes these claims; the name and the browser. */
async function signInWith(t: TestApp, claims: Record<string, unknown>, name = aName('synced')) {
  provider.accounts[name] = account(name, claims);
  const browser = new Browser(t);
  const answer = await logIn(browser, provider, name);
  expect(answer.status).toBe(307);
  return { name, browser };
}

const rolesOf = async (t: TestApp, name: string): Promise<string[]> => {
  const { body } = await t.owner.get(`/api/v2/users/${name}`);
  return body.roles.map((role: { name: string }) => role.name).sort();
};

describe('site roles from a claim', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startApp({
      env: {
        ...provider.env,
        CODER_OIDC_USER_ROLE_FIELD: 'groups',
        CODER_OIDC_USER_ROLE_MAPPING:
          '{"ops": ["user-admin", "template-admin"], "chiefs": ["owner"], "toString": ["auditor"]}',
        CODER_OIDC_USER_ROLE_DEFAULT: 'auditor',
      },
    });
  });

  it.each<[string, unknown, string[]]>([
    ['a mapped value gives its roles', ['ops'], ['auditor', 'template-admin', 'user-admin']],
    ['an unmapped value is a role name', ['user-admin'], ['auditor', 'user-admin']],
    ['one text is one value', 'template-admin', ['auditor', 'template-admin']],
    [
      'names that are no site role are dropped',
      ['staff', 'organization-admin', 'constructor', 'member', 7],
      ['auditor'],
    ],
    ['a missing claim means the defaults', undefined, ['auditor']],
  ])('%s', async (_title, groups, roles) => {
    const { name } = await signInWith(t, { groups });
    expect(await rolesOf(t, name)).toEqual(roles);
  });

  it('replaces roles on every login, what it gave before included', async () => {
    const { name } = await signInWith(t, { groups: ['ops'] });
    await signInWith(t, { groups: ['chiefs'] }, name);
    expect(await rolesOf(t, name)).toEqual(['auditor', 'owner']);
    await signInWith(t, {}, name);
    expect(await rolesOf(t, name)).toEqual(['auditor']);
  });

  it('leaves no other way to change them', async () => {
    const { name } = await signInWith(t, { groups: [] });
    const answer = await t.owner.put(`/api/v2/users/${name}/roles`, { roles: ['user-admin'] });
    expect([answer.status, answer.body.message]).toEqual([
      400,
      'Cannot modify roles for OIDC users when role sync is enabled.',
    ]);
  });

  it('notes the change with the login in the audit log', async () => {
    const { name } = await signInWith(t, { groups: [] });
    await signInWith(t, { groups: ['ops'] }, name);
    const { rows } = await t.pool.query(
      `select diff->'rbac_roles' as roles from audit_logs where resource_target = $1 and resource_type = 'user' and action = 'write'`,
      [name],
    );
    expect(rows).toEqual([
      { roles: { old: ['auditor'], new: ['auditor', 'template-admin', 'user-admin'], secret: false } },
    ]);
  });

  it('never takes the last owner away, not even when the claims do', async () => {
    const app = await startApp({ env: { ...provider.env, CODER_OIDC_USER_ROLE_FIELD: 'groups' }, empty: true });
    const { name, browser } = await signInWith(app, { groups: [] });
    const roles = async () =>
      (await browser.get('/api/v2/users/me')).body.roles.map((role: { name: string }) => role.name);
    expect(await roles()).toEqual(['owner']);
    await signInWith(app, { groups: ['auditor'] }, name);
    expect(await roles()).toEqual(['auditor', 'owner']);
    await signInWith(app, { groups: ['owner'] });
    await signInWith(app, { groups: ['auditor'] }, name);
    expect(await roles()).toEqual(['auditor']);
  });

  it('keeps one owner when all of them lose the role at once', async () => {
    const app = await startApp({ env: { ...provider.env, CODER_OIDC_USER_ROLE_FIELD: 'groups' }, empty: true });
    const names: string[] = [];
    for (let i = 0; i < 3; i++) names.push((await signInWith(app, { groups: ['owner'] })).name);
    await Promise.all(names.map((name) => signInWith(app, { groups: [] }, name)));
    const { rows } = await app.pool.query(`select count(*)::int as n from users where roles @> array['owner']`);
    expect(rows).toEqual([{ n: 1 }]);
  });
});

describe('organizations from a claim', () => {
  const ids = { red: '11111111-1111-4111-8111-111111111111', blue: '22222222-2222-4222-8222-222222222222' };
  const mapping = JSON.stringify({
    red: [ids.red],
    both: [ids.red, ids.blue],
    gone: ['33333333-3333-4333-8333-333333333333'],
  });

  async function startMapped(env: Record<string, string> = {}): Promise<TestApp> {
    const t = await startApp({
      env: {
        ...provider.env,
        CODER_OIDC_ORGANIZATION_FIELD: 'teams',
        CODER_OIDC_ORGANIZATION_MAPPING: mapping,
        ...env,
      },
    });
    for (const [name, id] of Object.entries(ids)) {
      await t.pool.query(
        `insert into organizations (id, name, display_name, created_at, updated_at) values ($1, $2, $2, now(), now())`,
        [id, name],
      );
    }
    return t;
  }

  const organizationsOf = async (t: TestApp, name: string): Promise<string[]> =>
    [...(await t.owner.get(`/api/v2/users/${name}`)).body.organization_ids].sort();

  it('makes memberships equal to the mapped organizations and the default one, on every login', async () => {
    const t = await startMapped();
    const { name } = await signInWith(t, { teams: ['both', 'unmapped'] });
    expect(await organizationsOf(t, name)).toEqual([ids.red, ids.blue, t.organizationId].sort());
    await signInWith(t, { teams: 'red' }, name);
    expect(await organizationsOf(t, name)).toEqual([ids.red, t.organizationId].sort());
    await signInWith(t, {}, name);
    expect(await organizationsOf(t, name)).toEqual([t.organizationId]);
  });

  it('keeps the roles within an organization that somebody stays in', async () => {
    const t = await startMapped();
    const { name } = await signInWith(t, { teams: ['red'] });
    await t.owner.put(`/api/v2/organizations/${ids.red}/members/${name}/roles`, { roles: ['organization-admin'] });
    await signInWith(t, { teams: ['both'] }, name);
    const { body } = await t.owner.get(`/api/v2/users/${name}/roles`);
    expect(body.organization_roles[ids.red]).toEqual(['organization-admin']);
  });

  it('leaves the default organization out if told so, and mappings to nothing always', async () => {
    const t = await startMapped({ CODER_OIDC_ORGANIZATION_ASSIGN_DEFAULT: 'false' });
    const { name } = await signInWith(t, { teams: ['gone', 'red'] });
    expect(await organizationsOf(t, name)).toEqual([ids.red]);
    await signInWith(t, { teams: ['gone'] }, name);
    expect(await organizationsOf(t, name)).toEqual([]);
  });

  it('changes no membership when the login fails', async () => {
    const t = await startMapped();
    const { name } = await signInWith(t, { teams: ['red'] });
    const { name: other } = await signInWith(t, {});
    provider.accounts[name] = account(name, { teams: ['both'], email: `${other}@corp.test` });
    expect((await logIn(new Browser(t), provider, name)).status).toBe(409);
    expect(await organizationsOf(t, name)).toEqual([ids.red, t.organizationId].sort());
  });
});
