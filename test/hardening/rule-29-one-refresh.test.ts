// Rule 29: one refresh of a provider's token, on all replicas; a provider that is away costs nobody the own key.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HOUR } from '../../src/clock.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn } from '../support/browser.ts';
import { aName } from '../support/factories.ts';
import { type OidcProvider, startOidcProvider } from '../support/oidc-provider.ts';
import { cleanUp, startServer, until } from '../support/server.ts';

let provider: OidcProvider;
let t: TestApp;
let url: string;

beforeAll(async () => {
  provider = await startOidcProvider({ accounts: {} });
  t = await startApp({ env: provider.env });
  url = t.config.postgres.url ?? '';
});

afterEach(() => {
  provider.faults = {};
});

afterAll(async () => {
  await cleanUp();
  await provider.close();
});

/** The session key of somebody whose provider's token has run out a minute ago. */
async function anExpiredSession(): Promise<string> {
  const name = aName('refresh');
  const claims = { email: `${name}@corp.test`, email_verified: true, preferred_username: name };
  provider.accounts[name] = { sub: name, claims };
  const browser = new Browser(t);
  expect((await logIn(browser, provider, name)).status).toBe(307);
  await t.pool.query(`update user_links set expires_at = now() - interval '1 minute' where linked_id = $1`, [
    `${provider.issuer}||${name}`,
  ]);
  provider.grants.length = 0;
  return browser.session ?? '';
}

const linkOf = async (session: string) => {
  const { rows } = await t.pool.query<{ expired: boolean; leased: boolean }>(
    `select l.expires_at < now() as expired, l.refresh_until is not null as leased
     from user_links l join api_keys k on k.user_id = l.user_id where k.id = $1`,
    [session.split('-')[0]],
  );
  return rows[0];
};

const lease = (session: string, until: string) =>
  t.pool.query(
    `update user_links set refresh_until = now() + $2::interval where user_id = (select user_id from api_keys where id = $1)`,
    [session.split('-')[0], until],
  );

describe('several server processes', () => {
  it('share one refresh, and all requests that waited for it go on', async () => {
    const env = {
      ...provider.env,
      CODER_PG_CONNECTION_URL: url,
      CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true',
      CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
    };
    const servers = await Promise.all([startServer(env), startServer(env)]);
    const session = await anExpiredSession();
    provider.faults = { slow: { paths: ['/token'], ms: 700 } };
    const headers = { 'coder-session-token': session };
    const requests = servers.flatMap((server) =>
      Array.from({ length: 6 }, () => fetch(`${server.url}/api/v2/users/me`, { headers })),
    );
    const answers = await Promise.all([...requests, t.as(session).get('/api/v2/users/me')]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(provider.grants).toEqual(['refresh_token']);
    expect(await linkOf(session)).toEqual({ expired: false, leased: false });
  });
});

describe('a provider that cannot be reached', () => {
  it.each<[string, NonNullable<OidcProvider['faults']>]>([
    ['breaks down', { answers: { '/token': { status: 500, body: 'oops' } } }],
    ['is busy', { answers: { '/token': { status: 503, body: '{"error":"temporarily_unavailable"}' } } }],
    ['limits requests', { answers: { '/token': { status: 429, body: '' } } }],
    ['answers garbage', { answers: { '/token': { status: 200, body: '<html>' } } }],
    ['never answers', { slow: { paths: ['/token'], ms: 60_000 } }],
    [
      'does not know this server any more',
      { answers: { '/token': { status: 401, body: '{"error":"invalid_client"}' } } },
    ],
  ])('and %s is 503 with Retry-After, and the key is good again afterwards', async (_title, faults) => {
    const session = await anExpiredSession();
    provider.faults = faults;
    const answer = await t.as(session).get('/api/v2/users/me');
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(answer.body.message).toBe('The OpenID Connect provider cannot be reached right now.');
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(await linkOf(session)).toEqual({ expired: true, leased: false });
    provider.faults = {};
    expect((await t.as(session).get('/api/v2/users/me')).status).toBe(200);
  });

  it('holds no connection of the pool: other people go on while many wait for it', async () => {
    const sessions = [];
    for (let i = 0; i < 15; i++) sessions.push(await anExpiredSession());
    provider.faults = { slow: { paths: ['/token'], ms: 2500 } };
    let waiting = sessions.length;
    const slow = sessions.map(async (session) => {
      const answer = await t.as(session).get('/api/v2/users/me');
      waiting -= 1;
      return answer.status;
    });
    await until(async () => {
      const { rowCount } = await t.pool.query('select 1 from user_links where refresh_until is not null');
      return rowCount === sessions.length;
    }, 'all are waiting for the provider');
    for (let i = 0; i < 5; i++) expect((await t.owner.get('/api/v2/users/me')).status).toBe(200);
    expect(waiting).toBe(sessions.length);
    expect(await Promise.all(slow)).toEqual(sessions.map(() => 200));
  });
});

describe('the right to refresh', () => {
  it('passes on when whoever had it is gone', async () => {
    const session = await anExpiredSession();
    await lease(session, '1 second');
    expect((await t.as(session).get('/api/v2/users/me')).status).toBe(200);
    expect(provider.grants).toEqual(['refresh_token']);
  });

  it("is nobody else's meanwhile: whoever waits too long is told to come again", async () => {
    const session = await anExpiredSession();
    await lease(session, '1 hour');
    const answer = await t.as(session).get('/api/v2/users/me');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    expect(provider.grants).toEqual([]);
  });

  it('is lost to a login, whose tokens stay', async () => {
    const session = await anExpiredSession();
    const { rows } = await t.pool.query<{ username: string }>(
      'select username from users where id = (select user_id from api_keys where id = $1)',
      [session.split('-')[0]],
    );
    provider.faults = { slow: { paths: ['/token'], ms: 1500 } };
    const waiting = t.as(session).get('/api/v2/users/me');
    await until(async () => (await linkOf(session))?.leased, 'the refresh is under way');
    provider.faults = {};
    await logIn(new Browser(t), provider, rows[0]?.username ?? '');
    const tokens =
      'select access_token, refresh_token from user_links l join users u on u.id = l.user_id where username = $1';
    const stored = await t.pool.query(tokens, [rows[0]?.username]);
    expect((await waiting).status).toBe(200);
    expect((await t.pool.query(tokens, [rows[0]?.username])).rows).toEqual(stored.rows);
    t.clock.advance(2 * HOUR);
    expect((await t.as(session).get('/api/v2/users/me')).status).toBe(200);
  });

  it('is not taken for a token that is still good, nor is the provider asked', async () => {
    const session = await anExpiredSession();
    expect((await t.as(session).get('/api/v2/users/me')).status).toBe(200);
    await Promise.all(Array.from({ length: 5 }, () => t.as(session).get('/api/v2/users/me')));
    expect(provider.grants).toEqual(['refresh_token']);
  });
});
