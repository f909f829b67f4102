// Rule 36: the last owner is a person who can sign in: active, no service account, with a login type other than `none`.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn } from '../support/browser.ts';
import { aUser } from '../support/factories.ts';
import { type OidcProvider, startOidcProvider } from '../support/oidc-provider.ts';

let provider: OidcProvider;
beforeAll(async () => {
  provider = await startOidcProvider({
    accounts: {
      chief: { sub: 'chief', claims: { email: 'chief@corp.test', email_verified: true, preferred_username: 'chief' } },
    },
  });
});
afterAll(() => provider.close());

/** Owners who are nobody that could sign in and look after the deployment. */
const NOBODY: Record<string, { make: Record<string, unknown>; afterwards?: string }> = {
  'a service account': { make: { service_account: true } },
  'an account of the login type none': { make: { login_type: 'none' } },
  'a suspended owner': { make: {}, afterwards: `update users set status = 'suspended' where id = $1` },
  'an owner who never came back': { make: {}, afterwards: `update users set status = 'dormant' where id = $1` },
  'a deleted owner': { make: {}, afterwards: `update users set deleted = true where id = $1` },
};

async function ownersOf(t: TestApp): Promise<string[]> {
  const { rows } = await t.pool.query<{ username: string }>(
    `select username from users where not deleted and 'owner' = any(roles) order by username`,
  );
  return rows.map(({ username }) => username);
}

describe.each(Object.entries(NOBODY))('beside %s', (_, { make, afterwards }) => {
  async function startWith(env: Record<string, string> = {}) {
    const t = await startApp({ env });
    const other = await aUser(t, { ...make, roles: ['owner'] });
    if (afterwards) await t.pool.query(afterwards, [other.id]);
    // Somebody must ask: an owner who acts through a token alone is none who could sign in.
    const machine = await aUser(t, { service_account: true, roles: ['owner'] });
    return { t, machine: machine.client };
  }

  it('the last person is neither deleted nor demoted nor suspended', async () => {
    const { t, machine } = await startWith();
    const before = await ownersOf(t);
    const person = `/api/v2/users/${t.ownerId}`;
    const deleted = await machine.delete(person);
    expect([deleted.status, deleted.body.message]).toEqual([400, 'The last owner cannot be deleted.']);
    for (const roles of [[], ['auditor'], ['user-admin', 'member']]) {
      const demoted = await machine.put(`${person}/roles`, { roles });
      expect([demoted.status, demoted.body.message]).toEqual([400, 'The last owner cannot be demoted.']);
    }
    expect((await machine.put(`${person}/status/suspend`)).status).toBe(400);
    expect(await ownersOf(t)).toEqual(before);
    expect((await t.owner.get('/api/v2/users/me')).status).toBe(200);

    // With another person there, each of them may go.
    const second = await aUser(t, { roles: ['owner'] });
    expect((await machine.put(`${person}/roles`, { roles: ['auditor'] })).status).toBe(200);
    expect((await machine.delete(person)).status).toBe(200);
    expect((await machine.delete(`/api/v2/users/${second.id}`)).status).toBe(400);
  });

  it('the last person keeps the role whatever the identity provider says', async () => {
    const { t } = await startWith({
      ...provider.env,
      CODER_OIDC_USER_ROLE_FIELD: 'groups',
      CODER_OIDC_USER_ROLE_MAPPING: '{"chiefs": ["owner"]}',
    });
    const chief = provider.accounts.chief;
    if (!chief) throw new Error('the provider lost its account');
    const signIn = async (groups: string[]) => {
      chief.claims = { ...chief.claims, groups };
      expect((await logIn(new Browser(t), provider, 'chief')).status).toBe(307);
    };
    await signIn(['chiefs']);
    await t.pool.query(`update users set roles = '{}' where id = $1`, [t.ownerId]);
    await signIn([]);
    expect(await ownersOf(t)).toContain('chief');
    await t.pool.query(`update users set roles = '{owner}' where id = $1`, [t.ownerId]);
    await signIn([]);
    expect(await ownersOf(t)).not.toContain('chief');
  });
});
