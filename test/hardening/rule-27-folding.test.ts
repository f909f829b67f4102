// Rule 27: two spellings are one person only in ASCII. Letter case folds for A-Z alone, text is composed, and look-alikes
// that a wider folding would take for the same never reach another account.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../src/postgres/client.ts';
import { knownMigrations, migrate } from '../../src/store/migrate.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn } from '../support/browser.ts';
import { aName, aUser } from '../support/factories.ts';
import { startOidcProvider } from '../support/oidc-provider.ts';
import { emptyDatabase } from '../support/postgres.ts';

const KELVIN = '\u212a';
const LONG_S = '\u017f';
const DOTTED_I = '\u0130';

let t: TestApp;
beforeAll(async () => {
  t = await startApp();
});

const create = (app: TestApp, username: string, email: string) =>
  app.owner.post('/api/v2/users', {
    username,
    email,
    password: PASSWORD,
    user_status: 'active',
    organization_ids: [app.organizationId],
  });
const login = (app: TestApp, email: string) => app.anonymous.post('/api/v2/users/login', { email, password: PASSWORD });
const requestReset = (app: TestApp, email: string) => app.anonymous.post('/api/v2/users/otp/request', { email });
/** Who an address signs in as. */
async function whoIs(app: TestApp, email: string): Promise<string | number> {
  const { status, body } = await login(app, email);
  return status === 201 ? (await app.as(body.session_token).get('/api/v2/users/me')).body.username : status;
}
const countOf = async (app: TestApp) => (await app.owner.get('/api/v2/users')).body.count;

describe('letter case of A-Z', () => {
  test('makes no other person: creation, login, paths, members', async () => {
    const user = await aUser(t, { username: 'Kim', email: 'Kim@Example.com' });
    expect((await create(t, 'kIM', 'other@example.com')).status).toBe(409);
    expect((await create(t, aName(), 'KIM@EXAMPLE.COM')).status).toBe(409);
    expect(await whoIs(t, 'kim@example.COM')).toBe('Kim');
    expect((await t.owner.get('/api/v2/users/KIM')).body.id).toBe(user.id);
    expect((await t.owner.get('/api/v2/organizations/CODER/members/kIm')).body.user_id).toBe(user.id);
    expect((await t.owner.post('/api/v2/organizations', { name: 'Acme' })).status).toBe(201);
    expect((await t.owner.post('/api/v2/organizations', { name: 'aCME' })).status).toBe(409);
  });
});

describe('look-alikes', () => {
  test('of an address do not sign in, reset or create', async () => {
    await aUser(t, { username: 'skid', email: 'skid@kiosk.example' });
    const before = await countOf(t);
    t.mails.length = 0;
    for (const email of [`s${KELVIN}id@kiosk.example`, `skid@${KELVIN}iosk.example`, `${LONG_S}kid@kiosk.example`]) {
      expect(await whoIs(t, email)).toBeOneOf([400, 401]);
      expect((await requestReset(t, email)).status).toBeOneOf([204, 400]);
    }
    expect((await create(t, aName(), `s${KELVIN}id@kiosk.example`)).status).toBe(400);
    expect(t.mails).toEqual([]);
    expect(await countOf(t)).toBe(before);
  });

  test('of an address that are addresses are persons of their own', async () => {
    await aUser(t, { username: 'info', email: 'info@example.net' });
    expect((await create(t, 'dotted', `${DOTTED_I}nfo@example.net`)).status).toBe(201);
    expect((await create(t, 'long', `in${LONG_S}o@example.net`)).status).toBe(201);
    expect((await create(t, 'plain', 'inso@example.net')).status).toBe(201);
    expect(await whoIs(t, 'INFO@example.net')).toBe('info');
    expect(await whoIs(t, `${DOTTED_I}NFO@example.net`)).toBe('dotted');
    expect(await whoIs(t, `IN${LONG_S}O@example.net`)).toBe('long');
    expect(await whoIs(t, 'INSO@example.net')).toBe('plain');
    // Outside ASCII letter case counts.
    expect((await create(t, 'umlaut', 'ärzte@example.net')).status).toBe(201);
    expect(await whoIs(t, 'Ärzte@example.net')).toBe(401);
  });

  test('of a name reach nobody, and nobody can have one', async () => {
    await aUser(t, { username: 'mike' });
    for (const path of ['/api/v2/users/', '/api/v2/organizations/coder/members/'])
      expect((await t.owner.get(`${path}${encodeURIComponent(`mi${KELVIN}e`)}`)).status).toBe(404);
    expect((await t.owner.get(`/api/v2/organizations/${encodeURIComponent('\u0131coder')}`)).status).toBe(404);
    expect((await create(t, `mi${KELVIN}e`, 'other@example.net')).status).toBe(400);
    expect((await t.owner.put('/api/v2/users/mike/profile', { username: `mi${KELVIN}es` })).status).toBe(400);
    expect((await t.owner.get('/api/v2/users/mike')).status).toBe(200);
  });

  test('in what a provider claims link to nobody', async () => {
    const person = (sub: string, email: string) => ({ sub, claims: { email, email_verified: true } });
    const provider = await startOidcProvider({
      accounts: {
        kelvin: person('1', `${KELVIN}ate@corp.example`),
        composed: person('2', 'zo\u00eb@corp.example'),
        upper: person('3', 'KATE@corp.example'),
      },
    });
    afterAll(() => provider.close());
    const app = await startApp({ env: provider.env });
    const kate = await aUser(app, { username: 'kate', email: 'kate@corp.example', login_type: 'oidc' });
    const zoe = await aUser(app, { username: 'zoe', email: 'zoe\u0308@corp.example', login_type: 'oidc' });
    const idAfterLogin = async (account: string) => {
      const browser = new Browser(app);
      await logIn(browser, provider, account);
      return (await browser.get('/api/v2/users/me')).body.id;
    };
    expect(await idAfterLogin('kelvin')).not.toBe(kate.id);
    expect(await idAfterLogin('composed')).toBe(zoe.id);
    expect(await idAfterLogin('upper')).toBe(kate.id);
  });
});

