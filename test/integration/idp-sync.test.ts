// Settings of sync that change at runtime: what they mean for the next sign-in, who may change them, and the trial run.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn } from '../support/browser.ts';
import type { TestClient } from '../support/client.ts';
import { aName, aUser } from '../support/factories.ts';
import { type OidcProvider, startOidcProvider } from '../support/oidc-provider.ts';

const ORGANIZATION = '/api/v2/settings/idpsync/organization';
const TEST = '/api/v2/settings/idpsync/test';
const NOWHERE = '33333333-3333-4333-8333-333333333333';

let provider: OidcProvider;
let t: TestApp;
/** Another organization than the default one. */
let red: string;

beforeAll(async () => {
  // The provider tells the claims that some account had when it started.
  const claims = { orgs: '', orgroles: '', site: '', nickname: '', hasgroups: '', shade: '', 'odd.name': '', sure: '' };
  provider = await startOidcProvider({ accounts: { sample: { sub: 'sample', claims } } });
  t = await startApp({ env: { ...provider.env, CODER_OIDC_USER_ROLE_FIELD: 'site', CODER_OIDC_GROUP_FIELD: 'teams' } });
});

afterAll(() => provider.close());

beforeEach(async () => {
  await t.pool.query(`delete from site_settings where key like 'idpsync/%'`);
  red = (await t.owner.post('/api/v2/organizations', { name: aName('red') })).body.id;
});

const rolesPath = (organizationId: string) => `/api/v2/organizations/${organizationId}/settings/idpsync/roles`;
const groupsPath = (organizationId: string) => `/api/v2/organizations/${organizationId}/settings/idpsync/groups`;

/** Signs somebody in whose provider makes these claims; the name. */
async function signInWith(claims: Record<string, unknown>, name = aName('synced'), app = t): Promise<string> {
  provider.accounts[name] = {
    sub: name,
    claims: { email: `${name}@corp.test`, email_verified: true, preferred_username: name, ...claims },
  };
  expect((await logIn(new Browser(app), provider, name)).status).toBe(307);
  return name;
}

/** Where somebody is, with the roles there. */
async function placesOf(name: string): Promise<Record<string, string[]>> {
  const { rows } = await t.pool.query<{ organization_id: string; roles: string[] }>(
    `select m.organization_id, m.roles from organization_members m join users u on u.id = m.user_id where u.username = $1`,
    [name],
  );
  return Object.fromEntries(rows.map((row) => [row.organization_id, row.roles]));
}

const mustBe = async (answer: Promise<{ status: number; body: unknown }>, status = 200) =>
  expect((await answer).status).toBe(status);

