// Rule 28: claims come from one place, a login belongs to the browser that began it, and nobody is let in by half a claim.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn, writtenRows } from '../support/browser.ts';
import { aName, aUser } from '../support/factories.ts';
import { type OidcProvider, type OidcProviderOptions, startOidcProvider } from '../support/oidc-provider.ts';

const CALLBACK = '/api/v2/users/oidc/callback';

type Claims = Record<string, unknown>;

const providers: OidcProvider[] = [];

async function aProvider(options: Partial<OidcProviderOptions> = {}): Promise<OidcProvider> {
  // The provider gives claims that it has heard of when it starts.
  const known = { hasgroups: false, realm_access: {}, 'k\udc00': '' };
  const provider = await startOidcProvider({ accounts: { nobody: { sub: 'nobody', claims: known } }, ...options });
  providers.push(provider);
  return provider;
}

afterAll(async () => {
  await Promise.all(providers.map((provider) => provider.close()));
});

/** A person at a provider under a name of its own, with these claims in the ID token and those as user info over them. */
function aPerson(provider: OidcProvider, claims: Claims = {}, userInfo: Claims = {}): string {
  const name = aName('claims');
  const usual = { email: `${name}@corp.test`, email_verified: true, preferred_username: name };
  provider.accounts[name] = { sub: `sub-${name}`, claims: { ...usual, ...claims }, userInfo };
  return name;
}

/** Signs in and says who that is; the status of a refusal, after which nothing must be there that was not. */
async function signIn(t: TestApp, provider: OidcProvider, account: string) {
  const before = await writtenRows(t);
  const browser = new Browser(t);
  const answer = await logIn(browser, provider, account);
  if (answer.status === 307) return { status: 307, user: (await browser.get('/api/v2/users/me')).body, text: '' };
  expect(browser.session).toBeUndefined();
  expect(await writtenRows(t)).toEqual(before);
  return { status: answer.status, user: undefined, text: answer.text };
}

describe('an address and what says that it is verified', () => {
  let t: TestApp;
  let provider: OidcProvider;

  beforeAll(async () => {
    provider = await aProvider();
    t = await startApp({ env: provider.env });
  });

  it.each<[string, Claims, Claims]>([
    ['of user info by the ID token', {}, { email: 'victim@corp.test', email_verified: undefined }],
    ['of user info that takes it back', {}, { email_verified: false }],
    ['of the ID token by user info about another', { email_verified: false }, { email: 'x@corp.test' }],
    ['of the ID token that is not', { email_verified: undefined }, { email: undefined }],
    ['that is only a name for signing in', { email: undefined, preferred_username: 'victim@corp.test' }, {}],
  ])('do not go together: %s', async (_title, claims, userInfo) => {
    const { status, text } = await signIn(t, provider, aPerson(provider, claims, userInfo));
    expect([status, text.includes('Email not verified')]).toEqual([403, true]);
  });

  it('may stand in one source while the other repeats the address alone, in any case', async () => {
    const name = aPerson(provider);
    const userInfo = { email: `${name.toUpperCase()}@CORP.test`, email_verified: undefined };
    provider.accounts[name] = {
      ...provider.accounts[name],
      sub: name,
      claims: provider.accounts[name]?.claims ?? {},
      userInfo,
    };
    const { user } = await signIn(t, provider, name);
    expect(user.email).toBe(`${name.toUpperCase()}@CORP.test`);
  });

  it('reaches the account of nobody else by a name for signing in, unless the operator trusts every address', async () => {
    const victim = await aUser(t, { login_type: 'oidc' });
    const thief = aPerson(provider, { email: undefined, preferred_username: victim.email });
    expect((await signIn(t, provider, thief)).status).toBe(403);
    const claimed = await startApp({
      env: { ...provider.env, CODER_OIDC_EMAIL_FIELD: 'preferred_username' },
      url: t.config.postgres.url ?? '',
    });
    expect((await signIn(claimed, provider, aPerson(provider, { preferred_username: victim.email }))).status).toBe(403);
    const trusting = await startApp({ env: { ...provider.env, CODER_OIDC_IGNORE_EMAIL_VERIFIED: 'true' } });
    const name = aPerson(provider, { email: undefined, preferred_username: 'trusted@corp.test' });
    expect((await signIn(trusting, provider, name)).user.email).toBe('trusted@corp.test');
  });

  it('loses blanks around it, and is refused with one inside', async () => {
    const name = aName('blank');
    const { user } = await signIn(t, provider, aPerson(provider, { email: ` \t${name}@corp.test\n` }));
    expect(user.email).toBe(`${name}@corp.test`);
    for (const email of [`a b@corp.test`, `a\u0000@corp.test`, `a\ud800@corp.test`, `${'a'.repeat(3200)}@corp.test`])
      expect((await signIn(t, provider, aPerson(provider, { email }))).status).toBe(400);
  });
});

