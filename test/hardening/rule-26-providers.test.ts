// Rule 26, for logins through providers: what was true when a login looked must be true when it writes.
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn } from '../support/browser.ts';
import { aName } from '../support/factories.ts';
import { type OidcProvider, startOidcProvider } from '../support/oidc-provider.ts';
import { until } from '../support/server.ts';

let provider: OidcProvider;
let t: TestApp;

beforeAll(async () => {
  provider = await startOidcProvider({ accounts: {} });
  t = await startApp({ env: provider.env });
});

afterAll(async () => {
  await provider.close();
});

/** Somebody with an account that the provider's first login will find by its address. */
async function aPreparedPerson() {
  const name = aName('race');
  const email = `${name}@corp.test`;
  provider.accounts[name] = { sub: name, claims: { email, email_verified: true, preferred_username: name } };
  const body = { username: name, email, login_type: 'oidc', organization_ids: [t.organizationId] };
  const { id } = (await t.owner.post('/api/v2/users', body)).body;
  return { name, email, id: String(id) };
}

/** Lets a login wait for the row of an account, changes that meanwhile, and lets the login go on. */
async function whileWaiting(
  id: string,
  login: () => Promise<unknown>,
  change: (client: pg.PoolClient) => Promise<unknown>,
) {
  const client = await t.pool.connect();
  try {
    await client.query('begin');
    await client.query('select 1 from users where id = $1 for update', [id]);
    const done = login();
    await until(async () => {
      const { rowCount } = await t.pool.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return (rowCount ?? 0) > 0;
    }, 'the login waits for the row');
    // What changes is not the login's doing: requests that overlap are not judged by what they leave behind.
    await t.anonymous.get('/healthz');
    await change(client);
    await client.query('commit');
    await done;
  } catch (err) {
    await client.query('rollback');
    throw err;
  } finally {
    client.release();
  }
}

const linksOf = async (id: string) =>
  (await t.pool.query('select linked_id from user_links where user_id = $1', [id])).rows.map((row) => row.linked_id);

describe('a login that waited for an account', () => {
  it('does not come into one whose address is another by then', async () => {
    const { name, id } = await aPreparedPerson();
    const browser = new Browser(t);
    await whileWaiting(
      id,
      () => logIn(browser, provider, name),
      (client) => client.query('update users set email = $2 where id = $1', [id, `${name}@moved.test`]),
    );
    const me = (await browser.get('/api/v2/users/me')).body;
    expect(me.id).not.toBe(id);
    expect(me.email).toBe(`${name}@corp.test`);
    expect(await linksOf(id)).toEqual([]);
  });

  it.each([
    ['suspended', `update users set status = 'suspended' where id = $1`, 'Account suspended'],
    ['of another login type', `update users set login_type = 'password' where id = $1`, 'Incorrect login type'],
    [
      'linked to somebody else',
      `insert into user_links (user_id, login_type, linked_id) select id, 'oidc', 'another||' || id from users where id = $1`,
      'Account already linked',
    ],
  ])('is refused by one that is %s by then, and changes nothing', async (_title, change, title) => {
    const { name, id } = await aPreparedPerson();
    const browser = new Browser(t);
    let text = '';
    await whileWaiting(
      id,
      async () => {
        text = (await logIn(browser, provider, name)).text;
      },
      (client) => client.query(change, [id]),
    );
    expect(text).toContain(title);
    expect(browser.session).toBeUndefined();
    expect(await linksOf(id)).not.toContain(`${provider.issuer}||${name}`);
    const keys = await t.pool.query('select 1 from api_keys where user_id = $1', [id]);
    expect(keys.rowCount).toBe(0);
  });

  it('makes an account of its own when that one is deleted by then', async () => {
    const { name, id } = await aPreparedPerson();
    const browser = new Browser(t);
    await whileWaiting(
      id,
      () => logIn(browser, provider, name),
      (client) => client.query('update users set deleted = true where id = $1', [id]),
    );
    expect((await browser.get('/api/v2/users/me')).body).toMatchObject({ username: name, status: 'active' });
    expect(await linksOf(id)).toEqual([]);
  });
});
