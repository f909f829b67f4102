// Signing in through GitHub: who is let in, whose account it is, and the flow for a code that is typed in elsewhere.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { HOUR } from '../../src/clock.ts';
import { noteNewDeployment } from '../../src/services/sso/first-contact.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn, writtenRows } from '../support/browser.ts';
import { aName, aUser } from '../support/factories.ts';
import { type Github, type GithubAccount, type GithubFaults, startGithub } from '../support/github.ts';

const CALLBACK = '/api/v2/users/oauth2/github/callback';
const DEVICE = '/api/v2/users/oauth2/github/device';
const SLOW_MS = 5000;

let github: Github;
let lastId = 500;

/** Somebody at GitHub under a name that nobody else has. */
function anAccount(changes: Partial<GithubAccount> = {}): string {
  const login = aName('octo');
  lastId += 1;
  github.accounts[login] = {
    id: lastId,
    login,
    emails: [{ email: `${login}@corp.test`, primary: true, verified: true }],
    ...changes,
  };
  return login;
}

const logInAs = (t: TestApp, account: string, browser = new Browser(t), path = CALLBACK) =>
  logIn(browser, github, account, { path });

beforeAll(async () => {
  github = await startGithub({});
});

afterEach(() => {
  github.faults = {};
  github.polls.length = 0;
  github.expiresInSeconds = undefined;
});

afterAll(async () => {
  await github.close();
});

