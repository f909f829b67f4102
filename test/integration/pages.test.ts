// The pages: what they show and to whom, what they refuse, and what a browser is told not to do on them.
import { beforeAll, describe, expect, test } from 'vitest';
import { MINUTE } from '../../src/clock.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';
import { PageVisitor } from '../support/pages.ts';

const ANOTHER_PASSWORD = 'AnotherSecurePassword?';
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

let t: TestApp;
beforeAll(async () => {
  t = await startApp();
});

/** A browser that has signed in through the page. */
async function signedIn(app: TestApp, user: { email: string; password: string }): Promise<PageVisitor> {
  const visitor = new PageVisitor(app.app);
  await visitor.get('/login');
  const answer = await visitor.submit('/login', user);
  if (answer.status !== 303) throw new Error(`not signed in: ${answer.status} ${answer.text}`);
  return visitor;
}

const owner = { email: 'owner@example.com', password: PASSWORD };

describe('every page', () => {
  const paths = [
    '/',
    '/login',
    '/login/device',
    '/cli-auth',
    '/next-steps',
    '/reset-password',
    '/reset-password/change',
    '/confirm-email',
    '/nowhere',
  ];

  test.each(paths)('%s answers as HTML that no cache keeps and no other site can frame', async (path) => {
    const page = await new PageVisitor(t.app).get(path);
    expect(page.status).toBe(path === '/nowhere' ? 404 : 200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
    });
    const connects = path === '/login/device' ? "connect-src 'self'; " : '';
    expect(page.headers['content-security-policy']).toBe(POLICY.replace('form-action', `${connects}form-action`));
    expect(page.headers['strict-transport-security']).toBeUndefined();
  });

  test.each(paths)('%s has nothing inline that the policy would stop', async (path) => {
    const { text } = await new PageVisitor(t.app).get(path);
    expect(text).toMatch(/^<!doctype html>\s*<html lang="en"/);
    expect(text).not.toMatch(/<style|<script(?![^>]* src="\/assets\/)|\sstyle=|\son\w+=|javascript:/);
  });

  test('a server behind https tells browsers to come back by https only', async () => {
    const secure = await startApp({ env: { CODER_ACCESS_URL: 'https://users.example.com' } });
    const page = await new PageVisitor(secure.app).get('/login');
    expect(page.headers['strict-transport-security']).toBe('max-age=31536000');
  });

  test('HEAD answers like GET, without the page', async () => {
    const answer = await t.app.inject({ method: 'HEAD', url: '/login' });
    expect([answer.statusCode, answer.payload]).toEqual([200, '']);
  });

  test.each(['PUT', 'POST', 'DELETE'] as const)('%s of an unknown address is a page, too', async (method) => {
    const answer = await t.app.inject({ method, url: '/nowhere', headers: { accept: 'text/html' } });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
  });

  test('what a page loads is there, and kept only under the address with its hash', async () => {
    const { text } = await new PageVisitor(t.app).get('/login/device');
    const links = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, link = '']) => link);
    expect(links).toHaveLength(2);
    for (const link of links) {
      const file = await t.anonymous.get(link);
      expect(file.status).toBe(200);
      expect(file.headers['cache-control']).toContain('immutable');
      const stable = await t.anonymous.get(link.replace(/\?.*/, ''));
      expect([stable.status, stable.headers['cache-control'], stable.text]).toEqual([200, 'no-cache', file.text]);
    }
  });
});