describe('an ID token', () => {
  let t: TestApp;
  let provider: OidcProvider;

  beforeAll(async () => {
    provider = await aProvider();
    t = await startApp({ env: provider.env });
  });

  beforeEach(() => {
    provider.faults = {};
  });

  it.each<[string, Claims]>([
    ['was issued to another client', { azp: 'somebody-else' }],
    ['was issued to a client that is none', { azp: null }],
    ['was made for another login', { nonce: 'of-another-login' }],
    ['was made for no login', { nonce: undefined }],
  ])('that %s is refused', async (_title, idToken) => {
    const name = aPerson(provider);
    provider.faults = { idToken };
    expect((await signIn(t, provider, name)).status).toBe(400);
  });

  it('may be issued to us for several audiences', async () => {
    provider.faults = { idToken: { azp: 'test-client', aud: ['test-client', 'another'] } };
    expect((await signIn(t, provider, aPerson(provider))).status).toBe(307);
  });

  it('repeats what the authorization URL asked for, which is not kept with the claims', async () => {
    const browser = new Browser(t);
    const started = await browser.get(CALLBACK);
    const again = await browser.get(CALLBACK);
    const [first, second] = [started, again].map(({ headers }) => new URL(String(headers.location)).searchParams);
    expect(first?.get('nonce')).toMatch(/^[\w-]{43}$/);
    expect(second?.get('nonce')).not.toBe(first?.get('nonce'));
    await logIn(browser, provider, aPerson(provider));
    expect((await browser.get('/api/v2/users/oidc-claims')).body.claims).not.toHaveProperty('nonce');
  });

  it.each<[string, Claims]>([
    ['too long for an index', { sub: 's'.repeat(3200) }],
    ['half a character', { sub: 'a\ud800' }],
    ['no text', { sub: 'a\u0000' }],
    ['a list', { sub: ['a'] }],
  ])('with a subject that is %s is refused', async (_title, idToken) => {
    const name = aPerson(provider);
    provider.faults = { idToken };
    expect((await signIn(t, provider, name)).status).toBe(400);
  });

  it('is kept and shown whatever its claims hold, and refused when they are nested without end', async () => {
    const odd = { name: 'a\ud800b\u0000c', 'k\udc00': ['\ud83d'], picture: `https://img.test/${'p'.repeat(5000)}` };
    const { user } = await signIn(t, provider, aPerson(provider, odd));
    expect(user).toMatchObject({ name: 'a\ufffdb\ufffdc' });
    expect(user.avatar_url ?? '').toBe('');
    let deep: unknown = 'end';
    for (let level = 0; level < 1000; level++) deep = [deep];
    const name = aPerson(provider);
    provider.faults = { idToken: { deep } };
    expect((await signIn(t, provider, name)).status).toBe(400);
    provider.faults = { idToken: { much: 'x'.repeat(300_000) } };
    expect((await signIn(t, provider, name)).status).toBe(400);
  });
});