describe('GET /users/oauth2/github/callback', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startApp({ env: github.env });
  });

  it('signs in with the primary verified address, never with the public one, and follows GitHub on each login', async () => {
    const account = anAccount({
      name: ' Octo Cat ',
      emails: [
        { email: 'second@corp.test', primary: false, verified: true },
        { email: 'main@corp.test', primary: true, verified: true },
      ],
    });
    const browser = new Browser(t);
    const answer = await logInAs(t, account, browser, `${CALLBACK}?redirect=https://evil.test/users`);
    expect([answer.status, answer.headers.location]).toEqual([307, '/users']);
    expect((await browser.get('/api/v2/users/me')).body).toMatchObject({
      username: account,
      name: 'Octo Cat',
      email: 'main@corp.test',
      login_type: 'github',
    });
    github.accounts[account] = { ...(github.accounts[account] as GithubAccount), login: 'renamed', name: 'New Name' };
    await logInAs(t, account);
    expect((await browser.get('/api/v2/users/me')).body).toMatchObject({ username: account, name: 'New Name' });
  });

  it('makes usernames of logins that are none here', async () => {
    const wanted = [
      anAccount({ login: 'snake_case' }),
      anAccount({ login: 'ends_' }),
      anAccount({ login: 'new' }),
      anAccount({ login: 'x'.repeat(39) }),
    ];
    const names: string[] = [];
    for (const account of wanted) {
      const browser = new Browser(t);
      await logInAs(t, account, browser);
      names.push((await browser.get('/api/v2/users/me')).body.username);
    }
    expect(names[0]).toBe('snake-case');
    for (const name of names) expect(name).toMatch(/^(?=.{1,32}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/);
  });

  it('keeps names with characters that cannot be stored without those', async () => {
    const browser = new Browser(t);
    const account = anAccount({ name: 'Oc\u0000to \ud800', avatar_url: `https://img.test/${'p'.repeat(5000)}` });
    expect((await logInAs(t, account, browser)).status).toBe(307);
    const { name, avatar_url = '' } = (await browser.get('/api/v2/users/me')).body;
    expect([name, avatar_url]).toEqual(['Oc\ufffdto \ufffd', '']);
  });

  it('does not take ids of an Enterprise server for those of github.com', async () => {
    const account = anAccount();
    await logInAs(t, account);
    const found = await t.owner.get(`/api/v2/users?q=github_com_user_id:${github.accounts[account]?.id}`);
    expect(found.body.count).toBe(0);
  });

  it('refreshes a token that has run out, and keeps those for ever that have no end', async () => {
    github.expiresInSeconds = 3600;
    const [limited, unlimited] = [new Browser(t), new Browser(t)];
    await logInAs(t, anAccount(), limited);
    github.expiresInSeconds = undefined;
    await logInAs(t, anAccount(), unlimited);
    t.clock.advance(2 * HOUR);
    github.grants.length = 0;
    expect((await unlimited.get('/api/v2/users/me')).status).toBe(200);
    expect(github.grants).toEqual([]);
    expect((await limited.get('/api/v2/users/me')).status).toBe(200);
    expect(github.grants).toEqual(['refresh_token']);
  });

  describe('refuses and writes nothing', () => {
    async function expectRefused(account: string, status: number, message: string): Promise<void> {
      const before = await writtenRows(t);
      const browser = new Browser(t);
      const answer = await logInAs(t, account, browser);
      expect(answer.status).toBe(status);
      expect(answer.body?.message ?? answer.text).toContain(message);
      expect(browser.session).toBeUndefined();
      expect(await writtenRows(t)).toEqual(before);
    }

    it('somebody who says no at GitHub', async () =>
      expectRefused('!deny', 400, 'Encountered error in oidc process: access_denied'));

    it('an address that is not verified, and no address at all', async () => {
      const unverified = anAccount({ emails: [{ email: 'u@corp.test', primary: true, verified: false }] });
      await expectRefused(unverified, 400, 'Your primary email must be verified on GitHub!');
      await expectRefused(anAccount({ emails: [] }), 400, 'Your primary email must be verified on GitHub!');
    });

    it('an address that cannot be stored, and tokens that are none', async () => {
      for (const email of ['a\u0000@corp.test', 'a b@corp.test', `${'a'.repeat(3200)}@corp.test`])
        await expectRefused(anAccount({ emails: [{ email, primary: true, verified: true }] }), 400, 'Unusable account');
      for (const access_token of ['a\u0000', 'é', 'x'.repeat(70_000)]) {
        const body = JSON.stringify({ access_token });
        github.faults = { answers: { '/login/oauth/access_token': { status: 200, body } } };
        await expectRefused(anAccount(), 502, 'Failed exchanging Oauth code.');
      }
    });

    it('a user without an id', async () => expectRefused(anAccount({ id: 0 }), 502, 'The GitHub user ID is missing'));

    it('another GitHub account with an address that is linked already', async () => {
      const account = anAccount();
      await logInAs(t, account);
      const emails = github.accounts[account]?.emails ?? [];
      await expectRefused(
        anAccount({ emails }),
        403,
        'This account is already linked to a different identity provider subject.',
      );
    });

    it('the address of a password account', async () => {
      const { email } = await aUser(t);
      await expectRefused(
        anAccount({ emails: [{ email, primary: true, verified: true }] }),
        403,
        'Incorrect login type',
      );
    });

    it('a verifier of another login', async () => {
      const browser = new Browser(t);
      const url = await github.visit(String((await browser.get(CALLBACK)).headers.location), anAccount());
      browser.cookies.set('oauth_pkce_verifier', 'v'.repeat(43));
      const before = await writtenRows(t);
      const answer = await browser.get(url.pathname + url.search);
      expect([answer.status, answer.body.message]).toEqual([400, 'Failed exchanging Oauth code.']);
      expect(await writtenRows(t)).toEqual(before);
    });

    it.each([
      ['/login/oauth/access_token', 'Failed exchanging Oauth code.'],
      ['/user', 'Internal error fetching authenticated Github user.'],
      ['/user/emails', 'Internal error fetching personal Github user.'],
    ])('GitHub failing or answering garbage at %s', async (path, message) => {
      github.faults = { statuses: { [path]: 500 } };
      await expectRefused(anAccount(), 502, message);
      github.faults = { answers: { [path]: { status: 200, body: '<html>' } } };
      await expectRefused(anAccount(), 502, message);
    });

    // What it answers then is good: whoever has waited so long is signed in instead.
    it('GitHub being slow, before it answers after five seconds', async () => {
      const faults: GithubFaults = { slow: { paths: ['/user/emails'], ms: SLOW_MS } };
      github.faults = faults;
      await expectRefused(anAccount(), 502, 'Internal error fetching personal Github user.');
    });
  });
});