describe('/setup', () => {
  const first = { email: 'first@example.com', username: 'ada', name: 'Ada "First" <One>', password: PASSWORD };

  test('makes the first owner, signs in, and from then on sends to /login', async () => {
    const empty = await startApp({ empty: true });
    const visitor = new PageVisitor(empty.app);
    await visitor.get('/setup');
    const made = await visitor.submit('/setup', first);
    expect([made.status, made.headers.location]).toEqual([303, '/next-steps']);
    expect((await visitor.get('/next-steps')).text).toContain('<h1>Next steps</h1>');
    const account = await visitor.get('/');
    expect(account.text).toContain('Ada &quot;First&quot; &lt;One&gt;');
    expect(account.text).toContain('Owner');
    expect((await visitor.get('/setup')).headers.location).toBe('/login');
    const again = await visitor.post('/setup', {
      ...first,
      username: 'second',
      csrf_token: visitor.hiddenFields('/logout').csrf_token ?? '',
    });
    expect([again.status, again.headers.location]).toEqual([303, '/login']);
    const users = await visitor.get('/api/v2/users');
    expect(JSON.parse(users.text).count).toBe(1);
  });

  test('is what a new server shows in place of signing in', async () => {
    const empty = await startApp({ empty: true });
    for (const path of ['/', '/login', '/cli-auth', '/next-steps', '/setup']) {
      const page = await new PageVisitor(empty.app).get(path);
      expect([page.status, /action="\/setup"/.test(page.text)]).toEqual([200, true]);
    }
  });

  test('shows faults at their fields, keeps what was typed but not the password, and makes nobody', async () => {
    const empty = await startApp({ empty: true });
    const visitor = new PageVisitor(empty.app);
    await visitor.get('/setup');
    const page = await visitor.submit('/setup', {
      ...first,
      email: 'no address',
      username: 'a--b',
      password: 'abcabc',
    });
    expect(page.status).toBe(400);
    expect(page.text).toMatch(
      /id="email"[^>]* value="no address"[^>]* aria-invalid="true"[^>]* aria-describedby="email-fault"/,
    );
    expect(page.text).toContain('This is not an e-mail address.');
    expect(page.text).toMatch(/id="username"[^>]* value="a--b"[^>]* aria-invalid="true"/);
    expect(page.text).toContain('value="Ada &quot;First&quot; &lt;One&gt;"');
    expect(page.text).not.toContain('abcabc');
    const weak = await visitor.submit('/setup', { ...first, password: 'abcabc' });
    expect([weak.status, weak.text.includes('Insecure password, try')]).toEqual([400, true]);
    expect(weak.text).not.toContain('abcabc');
    expect((await visitor.get('/api/v2/users/first')).status).toBe(404);
  });
});

