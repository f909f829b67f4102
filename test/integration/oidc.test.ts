// Signing in through OpenID Connect: what is believed, whose account it is, and what is refused without a trace.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn, writtenRows } from '../support/browser.ts';
import { aName, aUser } from '../support/factories.ts';
import { type OidcProvider, type ProviderFaults, startOidcProvider } from '../support/oidc-provider.ts';

const CALLBACK = '/api/v2/users/oidc/callback';

const person = (name: string, claims: Record<string, unknown> = {}) => ({
  sub: `sub-${name}`,
  claims: { email: `${name}@corp.test`, email_verified: true, preferred_username: name, ...claims },
});

const providers: OidcProvider[] = [];

async function aProvider(options: Partial<Parameters<typeof startOidcProvider>[0]> = {}): Promise<OidcProvider> {
  const provider = await startOidcProvider({
    accounts: { alice: person('alice', { name: ' Alice A. ' }) },
    ...options,
  });
  providers.push(provider);
  return provider;
}

afterAll(async () => {
  await Promise.all(providers.map((provider) => provider.close()));
});

describe('GET /users/oidc/callback', () => {
  let t: TestApp;
  let provider: OidcProvider;

  beforeAll(async () => {
    provider = await aProvider();
    t = await startApp({ env: provider.env });
  });

  afterEach(() => {
    provider.faults = {};
  });

  it('sends the browser to the provider with a state, a challenge and nothing else that is secret', async () => {
    const browser = new Browser(t);
    const answer = await browser.get(`${CALLBACK}?redirect=${encodeURIComponent('https://evil.test/users?a=b#c')}`);
    expect(answer.status).toBe(307);
    const url = new URL(String(answer.headers.location));
    expect(url.origin).toBe(provider.issuer);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'test-client',
      redirect_uri: `http://127.0.0.1:3000${CALLBACK}`,
      response_type: 'code',
      scope: 'openid profile email',
      access_type: 'offline',
      code_challenge_method: 'S256',
      state: browser.cookies.get('oauth_state'),
    });
    expect(browser.cookies.get('oauth_state')).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(browser.cookies.get('oauth_redirect')).toBe('/users?a=b');
    expect(url.href).not.toContain(browser.cookies.get('oauth_pkce_verifier'));
  });

  it('signs in, makes a member of the default organization and lands on the asked path of this site', async () => {
    const browser = new Browser(t);
    const answer = await logIn(browser, provider, 'alice', { path: `${CALLBACK}?redirect=//evil.test/settings` });
    expect(answer.status).toBe(307);
    expect(answer.headers.location).toBe('/settings');
    const me = await browser.get('/api/v2/users/me');
    expect(me.body).toMatchObject({
      username: 'alice',
      name: 'Alice A.',
      email: 'alice@corp.test',
      login_type: 'oidc',
      status: 'active',
      roles: [],
      organization_ids: [t.organizationId],
    });
  });

  it('keeps the tokens of the provider encrypted and shows them nowhere', async () => {
    await logIn(new Browser(t), provider, 'alice');
    const { rows } = await t.pool.query<{ access_token: string; refresh_token: string }>(
      `select access_token, refresh_token from user_links where linked_id = $1`,
      [`${provider.issuer}||sub-alice`],
    );
    expect(rows).toHaveLength(1);
    for (const token of [rows[0]?.access_token, rows[0]?.refresh_token]) expect(token).toMatch(/^v1:/);
  });

  it('shows claims to their owner and, as a debugging aid, to deployment owners only', async () => {
    const browser = new Browser(t);
    await logIn(browser, provider, 'alice');
    const claims = await browser.get('/api/v2/users/oidc-claims');
    expect(claims.body.claims).toMatchObject({ sub: 'sub-alice', email: 'alice@corp.test' });
    const debug = await t.owner.get('/api/v2/debug/alice/debug-link');
    expect(debug.body).toMatchObject({ id_token_claims: { sub: 'sub-alice' }, user_info_claims: { sub: 'sub-alice' } });
    expect((await browser.get('/api/v2/debug/me/debug-link')).status).toBe(403);
    expect((await t.owner.get('/api/v2/debug/me/debug-link')).body.message).toBe('User is not an OIDC user.');
  });

  it('takes a key that the provider has only just begun to sign with', async () => {
    const rotating = await aProvider();
    const app = await startApp({ env: rotating.env });
    expect((await logIn(new Browser(app), rotating, 'alice')).status).toBe(307);
    rotating.rotateKeys();
    expect((await logIn(new Browser(app), rotating, 'alice')).status).toBe(307);
  });

  it('works without PKCE where the provider does not know it', async () => {
    const plain = await aProvider({ pkceMethods: ['plain'] });
    const app = await startApp({ env: plain.env });
    const browser = new Browser(app);
    expect((await logIn(browser, plain, 'alice')).status).toBe(307);
    expect(browser.cookies.has('oauth_pkce_verifier')).toBe(false);
  });

  it('sends the client secret in the form to a provider that takes it only there, and remembers that', async () => {
    const strict = await aProvider({ clientAuth: { token_endpoint_auth_method: 'client_secret_post' } });
    const app = await startApp({ env: strict.env });
    expect((await logIn(new Browser(app), strict, 'alice')).status).toBe(307);
    expect((await logIn(new Browser(app), strict, 'alice')).status).toBe(307);
    expect(strict.grants).toEqual(['refused', 'authorization_code', 'authorization_code']);
  });

  it('proves itself with the configured key instead of a secret', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));
    const file = join(folder, 'key.pem');
    writeFileSync(file, privateKey.export({ type: 'pkcs1', format: 'pem' }));
    const keyed = await aProvider({
      clientAuth: {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'RS256',
        jwks: { keys: [publicKey.export({ format: 'jwk' })] },
      },
    });
    const { CODER_OIDC_CLIENT_SECRET: _, ...env } = keyed.env;
    const app = await startApp({ env: { ...env, CODER_OIDC_CLIENT_KEY_FILE: file } });
    rmSync(folder, { recursive: true });
    expect((await logIn(new Browser(app), keyed, 'alice')).status).toBe(307);
  });

  describe('refuses and writes nothing', () => {
    const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

    const badTokens: [string, ProviderFaults, string][] = [
      ['an ID token of another issuer', { idToken: { iss: 'https://other.test' } }, 'Failed to verify OIDC token.'],
      ['an ID token without issuer', { idToken: { iss: undefined } }, 'Failed to verify OIDC token.'],
      ['an ID token for another client', { idToken: { aud: 'somebody-else' } }, 'Failed to verify OIDC token.'],
      ['an ID token that has expired', { idToken: { exp: inSeconds(-5) } }, 'Failed to verify OIDC token.'],
      ['an ID token without an end', { idToken: { exp: undefined } }, 'Failed to verify OIDC token.'],
      ['an ID token of the future', { idToken: { nbf: inSeconds(900) } }, 'Failed to verify OIDC token.'],
      ['a signature by a stranger under a known key id', { signature: 'stranger' }, 'Failed to verify OIDC token.'],
      ['a signature by an unknown key', { signature: 'unknown-key' }, 'Failed to verify OIDC token.'],
      ['an unsigned ID token', { signature: 'none' }, 'Failed to verify OIDC token.'],
      ['an ID token signed with the client secret', { signature: 'client-secret' }, 'Failed to verify OIDC token.'],
      ['an ID token that is none', { signature: 'garbage' }, 'Failed to verify OIDC token.'],
      [
        'a missing ID token',
        { signature: 'missing' },
        'id_token not found in response payload. Ensure your OIDC callback is configured correctly!',
      ],
      [
        'a missing subject',
        { idToken: { sub: undefined } },
        "OIDC token missing 'sub' claim field or 'sub' claim field is empty.",
      ],
      [
        'user info about somebody else',
        {
          answers: {
            '/me': {
              status: 200,
              body: JSON.stringify({ sub: 'sub-mallory', email: 'root@corp.test', email_verified: true }),
            },
          },
        },
        'Failed to obtain user information claims.',
      ],
    ];

    it.each(badTokens)('%s', async (_title, faults, message) => {
      provider.faults = faults;
      const before = await writtenRows(t);
      const browser = new Browser(t);
      const answer = await logIn(browser, provider, 'alice');
      expect([answer.status, answer.body.message]).toEqual([400, message]);
      expect(browser.session).toBeUndefined();
      expect(await writtenRows(t)).toEqual(before);
    });

    const badReturns: [string, Record<string, string | null>, string | undefined, number, string][] = [
      ['another state than the browser began with', { state: 'somebody-elses' }, undefined, 401, 'State mismatched.'],
      ['no state', { state: null }, undefined, 400, 'State must be provided.'],
      ['a browser that did not begin the login', {}, 'oauth_state', 401, 'Cookie "oauth_state" must be provided.'],
      ['a browser without the verifier', {}, 'oauth_pkce_verifier', 400, 'PKCE challenge must be provided.'],
      ['a code that the provider never gave', { code: 'made-up' }, undefined, 400, 'Failed exchanging Oauth code.'],
      [
        'an error of the provider, whatever else is there',
        { error: 'access_denied' },
        undefined,
        400,
        'Encountered error in oidc process: access_denied',
      ],
    ];

    it.each(badReturns)('%s', async (_title, back, lostCookie, status, message) => {
      const before = await writtenRows(t);
      const browser = new Browser(t);
      const started = await browser.get(CALLBACK);
      const url = await provider.visit(String(started.headers.location), 'alice');
      if (lostCookie !== undefined) browser.cookies.delete(lostCookie);
      for (const [name, value] of Object.entries(back)) {
        if (value === null) url.searchParams.delete(name);
        else url.searchParams.set(name, value);
      }
      const answer = await browser.get(url.pathname + url.search);
      expect([answer.status, answer.body.message]).toEqual([status, message]);
      expect(browser.session).toBeUndefined();
      expect(await writtenRows(t)).toEqual(before);
    });

    it('a verifier of another login, and a code for the second time', async () => {
      const before = await writtenRows(t);
      const browser = new Browser(t);
      const url = await provider.visit(String((await browser.get(CALLBACK)).headers.location), 'alice');
      browser.cookies.set('oauth_pkce_verifier', 'v'.repeat(43));
      const stolen = await browser.get(url.pathname + url.search);
      expect([stolen.status, stolen.body.message]).toEqual([400, 'Failed exchanging Oauth code.']);
      expect(await writtenRows(t)).toEqual(before);
      const again = new Browser(t);
      const second = await again.get(CALLBACK);
      const back = await provider.visit(String(second.headers.location), 'alice');
      expect((await again.get(back.pathname + back.search)).status).toBe(307);
      const used = await again.get(back.pathname + back.search);
      expect([used.status, used.body.message]).toEqual([401, 'State mismatched.']);
    });
  });
});