describe('organizations and teams', () => {
  let t: TestApp;
  beforeAll(async () => {
    const { CODER_OAUTH2_GITHUB_ALLOW_EVERYONE: _, ...env } = github.env;
    t = await startApp({
      env: {
        ...env,
        CODER_OAUTH2_GITHUB_ALLOWED_ORGS: 'acme,labs',
        CODER_OAUTH2_GITHUB_ALLOWED_TEAMS: 'acme/devs,labs/core',
      },
    });
  });

  it.each<[string, Partial<GithubAccount>]>([
    ['a member of an allowed team', { orgs: [{ login: 'acme' }], teams: ['acme/devs'] }],
    [
      'a member of a team of the second organization',
      { orgs: [{ login: 'acme' }, { login: 'labs' }], teams: ['labs/core'] },
    ],
  ])('let in %s', async (_title, changes) => {
    expect((await logInAs(t, anAccount(changes))).status).toBe(307);
  });

  const strangers = "You aren't a member of the authorized Github organizations!";
  const teamless = "You aren't a member of an authorized team in the [acme] Github organization(s)!";

  it.each<[string, Partial<GithubAccount>, string]>([
    ['nobody without organizations', {}, strangers],
    [
      'nobody of another organization, whatever the team',
      { orgs: [{ login: 'other' }], teams: ['acme/devs'] },
      strangers,
    ],
    ['nobody who is only invited', { orgs: [{ login: 'acme', state: 'pending' }], teams: ['acme/devs'] }, strangers],
    ['nobody whose organization is spelled otherwise', { orgs: [{ login: 'Acme' }], teams: ['acme/devs'] }, strangers],
    ['nobody of another team', { orgs: [{ login: 'acme' }], teams: ['acme/ops'] }, teamless],
  ])('let in %s, and send back to the sign-in page with the reason', async (_title, changes, message) => {
    const before = await writtenRows(t);
    const answer = await logInAs(t, anAccount(changes), new Browser(t), `${CALLBACK}?redirect=/users`);
    expect(answer.status).toBe(401);
    const url = new URL(String(answer.headers.location), 'http://here');
    expect([url.pathname, Object.fromEntries(url.searchParams)]).toEqual(['/login', { message, redirect: '/users' }]);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(await writtenRows(t)).toEqual(before);
  });

  it('count a failed look at a team as no membership, and a failed list of organizations as a failure', async () => {
    const account = anAccount({ orgs: [{ login: 'acme' }], teams: ['acme/devs'] });
    github.faults = { statuses: { [`/orgs/acme/teams/devs/memberships/${account}`]: 500 } };
    expect((await logInAs(t, account)).status).toBe(401);
    github.faults = { statuses: { '/user/memberships/orgs': 500 } };
    const answer = await logInAs(t, account);
    expect([answer.status, answer.body.message]).toEqual([
      502,
      'Internal error fetching authenticated Github user organizations.',
    ]);
  });
});

describe('the device flow', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startApp({ env: { ...github.env, CODER_OAUTH2_GITHUB_DEVICE_FLOW: 'true' } });
  });

  /** A browser that began a login, and the address that it polls. */
  async function aPoll(query = ''): Promise<{ browser: Browser; path: string }> {
    const browser = new Browser(t);
    const started = await browser.get(`${CALLBACK}${query}`);
    const url = new URL(String(started.headers.location), 'http://here');
    expect(url.pathname).toBe('/login/device');
    return { browser, path: `${CALLBACK}?code=device-1&state=${url.searchParams.get('state')}` };
  }

  it('polls until GitHub knows who it is, then answers with where to go', async () => {
    const { browser, path } = await aPoll('?redirect=/users');
    github.polls.push('!authorization_pending', anAccount());
    const pending = await browser.get(path);
    expect([pending.status, pending.body]).toEqual([
      400,
      { message: 'Failed exchanging Oauth code.', detail: 'authorization_pending' },
    ]);
    const done = await browser.get(path);
    expect([done.status, done.body]).toEqual([200, { redirect_url: '/users' }]);
    expect((await browser.get('/api/v2/users/me')).status).toBe(200);
  });

  it.each(['slow_down', 'access_denied', 'expired_token', 'incorrect_device_code'])(
    'passes on %s as the caller’s 400',
    async (error) => {
      const { browser, path } = await aPoll();
      github.polls.push(`!${error}`);
      const answer = await browser.get(path);
      expect([answer.status, answer.body.detail]).toEqual([400, error]);
      expect(browser.session).toBeUndefined();
    },
  );

  it('refuses as JSON what is a page otherwise', async () => {
    const { browser, path } = await aPoll();
    const { email } = await aUser(t);
    github.polls.push(anAccount({ emails: [{ email, primary: true, verified: true }] }));
    const answer = await browser.get(path);
    expect([answer.status, answer.body.message]).toEqual([403, 'Incorrect login type']);
  });

  it('has no device address for an Enterprise server, and none while it is off', async () => {
    const enterprise = await t.anonymous.get(DEVICE);
    expect([enterprise.status, enterprise.body.message]).toEqual([400, 'Failed to authorize device.']);
    const off = await startApp({ env: github.env });
    expect((await off.anonymous.get(DEVICE)).body.message).toBe('Device flow is not enabled for Github OAuth2.');
    const without = await startApp();
    expect((await without.anonymous.get(DEVICE)).body.message).toBe('Github OAuth2 is not enabled.');
  });
});