describe('/login', () => {
  test('a right password sets the session cookie and goes to where one came from', async () => {
    const visitor = new PageVisitor(t.app);
    await visitor.get('/login?redirect=/cli-auth%3Fa=1');
    const answer = await visitor.submit('/login', owner);
    expect([answer.status, answer.headers.location]).toEqual([303, '/cli-auth?a=1']);
    const cookie = answer.setCookies.find((line) => line.startsWith('coder_session_token='));
    expect(cookie).toMatch(/^coder_session_token=\w{10}-\w{22}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/);
    expect((await visitor.get('/')).text).toContain('owner@example.com');
    expect((await visitor.get('/login?redirect=/cli-auth')).headers.location).toBe('/cli-auth');
  });

  test.each([
    ['https://evil.example/a?b=1', '/a?b=1'],
    ['//evil.example', '/'],
    ['/\\evil.example/x', '/%5Cevil.example/x'],
    ['/\t/evil.example', '/'],
    ['https:evil.example', '/evil.example'],
    ['http://x//evil.example', '/evil.example'],
    ['javascript:alert(1)', '/alert(1)'],
    ['/ok#part', '/ok'],
    ['relative', '/relative'],
    ['', '/'],
  ])('redirect=%s leads to %s of this site', async (redirect, expected) => {
    const visitor = new PageVisitor(t.app);
    await visitor.get(`/login?redirect=${encodeURIComponent(redirect)}`);
    const answer = await visitor.submit('/login', owner);
    expect(answer.headers.location).toBe(expected);
    await visitor.get('/');
    const forged = await visitor.get(`/login?redirect=${encodeURIComponent(redirect)}`);
    expect([forged.status, forged.headers.location]).toEqual([303, expected]);
    const field = new PageVisitor(t.app);
    await field.get('/login');
    expect((await field.submit('/login', { ...owner, redirect })).headers.location).toBe(expected);
  });

  test('a wrong password is told on the form with 401; the address stays, no cookie is set', async () => {
    const visitor = new PageVisitor(t.app);
    await visitor.get('/login?redirect=/cli-auth');
    const answer = await visitor.submit('/login', { ...owner, password: 'wrong<password>' });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('<p class="notice bad" role="alert">Incorrect email or password.</p>');
    expect(answer.text).toContain('value="owner@example.com"');
    expect(answer.text).not.toContain('wrong');
    expect(answer.setCookies).toEqual([]);
    expect(visitor.hiddenFields('/login').redirect).toBe('/cli-auth');
  });

  test('a message and an address in the query are shown as text', async () => {
    const script = '<script>alert(1)</script>';
    const visitor = new PageVisitor(t.app);
    const page = await visitor.get(
      `/login?message=${encodeURIComponent(script)}&redirect=${encodeURIComponent(`/"${script}`)}`,
    );
    expect(page.text).toContain('<p class="notice info" role="status">&lt;script&gt;alert(1)&lt;/script&gt;</p>');
    expect(page.text).not.toContain('<script>alert');
    const failed = await visitor.submit('/login', { email: `"${script}`, password: 'x' });
    expect([failed.status, failed.text.includes('<script>alert')]).toEqual([400, false]);
  });

  test('offers the providers that are on, with where to go afterwards, and the icon may come from its own place', async () => {
    const external = await startApp({
      env: {
        CODER_OIDC_ISSUER_URL: 'http://127.0.0.1:1',
        CODER_OIDC_CLIENT_ID: 'client',
        CODER_OIDC_SIGN_IN_TEXT: 'Sign in with <Example>',
        CODER_OIDC_ICON_URL: 'https://icons.example.com/a.png',
        CODER_OAUTH2_GITHUB_CLIENT_ID: 'client',
        CODER_OAUTH2_GITHUB_CLIENT_SECRET: 'secret',
        CODER_OAUTH2_GITHUB_ALLOW_EVERYONE: 'true',
        CODER_DISABLE_PASSWORD_AUTH: 'true',
        CODER_TERMS_OF_SERVICE_URL: 'https://example.com/terms',
      },
      empty: true,
    });
    await external.anonymous.post('/api/v2/users/first', { email: 'a@example.com', username: 'a', password: PASSWORD });
    const page = await new PageVisitor(external.app).get('/cli-auth');
    expect(page.text).toContain('href="/api/v2/users/oidc/callback?redirect=%2Fcli-auth"');
    expect(page.text).toContain('Sign in with &lt;Example&gt;');
    expect(page.text).toContain('href="/api/v2/users/oauth2/github/callback?redirect=%2Fcli-auth"');
    expect(page.text).toContain('href="https://example.com/terms"');
    expect(page.text).not.toContain('type="password"');
    expect(page.headers['content-security-policy']).toContain("img-src 'self' data: https://icons.example.com;");
    const reset = await new PageVisitor(external.app).get('/reset-password');
    expect([reset.status, reset.text.includes('Password authentication is disabled.')]).toEqual([403, true]);
  });

  test('the limit of logins holds here, too, and is told as a page', async () => {
    const limited = await startApp({ env: { CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'false' } });
    const visitor = new PageVisitor(limited.app);
    // The owner's own sign-in was the first.
    for (let i = 1; i < 60; i += 1) expect((await visitor.post('/login', {})).status).toBe(400);
    await visitor.get('/login');
    const refused = await visitor.submit('/login', owner);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60']);
    expect(refused.text).toContain('<h1>Too many attempts</h1>');
    limited.clock.advance(2 * MINUTE);
    await visitor.get('/login');
    expect((await visitor.submit('/login', owner)).status).toBe(303);
  });
});