describe('a claim that the provider keeps elsewhere', () => {
  const ROLES = { CODER_OIDC_USER_ROLE_FIELD: 'groups', CODER_OIDC_ORGANIZATION_FIELD: 'teams' };

  it.each<[string, Claims]>([
    ['as a distributed claim', { _claim_names: { groups: 'src1', teams: 'src1' }, _claim_sources: { src1: {} } }],
    [
      'since there are too many groups',
      { hasgroups: true, _claim_names: { teams: 'src1' }, _claim_sources: { src1: {} } },
    ],
  ])('takes nothing away: %s', async (_title, elsewhere) => {
    const provider = await aProvider();
    const lines: Record<string, unknown>[] = [];
    const first = await startApp();
    const made = await first.owner.post('/api/v2/organizations', { name: aName('team') });
    const env = {
      ...provider.env,
      ...ROLES,
      CODER_OIDC_ORGANIZATION_MAPPING: JSON.stringify({ devs: [made.body.id] }),
    };
    const t = await startApp({ env, url: first.config.postgres.url ?? '', onLog: (line) => lines.push(line) });
    const name = aPerson(provider, { groups: ['auditor'], teams: ['devs'] });
    const before = (await signIn(t, provider, name)).user;
    expect(before.roles.map((role: { name: string }) => role.name)).toEqual(['auditor']);
    expect(before.organization_ids).toContain(made.body.id);

    const known = provider.accounts[name];
    if (!known) throw new Error('nobody');
    const { groups: _g, teams: _t, ...others } = known.claims;
    provider.accounts[name] = { ...known, claims: { ...others, ...elsewhere } };
    const after = (await signIn(t, provider, name)).user;
    expect([after.roles, after.organization_ids]).toEqual([before.roles, before.organization_ids]);
    const told = lines.filter(({ msg }) => String(msg).startsWith('the provider keeps a claim elsewhere'));
    expect(told.map(({ claim }) => claim)).toEqual(['groups', 'teams']);

    provider.accounts[name] = { ...known, claims: others };
    const emptied = (await signIn(t, provider, name)).user;
    expect([emptied.roles, emptied.organization_ids.includes(made.body.id)]).toEqual([[], false]);
  });

  it('lets nobody past the allow list of groups', async () => {
    const provider = await aProvider();
    const t = await startApp({
      env: { ...provider.env, CODER_OIDC_GROUP_FIELD: 'groups', CODER_OIDC_ALLOWED_GROUPS: 'staff' },
    });
    expect((await signIn(t, provider, aPerson(provider, { hasgroups: true }))).status).toBe(403);
    expect((await signIn(t, provider, aPerson(provider, { groups: ['staff'] }))).status).toBe(307);
  });

  it('is read by its path, from within the ID token too', async () => {
    const provider = await aProvider();
    const t = await startApp({ env: { ...provider.env, CODER_OIDC_USER_ROLE_FIELD: 'realm_access.roles' } });
    const { user } = await signIn(t, provider, aPerson(provider, { realm_access: { roles: ['auditor'] } }));
    expect(user.roles).toMatchObject([{ name: 'auditor' }]);
  });
});

describe('a state', () => {
  let t: TestApp;
  let provider: OidcProvider;

  beforeAll(async () => {
    provider = await aProvider();
    t = await startApp({ env: provider.env });
  });

  /** A login that has begun, with as many codes for its state as are asked for. */
  async function begun(codes: number) {
    const browser = new Browser(t);
    const started = await browser.get(CALLBACK);
    const name = aPerson(provider);
    const returns: string[] = [];
    for (let i = 0; i < codes; i++) {
      const url = await provider.visit(String(started.headers.location), name);
      returns.push(url.pathname + url.search);
    }
    return { browser, returns, cookies: Object.fromEntries(browser.cookies) };
  }

  it('is spent by its use, on every replica, whatever became of the login', async () => {
    const { browser, returns, cookies } = await begun(3);
    const replica = await startApp({ env: provider.env, url: t.config.postgres.url ?? '' });
    expect((await browser.get(returns[0] ?? '')).status).toBe(307);
    for (const app of [t, replica]) {
      const again = new Browser(app, cookies);
      const answer = await again.get(returns[1] ?? '');
      expect([answer.status, answer.body.message]).toEqual([401, 'State mismatched.']);
      expect(again.session).toBeUndefined();
    }
    const refused = await begun(2);
    const badCode = (refused.returns[0] ?? '').replace(/code=[^&]*/, 'code=made-up');
    expect((await refused.browser.get(badCode)).status).toBe(400);
    expect((await refused.browser.get(refused.returns[1] ?? '')).status).toBe(401);
    expect(refused.browser.session).toBeUndefined();
  });

  it('is taken once when it comes back many times at once', async () => {
    const { returns, cookies } = await begun(4);
    const answers = await Promise.all(returns.map((path) => new Browser(t, cookies).get(path)));
    expect(answers.map(({ status }) => status).sort()).toEqual([307, 401, 401, 401]);
  });

  it('is never what a parameter says', async () => {
    const browser = new Browser(t);
    for (const query of ['state=chosen', 'oidc_merge_state=chosen', 'oidc_merge_state=convert-chosen']) {
      const url = new URL(String((await browser.get(`${CALLBACK}?${query}`)).headers.location));
      expect(url.searchParams.get('state')).toBe(browser.cookies.get('oauth_state'));
      expect(url.searchParams.get('state')).toMatch(/^(convert-)?[A-Za-z0-9]{32}$/);
    }
  });

  it('of a conversion is what the permit in the browser names, and of no other permit', async () => {
    const permits = await Promise.all(
      [await aUser(t), await aUser(t)].map(async ({ client, password }) => {
        const answer = await client.post('/api/v2/users/me/convert-login', { to_type: 'oidc', password });
        const cookie = /coder_oauth_convert_jwt=([^;]+)/.exec(String(answer.headers['set-cookie']))?.[1] ?? '';
        return { state: String(answer.body.state_string), cookie };
      }),
    );
    const [mine, other] = permits;
    const stateFor = async (cookie: string | undefined, asked: string | undefined) => {
      const browser = new Browser(t, cookie === undefined ? {} : { coder_oauth_convert_jwt: cookie });
      await browser.get(`${CALLBACK}?oidc_merge_state=${asked}`);
      return browser.cookies.get('oauth_state');
    };
    expect(await stateFor(mine?.cookie, mine?.state)).toBe(mine?.state);
    for (const cookie of [undefined, other?.cookie, 'no.permit.atall'])
      expect(await stateFor(cookie, mine?.state)).not.toBe(mine?.state);
  });

  it('that is empty in the cookie is a mismatch', async () => {
    const browser = new Browser(t, { oauth_state: '', oauth_pkce_verifier: 'v' });
    const answer = await browser.get(`${CALLBACK}?code=a&state=b`);
    expect([answer.status, answer.body.message]).toEqual([401, 'State mismatched.']);
  });

  it('that somebody else learned signs nobody in elsewhere, with PKCE and without', async () => {
    for (const pkceMethods of [['S256'], []]) {
      const plain = await aProvider({ pkceMethods });
      const app = await startApp({ env: plain.env });
      const victim = new Browser(app);
      const started = await victim.get(CALLBACK);
      const back = await plain.visit(String(started.headers.location), aPerson(plain));
      const thief = new Browser(app);
      await thief.get(CALLBACK);
      thief.cookies.set('oauth_state', String(back.searchParams.get('state')));
      const before = await writtenRows(app);
      expect((await thief.get(back.pathname + back.search)).status).toBe(400);
      expect(thief.session).toBeUndefined();
      expect(await writtenRows(app)).toEqual(before);
      expect(victim.cookies.has('oauth_nonce')).toBe(pkceMethods.length === 0);
    }
  });
});