describe('github.com itself', () => {
  const realFetch = globalThis.fetch;
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  /** Lets the stand-in answer for github.com. */
  function standIn(): void {
    vi.stubGlobal('fetch', (input: string, init: RequestInit) =>
      realFetch(
        input.replace('https://api.github.com', `${github.url}/api/v3`).replace('https://github.com', github.url),
        init,
      ),
    );
  }

  it('is asked for a device code, and its refusals and limits are told', async () => {
    standIn();
    const { CODER_OAUTH2_GITHUB_ENTERPRISE_BASE_URL: _, ...env } = github.env;
    const t = await startApp({ env: { ...env, CODER_OAUTH2_GITHUB_DEVICE_FLOW: 'true' } });
    expect((await t.anonymous.get(DEVICE)).body).toEqual({
      device_code: 'device-1',
      user_code: 'ABCD-1234',
      verification_uri: 'https://github.com/login/device',
      expires_in: 899,
      interval: 5,
    });
    const canned = (status: number, body: string, headers = {}) => ({
      answers: { '/login/device/code': { status, body, headers } },
    });
    github.faults = canned(400, '{"error":"device_flow_disabled","error_description":"Device Flow must be enabled"}');
    const refused = await t.anonymous.get(DEVICE);
    expect([refused.status, refused.body.detail]).toEqual([400, 'Device Flow must be enabled']);
    github.faults = canned(429, 'slow down', { 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 60) });
    const limited = await t.anonymous.get(DEVICE);
    expect(limited.status).toBe(502);
    expect(limited.body.detail).toMatch(/^rate limit hit, unable to authorize device\. retry after \d+s$/);
    github.faults = canned(200, 'a=b');
    expect((await t.anonymous.get(DEVICE)).status).toBe(502);
  });

  it('gives its user ids, by which owners find people', async () => {
    standIn();
    const { CODER_OAUTH2_GITHUB_ENTERPRISE_BASE_URL: _, ...env } = github.env;
    const t = await startApp({ env });
    const account = anAccount();
    await logIn(
      new Browser(t),
      { visit: (location, who) => github.visit(location.replace('https://github.com', github.url), who) },
      account,
      { path: CALLBACK },
    );
    const found = await t.owner.get(`/api/v2/users?q=github_com_user_id:${github.accounts[account]?.id}`);
    expect(found.body.users.map(({ username }: { username: string }) => username)).toEqual([account]);
  });
});

describe('the built-in application', () => {
  it('is for deployments that were new at their first start and asked for it', async () => {
    const env = { CODER_OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE: 'true' };
    const fresh = await startApp({ env, empty: true });
    await noteNewDeployment(fresh.deps);
    expect((await fresh.anonymous.get('/api/v2/users/authmethods')).body.github).toEqual({
      enabled: true,
      default_provider_configured: true,
    });
    const grown = await startApp({ env });
    await noteNewDeployment(grown.deps);
    expect((await grown.anonymous.get('/api/v2/users/authmethods')).body.github).toEqual({
      enabled: false,
      default_provider_configured: false,
    });
    expect((await grown.anonymous.get(CALLBACK)).body.message).toBe('The oauth2 method requested is not configured!');
  });
});