describe('forms', () => {
  const actions = [
    '/login',
    '/logout',
    '/cli-auth',
    '/account/appearance',
    '/account/keys/revoke',
    '/account/keys/revoke-others',
  ];

  test.each([...actions, '/setup', '/reset-password', '/reset-password/change', '/confirm-email'])(
    '%s refuses what no page of ours sent',
    async (action) => {
      const visitor = await signedIn(t, owner);
      await visitor.get('/');
      const token = visitor.hiddenFields('/logout').csrf_token ?? '';
      const before = await t.owner.get('/api/v2/users/me/keys');
      for (const fields of [{}, { csrf_token: '' }, { csrf_token: Buffer.alloc(64).toString('base64') }]) {
        expect((await visitor.post(action, fields)).status).toBe(400);
      }
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'https://evil.example' },
        { origin: 'null' },
      ]) {
        const refused = await visitor.post(action, { csrf_token: token }, headers as Record<string, string>);
        expect([refused.status, refused.setCookies]).toEqual([403, []]);
      }
      const other = new PageVisitor(t.app);
      await other.get('/login');
      expect((await other.post(action, { csrf_token: token })).status).toBe(400);
      expect((await t.owner.get('/api/v2/users/me/keys')).body).toEqual(before.body);
    },
  );

  test('a form of a page of ours is taken with the headers that browsers send', async () => {
    const visitor = new PageVisitor(t.app);
    await visitor.get('/login');
    const headers = { origin: 'http://localhost:80', host: 'localhost:80', 'sec-fetch-site': 'same-origin' };
    expect((await visitor.submit('/login', owner, headers)).status).toBe(303);
    const old = new PageVisitor(t.app);
    await old.get('/login');
    expect((await old.submit('/login', owner, { origin: 'http://users:81', host: 'users:81' })).status).toBe(303);
  });

  test('the token of a page also proves a request of its script to the API', async () => {
    const visitor = await signedIn(t, owner);
    const page = await visitor.get('/');
    const token = /<meta property="csrf-token" content="([^"]+)">/.exec(page.text)?.[1] ?? '';
    expect((await visitor.post('/api/v2/users/me/keys', {}, { 'x-csrf-token': token })).status).toBe(201);
    expect((await visitor.post('/api/v2/users/me/keys', {})).status).toBe(400);
  });

  test('a form longer than forms are is refused as a page', async () => {
    const visitor = new PageVisitor(t.app);
    await visitor.get('/login');
    const refused = await visitor.submit('/login', { ...owner, redirect: 'x'.repeat(100_000) });
    expect([refused.status, refused.headers['content-type']]).toEqual([413, 'text/html; charset=utf-8']);
  });

  test('text that cannot be stored is refused', async () => {
    const visitor = new PageVisitor(t.app);
    await visitor.get('/login');
    expect((await visitor.submit('/login', { ...owner, password: 'a\u0000b' })).status).toBe(400);
  });
});

describe('/cli-auth', () => {
  test('asks to sign in first, and comes back', async () => {
    const visitor = new PageVisitor(t.app);
    const page = await visitor.get('/cli-auth');
    expect(page.text).toContain('Sign in to get a key for the command line.');
    expect((await visitor.submit('/login', owner)).headers.location).toBe('/cli-auth');
  });

  test('makes a working key when asked, not by being looked at', async () => {
    const user = await aUser(t);
    const visitor = await signedIn(t, user);
    const before = (await user.client.get('/api/v2/users/me/keys')).body.length;
    await visitor.get('/cli-auth');
    await visitor.get('/cli-auth');
    expect((await user.client.get('/api/v2/users/me/keys')).body).toHaveLength(before);
    const page = await visitor.submit('/cli-auth');
    const key = /id="key"[^>]* value="(\w{10}-\w{22})"/.exec(page.text)?.[1] ?? '';
    expect((await t.as(key).get('/api/v2/users/me')).body.username).toBe(user.username);
    expect(page.setCookies).toEqual([]);
    expect((await visitor.get('/cli-auth')).text).not.toContain(key);
  });

  test('a limited key in the cookie gets no unlimited one', async () => {
    const user = await aUser(t);
    const token = await user.client.post('/api/v2/users/me/keys/tokens', { scopes: ['user:read'] });
    const visitor = new PageVisitor(t.app);
    visitor.cookies.set('coder_session_token', token.body.key);
    await visitor.get('/cli-auth');
    const refused = await visitor.submit('/cli-auth');
    expect([refused.status, refused.text.includes('Not allowed')]).toEqual([403, true]);
    expect(refused.text).not.toMatch(/\w{10}-\w{22}/);
  });
});