describe('the next sign-in', () => {
  it('follows the organizations as they were set last, on another server of the same database too', async () => {
    const other = await startApp({ env: provider.env, url: t.databaseUrl });
    const mapping = { red: [red], lost: [NOWHERE], none: null };
    const name = await signInWith({ orgs: ['red'] });
    expect(Object.keys(await placesOf(name))).toEqual([t.organizationId]);
    await mustBe(t.owner.patch(ORGANIZATION, { field: 'orgs', mapping }));
    await signInWith({ orgs: ['red', 'lost', 'none', 'new'] }, name, other);
    expect(Object.keys(await placesOf(name))).toEqual([red]);
    await mustBe(t.owner.patch(`${ORGANIZATION}/config`, { field: 'orgs', assign_default: true }));
    const fresh = await signInWith({ orgs: 'red' }, undefined, other);
    expect(Object.keys(await placesOf(fresh)).sort()).toEqual([red, t.organizationId].sort());
    await mustBe(t.owner.patch(ORGANIZATION, {}));
    await signInWith({ orgs: [] }, fresh, other);
    expect(Object.keys(await placesOf(fresh))).toHaveLength(2);
  });

  it('follows the settings and no longer the environment once something is stored', async () => {
    const env = {
      CODER_OIDC_ORGANIZATION_FIELD: 'orgs',
      CODER_OIDC_ORGANIZATION_MAPPING: JSON.stringify({ red: [red] }),
    };
    const app = await startApp({ env: { ...provider.env, ...env }, url: t.databaseUrl });
    const name = await signInWith({ orgs: ['red'] }, undefined, app);
    expect(Object.keys(await placesOf(name)).sort()).toEqual([red, t.organizationId].sort());
    await mustBe(t.owner.patch(ORGANIZATION, {}));
    await signInWith({ orgs: [] }, name, app);
    expect(Object.keys(await placesOf(name))).toHaveLength(2);
  });

  it('gives the roles of each organization, takes what is no longer claimed, and leaves no other way to change them', async () => {
    await mustBe(
      t.owner.patch(rolesPath(t.organizationId), { field: 'orgroles', mapping: { boss: ['organization-admin'] } }),
    );
    const name = await signInWith({ orgroles: ['boss', 'organization-auditor', 'owner', 'nope'] });
    const place = async () => (await placesOf(name))[t.organizationId];
    expect(await place()).toEqual(['organization-admin', 'organization-auditor']);
    const put = await t.owner.put(`/api/v2/organizations/${t.organizationId}/members/${name}/roles`, { roles: [] });
    expect([put.status, put.body.message]).toEqual([
      400,
      'Cannot modify roles for OIDC users when role sync is enabled.',
    ]);
    expect(await place()).toEqual(['organization-admin', 'organization-auditor']);
    await signInWith({ orgroles: [] }, name);
    expect(await place()).toEqual([]);
    const { rows } = await t.pool.query(
      `select diff->'roles' as roles from audit_logs where resource_target = $1 and resource_type = 'organization_member'
       and action = 'write' and status_code = 200 order by time`,
      [name],
    );
    expect(rows.map(({ roles }) => roles.new)).toEqual([['organization-admin', 'organization-auditor'], []]);
  });

  it('leaves roles alone that the provider keeps elsewhere, and those set by hand without a field', async () => {
    await mustBe(t.owner.patch(rolesPath(t.organizationId), { field: 'groups' }));
    const name = await signInWith({ groups: ['organization-auditor'] });
    await signInWith({ hasgroups: true }, name);
    expect((await placesOf(name))[t.organizationId]).toEqual(['organization-auditor']);
    await mustBe(t.owner.patch(rolesPath(t.organizationId), {}));
    await signInWith({ groups: [] }, name);
    expect((await placesOf(name))[t.organizationId]).toEqual(['organization-auditor']);
    await mustBe(t.owner.put(`/api/v2/organizations/${t.organizationId}/members/${name}/roles`, { roles: [] }));
  });
});