describe('the client proves itself as the provider announces', () => {
  it.each<[string[], string, string[]]>([
    [['client_secret_post'], 'client_secret_post', ['authorization_code']],
    [['client_secret_basic'], 'client_secret_basic', ['authorization_code']],
    [['client_secret_basic', 'client_secret_post'], 'client_secret_post', ['refused', 'authorization_code']],
    [['private_key_jwt', 'client_secret_post'], 'client_secret_post', ['authorization_code']],
  ])('%j, taken by %s: %j', async (announcedAuth, method, grants) => {
    const provider = await aProvider({ announcedAuth, clientAuth: { token_endpoint_auth_method: method } });
    const t = await startApp({ env: provider.env });
    expect((await signIn(t, provider, aPerson(provider))).status).toBe(307);
    expect(provider.grants).toEqual(grants);
  });

  it('and in no other way, even if it is refused', async () => {
    const provider = await aProvider({
      announcedAuth: ['client_secret_basic'],
      clientAuth: { token_endpoint_auth_method: 'client_secret_post' },
    });
    const t = await startApp({ env: provider.env });
    expect((await signIn(t, provider, aPerson(provider))).status).toBe(400);
    expect(provider.grants).toEqual(['refused']);
  });
});

describe('the authorization URL', () => {
  it('asks for offline access unless a configured parameter says otherwise, which replaces nothing that protects', async () => {
    const provider = await aProvider();
    const query = async (params: Record<string, string>) => {
      const t = await startApp({ env: { ...provider.env, CODER_OIDC_AUTH_URL_PARAMS: JSON.stringify(params) } });
      const browser = new Browser(t);
      const url = new URL(String((await browser.get(CALLBACK)).headers.location));
      return { ...Object.fromEntries(url.searchParams), cookie: browser.cookies.get('oauth_state') };
    };
    expect(await query({ prompt: 'login' })).toMatchObject({ access_type: 'offline', prompt: 'login' });
    expect(await query({ access_type: 'online' })).toMatchObject({ access_type: 'online' });
    const { state, cookie, nonce } = { nonce: '', state: '', ...(await query({ state: 'fixed', nonce: 'fixed' })) };
    expect([state, nonce]).toEqual([cookie, expect.stringMatching(/^[\w-]{43}$/)]);
  });
});