describe('/next-steps', () => {
  const steps = (text: string) =>
    [...text.matchAll(/<h3>([^<]+)(?:<span class="badge">([^<]+)<\/span>)?<\/h3>/g)].map(([, title, state]) => [
      title,
      state,
    ]);

  test('tells an owner what to do and what is done', async () => {
    const env = {
      CODER_ACCESS_URL: 'https://users.example.com',
      CODER_EMAIL_SMARTHOST: 'localhost:25',
      CODER_EMAIL_FROM: 'a@example.com',
    };
    const secure = await startApp({ env });
    for (const [app, state] of [
      [t, 'to do'],
      [secure, 'done'],
    ] as const) {
      const visitor = await signedIn(app, owner);
      expect((await visitor.get('/')).text).toContain('<a href="/next-steps">Next steps</a>');
      const { text } = await visitor.get('/next-steps');
      expect(steps(text)).toEqual(
        expect.arrayContaining([
          ['Create a user', undefined],
          ['Serve it over HTTPS', state],
          ['Send mail', state],
          ['Sign in through a provider', 'to do'],
        ]),
      );
      expect(text).toContain(`coder login ${app.app.deps.config.accessUrl}\n`.trim());
    }
  });

  test('is not for a member, nor shown before signing in', async () => {
    const user = await aUser(t);
    const visitor = await signedIn(t, user);
    const refused = await visitor.get('/next-steps');
    expect([refused.status, refused.headers.location, refused.text]).toEqual([303, '/', '']);
    expect((await visitor.get('/')).text).not.toContain('next-steps');
    const stranger = new PageVisitor(t.app);
    expect((await stranger.get('/next-steps')).text).toContain('<h1>Sign in to Coder</h1>');
    expect((await stranger.submit('/login', owner)).headers.location).toBe('/next-steps');
  });
});