describe('whose account a login belongs to', () => {
  let t: TestApp;
  let provider: OidcProvider;

  beforeAll(async () => {
    provider = await aProvider({ accounts: {} });
    t = await startApp({ env: provider.env });
  });

  /** A person at the provider under a name that nobody else has. */
  function aPerson(claims: Record<string, unknown> = {}): string {
    const name = aName('person');
    provider.accounts[name] = person(name, claims);
    return name;
  }

  it('makes an owner of the very first one, whatever the sign-up rules, and of nobody after that', async () => {
    const app = await startApp({ env: { ...provider.env, CODER_OIDC_ALLOW_SIGNUPS: 'false' }, empty: true });
    const names = [aPerson(), aPerson(), aPerson()];
    const answers = await Promise.all(names.map((name) => logIn(new Browser(app), provider, name)));
    expect(answers.map(({ status }) => status).sort()).toEqual([307, 403, 403]);
    const { rows } = await app.pool.query('select roles from users where not is_system');
    expect(rows).toEqual([{ roles: ['owner'] }]);
  });

  it('makes one account of several first logins of one person at once', async () => {
    const name = aPerson();
    const answers = await Promise.all(Array.from({ length: 4 }, () => logIn(new Browser(t), provider, name)));
    expect(answers.map(({ status }) => status)).toEqual([307, 307, 307, 307]);
    const { rows } = await t.pool.query('select count(*)::int as n from users where email = $1', [`${name}@corp.test`]);
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('never gives an account to another subject with its address', async () => {
    const name = aPerson();
    await logIn(new Browser(t), provider, name);
    const thief = aPerson({ email: `${name.toUpperCase()}@corp.test` });
    const before = await writtenRows(t);
    const answer = await logIn(new Browser(t), provider, thief);
    expect(answer.status).toBe(403);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.text).toContain('Account already linked');
    expect(await writtenRows(t)).toEqual(before);
  });

  it('leaves accounts of other login types alone', async () => {
    const user = await aUser(t);
    const before = await writtenRows(t);
    const answer = await logIn(new Browser(t), provider, aPerson({ email: user.email }));
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('Incorrect login type');
    expect(await writtenRows(t)).toEqual(before);
    expect((await user.client.get('/api/v2/users/me')).body.login_type).toBe('password');
  });

  it('answers a taken address with 409 and leaves the account as it was', async () => {
    const [name, other] = [aPerson(), aPerson()];
    const browser = new Browser(t);
    await logIn(browser, provider, name);
    await logIn(new Browser(t), provider, other);
    provider.accounts[name] = person(name, { email: `${other}@corp.test`, name: 'New Name' });
    const answer = await logIn(new Browser(t), provider, name);
    expect(answer.status).toBe(409);
    expect(answer.text).toContain('Email already in use');
    expect((await browser.get('/api/v2/users/me')).body).toMatchObject({ email: `${name}@corp.test` });
  });

  it('follows the address, name and picture of the provider, tells the old address, and keeps the username', async () => {
    const name = aPerson();
    const browser = new Browser(t);
    await logIn(browser, provider, name);
    const email = `${name}-married@corp.test`;
    provider.accounts[name] = person(name, {
      email,
      name: 'New Name',
      picture: 'https://img.test/n.png',
      preferred_username: 'other',
    });
    t.mails.length = 0;
    await logIn(browser, provider, name);
    expect((await browser.get('/api/v2/users/me')).body).toMatchObject({
      username: name,
      email,
      name: 'New Name',
      avatar_url: 'https://img.test/n.png',
    });
    expect(t.mails.map(({ to }) => to)).toEqual([`${name}@corp.test`]);
  });

  it('finds another name when the wanted one is taken', async () => {
    const taken = await aUser(t);
    const browser = new Browser(t);
    await logIn(browser, provider, aPerson({ preferred_username: taken.username.toUpperCase() }));
    const { username } = (await browser.get('/api/v2/users/me')).body;
    expect(username).toMatch(new RegExp(`^${taken.username.toUpperCase()}-[a-z]+[0-9]{2}$`));
  });

  it('wakes a prepared dormant account and keeps a suspended one out', async () => {
    const name = aPerson();
    const prepared = await t.owner.post('/api/v2/users', {
      username: name,
      email: `${name}@CORP.test`,
      login_type: 'oidc',
      organization_ids: [t.organizationId],
    });
    expect(prepared.body.status).toBe('dormant');
    const browser = new Browser(t);
    await logIn(browser, provider, name);
    expect((await browser.get('/api/v2/users/me')).body).toMatchObject({ id: prepared.body.id, status: 'active' });
    await t.owner.put(`/api/v2/users/${name}/status/suspend`);
    const before = await writtenRows(t);
    const answer = await logIn(new Browser(t), provider, name);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain(`Your account &quot;${name}&quot; has been suspended.`);
    expect(await writtenRows(t)).toEqual(before);
  });

  it('treats a deleted account as unknown: the same person gets a new one', async () => {
    const name = aPerson();
    const first = new Browser(t);
    await logIn(first, provider, name);
    const { id } = (await first.get('/api/v2/users/me')).body;
    await t.owner.delete(`/api/v2/users/${name}`);
    expect((await first.get('/api/v2/users/me')).status).toBe(401);
    const second = new Browser(t);
    await logIn(second, provider, name);
    const me = (await second.get('/api/v2/users/me')).body;
    expect(me.username).toBe(name);
    expect(me.id).not.toBe(id);
  });

  it('shows the text of the operator, with its Markdown and without its markup, where sign-ups are off', async () => {
    const text = 'Ask **Helpdesk** at [the portal](https://help.test) <script>alert(1)</script>';
    const app = await startApp({
      env: { ...provider.env, CODER_OIDC_ALLOW_SIGNUPS: 'false', CODER_OIDC_SIGNUPS_DISABLED_TEXT: text },
    });
    const answer = await logIn(new Browser(app), provider, aPerson());
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('<strong>Helpdesk</strong> at <a href="https://help.test"');
    expect(answer.text).not.toContain('<script>alert');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('unties links of another issuer at the start, so that people are found by address again', async () => {
    const name = aPerson();
    const browser = new Browser(t);
    await logIn(browser, provider, name);
    const { id } = (await browser.get('/api/v2/users/me')).body;
    const successor = await aProvider({ accounts: { [name]: { ...person(name), sub: 'quite-another' } } });
    const app = await startApp({ env: successor.env, url: t.config.postgres.url ?? '' });
    const renewed = new Browser(app);
    expect((await logIn(renewed, successor, name)).status).toBe(307);
    expect((await renewed.get('/api/v2/users/me')).body.id).toBe(id);
  });
});

describe('converting a password account', () => {
  let t: TestApp;
  let provider: OidcProvider;

  beforeAll(async () => {
    provider = await aProvider({ accounts: {} });
    t = await startApp({ env: provider.env });
  });

  async function aConversion() {
    const user = await aUser(t);
    provider.accounts[user.username] = person(user.username, { email: user.email });
    const login = await t.anonymous.post('/api/v2/users/login', { email: user.email, password: user.password });
    const session: string = login.body.session_token;
    const permit = await t
      .as(session)
      .post('/api/v2/users/me/convert-login', { to_type: 'oidc', password: user.password });
    const cookie = /coder_oauth_convert_jwt=([^;]+)/.exec(String(permit.headers['set-cookie']))?.[1] ?? '';
    return { user, session, cookie, path: `${CALLBACK}?oidc_merge_state=${permit.body.state_string}` };
  }

  it('erases the password, ends the sessions that it opened, and sends the browser to sign in anew', async () => {
    const { user, session, cookie, path } = await aConversion();
    const browser = new Browser(t, { coder_session_token: session, coder_oauth_convert_jwt: cookie });
    const answer = await logIn(browser, provider, user.username, { path });
    expect(answer.status).toBe(307);
    expect([...browser.cookies.keys()]).not.toContain('coder_session_token');
    expect([...browser.cookies.keys()]).not.toContain('coder_oauth_convert_jwt');
    expect((await t.as(session).get('/api/v2/users/me')).status).toBe(401);
    expect((await user.client.get('/api/v2/users/me')).status).toBe(401);
    expect((await t.anonymous.post('/api/v2/users/login', { email: user.email, password: user.password })).status).toBe(
      401,
    );
    await logIn(browser, provider, user.username);
    expect((await browser.get('/api/v2/users/me')).body).toMatchObject({ id: user.id, login_type: 'oidc' });
  });

  it('changes nothing without the permit, with one for another account, or for another address', async () => {
    const { user, cookie, path } = await aConversion();
    const other = await aConversion();
    const before = await writtenRows(t);
    const attempts = [
      { account: user.username, jar: {}, status: 400 },
      { account: user.username, jar: { coder_oauth_convert_jwt: other.cookie }, status: 403 },
      { account: other.user.username, jar: { coder_oauth_convert_jwt: cookie }, status: 403 },
    ];
    for (const { account, jar, status } of attempts) {
      const answer = await logIn(new Browser(t, jar), provider, account, { path });
      expect(answer.status).toBe(status);
    }
    provider.accounts.nobody = person('nobody');
    const unknown = await logIn(new Browser(t, { coder_oauth_convert_jwt: cookie }), provider, 'nobody', { path });
    expect(unknown.status).toBe(400);
    expect(unknown.body.message).toContain('does not match the email of the account you are trying to convert');
    expect(await writtenRows(t)).toEqual(before);
    expect((await user.client.get('/api/v2/users/me')).body.login_type).toBe('password');
  });
});