describe('composed and decomposed', () => {
  test('are one text: addresses, names, display names', async () => {
    const made = await create(t, 'zoe', 'zoe\u0308@example.net');
    expect([made.status, made.body.email]).toEqual([201, 'zo\u00eb@example.net']);
    expect(await whoIs(t, 'zo\u00eb@example.net')).toBe('zoe');
    expect(await whoIs(t, 'zoe\u0308@example.net')).toBe('zoe');
    expect((await create(t, aName(), 'zo\u00eb@example.net')).status).toBe(409);
    const profile = await t.owner.put('/api/v2/users/zoe/profile', { username: 'zoe', name: 'Zoe\u0308' });
    expect(profile.body.name).toBe('Zo\u00eb');
    const organization = { name: aName('org'), display_name: 'Cafe\u0301' };
    expect((await t.owner.post('/api/v2/organizations', organization)).body.display_name).toBe('Caf\u00e9');
  });

  test('passwords are taken as typed', async () => {
    const user = await aUser(t, { password: 'Quite-a-long-Caf\u00e9-9' });
    const { status } = await t.anonymous.post('/api/v2/users/login', {
      email: user.email,
      password: 'Quite-a-long-Cafe\u0301-9',
    });
    expect(status).toBe(401);
  });
});

describe('a database under a Turkish locale', () => {
  test('folds I to i like any other', async () => {
    const { url } = await emptyDatabase({ icuLocale: 'tr' });
    const [{ lower } = {}] = await withClient(url, async (client) => (await client.query(`select lower('I')`)).rows);
    expect(lower).toBe('\u0131');
    await migrate(url);
    const app = await startApp({ url });
    const first = { email: 'INFO@example.com', username: 'INFO', password: PASSWORD };
    expect((await app.anonymous.post('/api/v2/users/first', first)).status).toBe(201);
    const { status, body } = await login(app, 'info@EXAMPLE.com');
    expect(status).toBe(201);
    const owner = app.as(body.session_token);
    expect((await owner.get('/api/v2/users/info')).body.username).toBe('INFO');
    const { body: me } = await owner.get('/api/v2/users/me');
    const other = { ...first, username: aName(), email: 'info@example.com', organization_ids: me.organization_ids };
    expect((await owner.post('/api/v2/users', other)).status).toBe(409);
    expect((await owner.get(`/api/v2/users/${encodeURIComponent('\u0131nfo')}`)).status).toBe(404);
  });

  test('keeps everybody when accounts that differed there become the same', async () => {
    const { url } = await emptyDatabase({ icuLocale: 'tr' });
    const known = knownMigrations();
    await migrate(url, known.slice(0, 2));
    const insert = `insert into users (id, username, email, name, login_type, status, created_at, updated_at)
      values (gen_random_uuid(), $1, $2, $3, 'password', 'active', $4, now())`;
    await withClient(url, async (client) => {
      await client.query(insert, ['INFO', 'INFO@example.com', 'Zoe\u0308', '2020-01-01']);
      await client.query(insert, ['info', 'info@example.com', '', '2021-01-01']);
      await client.query(insert, ['zoe', 'zoe\u0308@example.com', '', '2020-01-01']);
      await client.query(insert, ['zoe2', 'zo\u00eb@example.com', '', '2021-01-01']);
      await client.query(insert, ['kelvin', `${KELVIN}im@example.com`, '', '2020-01-01']);
    });
    expect(await migrate(url)).toBe(known.length - 2);
    const { rows, log } = await withClient(url, async (client) => ({
      rows: (
        await client.query(
          `select id, username, email, name from users where not is_system order by created_at, username`,
        )
      ).rows,
      log: (await client.query(`select resource_id as id, diff from audit_logs`)).rows,
    }));
    const idOf = (name: string) => rows.find(({ username }) => username.startsWith(name))?.id ?? '';
    const [info, zoe] = [idOf('info'), idOf('zoe2')];
    expect(rows.map(({ username, email, name }) => [username, email, name])).toEqual([
      ['INFO', 'INFO@example.com', 'Zo\u00eb'],
      ['kelvin', `${KELVIN}im@example.com`, ''],
      ['zoe', 'zo\u00eb@example.com', ''],
      [`info-${info.slice(0, 8)}`, `${info}@duplicate.invalid`, ''],
      ['zoe2', `${zoe}@duplicate.invalid`, ''],
    ]);
    expect(log.map(({ id, diff }) => [id, Object.keys(diff)]).sort()).toEqual(
      [
        [info, ['username']],
        [info, ['email']],
        [zoe, ['email']],
      ].sort(),
    );
  });
});