describe('/', () => {
  test('a key in the address or a header does not sign a browser in', async () => {
    const user = await aUser(t);
    for (const page of [
      await new PageVisitor(t.app).get(`/?coder_session_token=${user.token}`),
      await new PageVisitor(t.app).get('/', { 'coder-session-token': user.token }),
      await new PageVisitor(t.app).get('/', { authorization: `Bearer ${user.token}` }),
    ]) {
      expect(page.text).toContain('<h1>Sign in to Coder</h1>');
      expect(page.text).not.toContain(user.email);
    }
  });

  test('shows the sessions and tokens of oneself only, and which one is in use', async () => {
    const user = await aUser(t);
    const stranger = await aUser(t);
    const token = await user.client.post('/api/v2/users/me/keys/tokens', { token_name: '<b>mine</b>' });
    const visitor = await signedIn(t, user);
    const { text } = await visitor.get('/');
    const inUse = visitor.cookies.get('coder_session_token')?.slice(0, 10) ?? '';
    expect(text).toContain('&lt;b&gt;mine&lt;/b&gt;');
    for (const id of [token.body.key.slice(0, 10), user.token.slice(0, 10), inUse]) expect(text).toContain(id);
    expect(text).not.toContain(stranger.token.slice(0, 10));
    expect(text.match(/this browser/g)).toHaveLength(1);
    expect(text).not.toContain(`name="id" value="${inUse}"`);
  });

  test('revoking ends that key at once, and one of somebody else is not found', async () => {
    const user = await aUser(t);
    const stranger = await aUser(t);
    const visitor = await signedIn(t, user);
    await visitor.get('/');
    const csrf_token = visitor.hiddenFields('/account/keys/revoke').csrf_token ?? '';
    const refused = await visitor.post('/account/keys/revoke', { csrf_token, id: stranger.token.slice(0, 10) });
    expect([refused.status, refused.text.includes('Your account')]).toEqual([404, true]);
    expect((await stranger.client.get('/api/v2/users/me')).status).toBe(200);
    const done = await visitor.post('/account/keys/revoke', { csrf_token, id: user.token.slice(0, 10) });
    expect([done.status, done.headers.location]).toEqual([303, '/?done=revoked']);
    expect((await user.client.get('/api/v2/users/me')).status).toBe(401);
    expect((await visitor.get('/?done=revoked')).text).toContain('It has been revoked.');
  });

  test('signing out everywhere else keeps this browser', async () => {
    const user = await aUser(t);
    const [one, two] = [await signedIn(t, user), await signedIn(t, user)];
    await one.get('/');
    expect((await one.submit('/account/keys/revoke-others')).headers.location).toBe('/?done=revoked-others');
    expect((await user.client.get('/api/v2/users/me')).status).toBe(401);
    expect((await two.get('/')).text).toContain('Sign in to Coder');
    expect((await one.get('/')).text).toContain(user.email);
  });

  test.each([
    ['dark', '', { theme_preference: 'dark', theme_mode: 'single', theme_light: 'light', theme_dark: 'dark' }, 'dark'],
    [
      'light',
      '-tritan',
      {
        theme_preference: 'light-tritan',
        theme_mode: 'single',
        theme_light: 'light-tritan',
        theme_dark: 'dark-tritan',
      },
      'light',
    ],
    [
      'auto',
      '-protan-deuter',
      {
        theme_preference: 'auto-protan-deuter',
        theme_mode: 'sync',
        theme_light: 'light-protan-deuter',
        theme_dark: 'dark-protan-deuter',
      },
      'auto',
    ],
  ])('appearance %s%s is stored as the API knows it, shown and chosen again', async (theme, colours, stored, shown) => {
    const user = await aUser(t);
    const visitor = await signedIn(t, user);
    await visitor.get('/');
    expect((await visitor.submit('/account/appearance', { theme, colours, font: 'fira-code' })).status).toBe(303);
    const { body } = await user.client.get('/api/v2/users/me/appearance');
    expect(body).toEqual({ ...stored, terminal_font: 'fira-code' });
    const { text } = await visitor.get('/');
    expect(text).toContain(`<html lang="en" data-theme="${shown}">`);
    for (const value of [theme, colours, 'fira-code']) expect(text).toContain(`<option value="${value}" selected>`);
  });

  test('a font that nobody has is refused on the page', async () => {
    const visitor = await signedIn(t, await aUser(t));
    await visitor.get('/');
    const refused = await visitor.submit('/account/appearance', { theme: 'dark', colours: '', font: 'comic' });
    expect([refused.status, refused.text.includes('Unsupported font family.')]).toEqual([400, true]);
  });

  test('a suspended user is shown the way in', async () => {
    const user = await aUser(t);
    const visitor = await signedIn(t, user);
    await t.owner.put(`/api/v2/users/${user.username}/status/suspend`);
    const page = await visitor.get('/');
    expect(page.text).toContain('Sign in to Coder');
    expect(page.text).not.toContain(user.email);
  });
});