describe('a change', () => {
  it('loses none of several at once, the first of which find nothing stored', async () => {
    const given = Array.from({ length: 12 }, (_, i) => `v${i}`);
    const answers = await Promise.all(
      given.map((one) => t.owner.patch(`${ORGANIZATION}/mapping`, { add: [{ given: one, gets: red }], remove: null })),
    );
    expect(answers.map(({ status }) => status)).toEqual(given.map(() => 200));
    const { body } = await t.owner.get(ORGANIZATION);
    expect(Object.keys(body.mapping).sort()).toEqual([...given].sort());
  });

  it('reads keys in any letter case, as Terraform writes them', async () => {
    const { body } = await t.owner.patch(`${rolesPath(red)}/mapping`, {
      Add: [{ Given: 'boss', Gets: 'organization-admin' }],
      Remove: null,
    });
    expect(body).toEqual({ field: '', mapping: { boss: ['organization-admin'] } });
  });

  it('does not let settings grow without end', async () => {
    const pairs = (from: number) =>
      Array.from({ length: 150 }, (_, i) => ({ given: `${from + i}`.padEnd(1000, 'x'), gets: red }));
    await mustBe(t.owner.patch(`${ORGANIZATION}/mapping`, { add: pairs(0) }));
    const before = (await t.owner.get(ORGANIZATION)).body;
    const { status, body } = await t.owner.patch(`${ORGANIZATION}/mapping`, { add: pairs(1000) });
    expect([status, body.message]).toEqual([400, 'The settings are too large.']);
    expect((await t.owner.get(ORGANIZATION)).body).toEqual(before);
  });

  it('refuses expressions that would take long, and keeps the old one', async () => {
    await mustBe(t.owner.patch(groupsPath(red), { field: 'g', regex_filter: '^a' }));
    for (const regex_filter of ['(a+)+(?=b)', 'x{0,1000}'.repeat(20), '(', 5]) {
      const { status, body } = await t.owner.patch(`${groupsPath(red)}/config`, { field: 'h', regex_filter });
      expect([status, body.message]).toEqual([400, 'Request body must be valid JSON.']);
    }
    const long = await t.owner.patch(groupsPath(red), { regex_filter: 'x'.repeat(257) });
    expect([long.status, long.body.validations[0].field]).toEqual([400, 'regex_filter']);
    expect((await t.owner.get(groupsPath(red))).body).toMatchObject({ field: 'g', regex_filter: '^a' });
  });

  it('is forgotten with its organization', async () => {
    await mustBe(t.owner.patch(groupsPath(red), { field: 'g' }));
    await mustBe(t.owner.patch(rolesPath(red), { field: 'r' }));
    await mustBe(t.owner.delete(`/api/v2/organizations/${red}`));
    expect((await t.pool.query(`select key from site_settings where key like 'idpsync/%'`)).rows).toEqual([]);
  });
});

describe('known claims', () => {
  it('are those of living members, and no text of a query is an error of ours', async () => {
    const name = await signInWith({ shade: ['deep "blue"', 7], 'odd.name': 'x' });
    const fields = (await t.owner.get('/api/v2/settings/idpsync/available-fields')).body;
    expect(fields).toEqual(expect.arrayContaining(['odd.name', 'shade']));
    const values = async (claim: string) =>
      (await t.owner.get(`/api/v2/settings/idpsync/field-values?claimField=${encodeURIComponent(claim)}`)).body;
    expect([await values('shade'), await values('odd.name')]).toEqual([['deep "blue"'], ['x']]);
    for (const odd of ['\u0000', "'; drop table users", '$.a', 'x'.repeat(4000)]) expect(await values(odd)).toEqual([]);
    const inRed = await t.owner.get(`/api/v2/organizations/${red}/settings/idpsync/field-values?claimField=shade`);
    expect(inRed.body).toEqual([]);
    await mustBe(t.owner.delete(`/api/v2/users/${name}`));
    expect(await values('shade')).toEqual([]);
  });
});

