// Sessions of an identity provider whose token runs out: refreshed on the way, refused when that fails, never ended.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HOUR } from '../../src/clock.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn } from '../support/browser.ts';
import { aName } from '../support/factories.ts';
import { type OidcProvider, startOidcProvider } from '../support/oidc-provider.ts';

describe('a session whose provider token has run out', () => {
  let t: TestApp;
  let provider: OidcProvider;
  let withoutRefresh: OidcProvider;

  const account = (name: string) => ({
    sub: name,
    claims: { email: `${name}@corp.test`, email_verified: true, preferred_username: name },
  });

  beforeAll(async () => {
    provider = await startOidcProvider({ accounts: {} });
    withoutRefresh = await startOidcProvider({ accounts: {}, refreshTokens: false });
    t = await startApp({ env: provider.env });
  });

  afterEach(() => {
    provider.faults = {};
    provider.grants.length = 0;
  });

  afterAll(async () => {
    await Promise.all([provider.close(), withoutRefresh.close()]);
  });

  /** Somebody who signed in more than an hour ago, when the token was good for an hour. */
  async function aSession(): Promise<{ token: string; name: string }> {
    const name = aName('session');
    provider.accounts[name] = account(name);
    const browser = new Browser(t);
    await logIn(browser, provider, name);
    t.clock.advance(2 * HOUR);
    provider.grants.length = 0;
    return { token: browser.session ?? '', name };
  }

  /** When a session ends, in milliseconds. */
  const endOf = async (token: string) => {
    const { rows } = await t.pool.query<{ ends: string }>(
      'select (extract(epoch from expires_at) * 1000)::bigint::text as ends from api_keys where id = $1',
      [token.split('-')[0]],
    );
    return rows[0]?.ends;
  };

  it('goes on after one refresh, which requests at the same time share', async () => {
    const { token } = await aSession();
    const answers = await Promise.all(Array.from({ length: 5 }, () => t.as(token).get('/api/v2/users/me')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(provider.grants).toEqual(['refresh_token']);
    expect((await t.as(token).get('/api/v2/users/me')).status).toBe(200);
    expect(provider.grants).toEqual(['refresh_token']);
  });

  it('uses the newest refresh token the next time', async () => {
    const { token } = await aSession();
    for (let i = 0; i < 2; i++) {
      expect((await t.as(token).get('/api/v2/users/me')).status).toBe(200);
      t.clock.advance(2 * HOUR);
    }
    expect(provider.grants).toEqual(['refresh_token', 'refresh_token']);
  });

  it('is refused while the provider refuses, and counts again when it recovers', async () => {
    const { token } = await aSession();
    const end = await endOf(token);
    provider.faults = { answers: { '/token': { status: 400, body: '{"error":"invalid_grant"}' } } };
    const refused = await t.as(token).get('/api/v2/users/me');
    expect(refused.status).toBe(401);
    expect(refused.body.message).toBe(
      'Could not refresh expired OpenID Connect token. Try re-authenticating to resolve this issue.',
    );
    expect(refused.body.detail).not.toBe('');
    expect((await t.as(token).post('/api/v2/users/logout')).status).toBe(401);
    expect((await t.as(token).get('/api/v2/users/authmethods')).status).toBe(200);
    expect(await endOf(token)).toEqual(end);
    provider.faults = {};
    for (let i = 0; i < 2; i++) expect((await t.as(token).get('/api/v2/users/me')).status).toBe(200);
    expect(Number(await endOf(token))).toBeGreaterThan(Number(end));
  });

  it('does not concern the tokens that the session made', async () => {
    const { name } = await aSession();
    const browser = new Browser(t);
    await logIn(browser, provider, name);
    const made = await t.as(browser.session ?? '').post('/api/v2/users/me/keys/tokens', { token_name: 'mine' });
    t.clock.advance(2 * HOUR);
    provider.faults = { answers: { '/token': { status: 400, body: '{"error":"invalid_grant"}' } } };
    expect((await t.as(made.body.key).get('/api/v2/users/me')).status).toBe(200);
  });

  it('ends at the given time without a refresh token, until the next login', async () => {
    const app = await startApp({ env: withoutRefresh.env });
    const name = aName('session');
    withoutRefresh.accounts[name] = account(name);
    const browser = new Browser(app);
    await logIn(browser, withoutRefresh, name);
    const old = browser.session ?? '';
    app.clock.advance(2 * HOUR);
    const refused = await app.as(old).get('/api/v2/users/me');
    expect(refused.status).toBe(401);
    expect(refused.body.detail).toMatch(
      /^OpenID Connect session expired at "\d{4}-.* \+0000 UTC"\. Try signing in again\.$/,
    );
    await logIn(browser, withoutRefresh, name);
    expect((await app.as(old).get('/api/v2/users/me')).status).toBe(200);
  });

  it('is refused with the reason when the provider is no longer configured, and without a link at all', async () => {
    const { token } = await aSession();
    const later = await startApp({ url: t.config.postgres.url ?? '' });
    later.clock.advance(t.clock.now() - later.clock.now());
    const refused = await later.as(token).get('/api/v2/users/me');
    expect(refused.status).toBe(401);
    expect(refused.body.detail).toBe('The login provider of this session is not configured any more.');
    await t.pool.query('delete from user_links where user_id = (select user_id from api_keys where id = $1)', [
      token.split('-')[0],
    ]);
    const unlinked = await t.as(token).get('/api/v2/users/me');
    expect(unlinked.body.detail).toBe('You must re-authenticate with the login provider.');
  });
});