describe('/logout', () => {
  test('ends the session and takes the cookie', async () => {
    const visitor = await signedIn(t, await aUser(t));
    await visitor.get('/');
    const key = visitor.cookies.get('coder_session_token') ?? '';
    const answer = await visitor.submit('/logout');
    expect([answer.status, answer.headers.location]).toEqual([303, '/login?message=You+are+signed+out.']);
    expect(visitor.cookies.has('coder_session_token')).toBe(false);
    expect((await t.as(key).get('/api/v2/users/me')).status).toBe(401);
  });

  test('looking at its address signs nobody out', async () => {
    const visitor = await signedIn(t, await aUser(t));
    await visitor.get('/logout');
    expect((await visitor.get('/')).text).toContain('Your account');
  });
});

describe('/reset-password', () => {
  const linkIn = (mail: { text: string } | undefined) =>
    /http\S+(\/reset-password\/change\?\S+)/.exec(mail?.text ?? '')?.[1] ?? '';

  test('says the same for known and unknown addresses; the link sets a new password once', async () => {
    const user = await aUser(t);
    const visitor = new PageVisitor(t.app);
    await visitor.get('/reset-password');
    const known = await visitor.submit('/reset-password', { email: user.email });
    await visitor.get('/reset-password');
    const unknown = await visitor.submit('/reset-password', { email: 'nobody@example.com' });
    const plain = (page: { text: string }, email: string) =>
      page.text.replaceAll(email, 'X').replace(/content="[^"]*"|value="[^"]*"/g, '');
    expect(plain(known, user.email)).toBe(plain(unknown, 'nobody@example.com'));
    const link = linkIn(t.mails.findLast((mail) => mail.to === user.email));
    await visitor.get(link);

    const differing = await visitor.submit('/reset-password/change', {
      email: user.email,
      password: ANOTHER_PASSWORD,
      repeated: 'other',
    });
    expect([differing.status, differing.text.includes('The passwords differ.')]).toEqual([400, true]);
    expect(differing.text).not.toContain(ANOTHER_PASSWORD);
    const weak = await visitor.submit('/reset-password/change', {
      email: user.email,
      password: 'weak',
      repeated: 'weak',
    });
    expect([weak.status, weak.text.includes('Insecure password, try')]).toEqual([400, true]);

    const fields = { email: user.email, password: ANOTHER_PASSWORD, repeated: ANOTHER_PASSWORD };
    const changed = await visitor.submit('/reset-password/change', fields);
    expect([changed.status, String(changed.headers.location).startsWith('/login?message=')]).toEqual([303, true]);
    expect((await user.client.get('/api/v2/users/me')).status).toBe(401);
    await signedIn(t, { email: user.email, password: ANOTHER_PASSWORD });
    await visitor.get(link);
    const again = await visitor.submit('/reset-password/change', { ...fields, password: PASSWORD, repeated: PASSWORD });
    expect([again.status, again.text.includes('Incorrect email or one-time passcode.')]).toEqual([400, true]);
  });

  test('what a forged link holds is shown as text', async () => {
    const script = '"><script>alert(1)</script>';
    const page = await new PageVisitor(t.app).get(
      `/reset-password/change?otp=${encodeURIComponent(script)}&email=${encodeURIComponent(script)}`,
    );
    expect(page.text).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page.text).not.toContain('<script>alert');
  });

  test('an address that is none is told on the form', async () => {
    const visitor = new PageVisitor(t.app);
    await visitor.get('/reset-password');
    const refused = await visitor.submit('/reset-password', { email: 'nobody' });
    expect([refused.status, refused.text.includes('This is not an e-mail address.')]).toEqual([400, true]);
  });
});

describe('with prefixed cookies', () => {
  test('only the prefixed cookie signs in', async () => {
    const prefixed = await startApp({ env: { CODER_HOST_PREFIX_COOKIE: 'true' } });
    const visitor = await signedIn(prefixed, owner);
    expect((await visitor.get('/')).text).toContain('Your account');
    const plain = new PageVisitor(prefixed.app);
    plain.cookies.set('coder_session_token', visitor.cookies.get('__Host-coder_session_token') ?? '');
    expect((await plain.get('/')).text).toContain('Sign in to Coder');
  });
});