describe('a trial run', () => {
  const CLAIMS = { orgs: ['red', 'lost'], orgroles: ['boss', 'nope'], teams: ['dev', 'ops'], site: ['auditor'] };

  async function setUp(): Promise<void> {
    await mustBe(t.owner.patch(ORGANIZATION, { field: 'orgs', mapping: { red: [red], lost: [NOWHERE] } }));
    await mustBe(t.owner.patch(rolesPath(red), { field: 'orgroles', mapping: { boss: ['organization-admin'] } }));
    const groups = {
      field: 'teams',
      mapping: { dev: [NOWHERE] },
      regex_filter: '^(dev|ops)',
      auto_create_missing_groups: true,
    };
    await mustBe(t.owner.patch(groupsPath(red), groups));
  }

  it('tells what a sign-in with the claims then does, and changes nothing itself', async () => {
    await setUp();
    const stateOf = async () =>
      (
        await t.pool.query(`select (select count(*) from users) as users, (select count(*) from organization_members) as members,
          (select count(*) from audit_logs) as entries, (select jsonb_agg(s order by key) from site_settings s) as settings`)
      ).rows;
    const before = await stateOf();
    const { status, body } = await t.owner.post(TEST, { claims: CLAIMS });
    expect(status).toBe(200);
    expect(await stateOf()).toEqual(before);
    const { name, display_name } = (await t.owner.get(`/api/v2/organizations/${red}`)).body;
    expect(body).toEqual({
      roles: ['auditor'],
      organizations_synced: true,
      organizations: [
        {
          ...{ id: red, name, display_name, roles: ['organization-admin'] },
          groups: [
            { id: NOWHERE, name: '' },
            { id: '', name: 'ops' },
          ],
          auto_create_missing_groups: true,
        },
      ],
      notes: [
        { message: expect.stringContaining('organization that does not exist'), values: [NOWHERE] },
        { message: expect.stringContaining('no role of an organization'), values: ['nope'] },
      ],
    });
    const person = await signInWith(CLAIMS);
    expect(await placesOf(person)).toEqual({ [red]: body.organizations[0].roles });
    expect((await t.owner.get(`/api/v2/users/${person}`)).body.roles).toMatchObject([{ name: 'auditor' }]);
  });

  it('says so when nothing is synchronized, and what the provider keeps elsewhere', async () => {
    const plain = await t.owner.post(TEST, { claims: { site: 'auditor' } });
    expect(plain.body).toMatchObject({
      organizations_synced: false,
      organizations: [{ id: t.organizationId, roles: null, groups: [] }],
    });
    await mustBe(t.owner.patch(ORGANIZATION, { field: 'orgs' }));
    const { body } = await t.owner.post(TEST, { claims: { _claim_names: { orgs: 'src', site: 'src' } } });
    expect(body).toMatchObject({ roles: null, organizations_synced: false });
    expect(body.notes).toMatchObject([{ values: ['site'] }, { values: ['orgs'] }]);
  });

  it.each<[string, unknown, number]>([
    ['no claims at all', {}, 200],
    ['claims of any kind', { claims: { a: null, b: [[{ c: 1e30 }]], __proto__: 1, orgs: { x: 1 } } }, 200],
    ['no object', { claims: [] }, 400],
    [
      'more claims than anybody has',
      { claims: Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`c${i}`, 1])) },
      400,
    ],
  ])('takes %s or says what is wrong', async (_title, body, status) => {
    await setUp();
    await mustBe(t.owner.post(TEST, body), status);
  });

  it('is for those who may read the settings', async () => {
    const { client } = await aUser(t);
    const answer = await client.post(TEST, { claims: CLAIMS });
    expect([answer.status, answer.body.organizations]).toEqual([403, undefined]);
  });
});

describe('nobody gets a role by sync that whoever set it up could not hand out', () => {
  async function someoneWith(role: string): Promise<TestClient> {
    const { client, username } = await aUser(t);
    const path = `/api/v2/organizations/${t.organizationId}/members/${username}/roles`;
    await mustBe(
      role === 'user-admin'
        ? t.owner.put(`/api/v2/users/${username}/roles`, { roles: [role] })
        : t.owner.put(path, { roles: [role] }),
    );
    return client;
  }

  it.each<[string, string[]]>([
    ['organization-user-admin', ['agents-access']],
    ['user-admin', ['agents-access']],
    ['organization-admin', ['agents-access', 'organization-admin']],
  ])('%s', async (role, given) => {
    const setter = await someoneWith(role);
    const path = rolesPath(t.organizationId);
    // The owner's mapping with another's field is another's setting.
    await mustBe(t.owner.patch(path, { field: 'sure', mapping: { boss: ['organization-admin'] } }));
    await mustBe(setter.patch(`${path}/config`, { field: 'nickname' }));
    const name = await signInWith({ nickname: ['boss', 'organization-admin', 'agents-access'] });
    expect((await placesOf(name))[t.organizationId]).toEqual(given);
  });
});
