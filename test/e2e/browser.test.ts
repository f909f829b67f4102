// A real browser on a real server: every page that people need, light and dark. Screenshots go to test/screenshots/.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { chromiumPath, startChromium } from '../support/chromium.ts';
import { type OidcProvider, startOidcProvider } from '../support/oidc-provider.ts';
import { freePort } from '../support/ports.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { cleanUp, type RunningServer, startServer, until } from '../support/server.ts';
import { type SmtpRelay, startSmtp } from '../support/smtp.ts';

const SCREENSHOTS = join(packageRoot, 'test', 'screenshots');
const PASSWORD = 'SomeSecurePassword!';
const ANOTHER_PASSWORD = 'AnotherSecurePassword?';
const EMAIL = 'ada@example.com';

const title = chromiumPath
  ? 'in a browser'
  : 'in a browser (skipped: there is no Chromium; install it or name it with CHROMIUM)';

describe.skipIf(!chromiumPath)(title, () => {
  let server: RunningServer;
  let smtp: SmtpRelay;
  let provider: OidcProvider;
  let browser: { context: BrowserContext; close: () => Promise<void> };
  let page: Page;
  /** What the browser complained about, such as something that a page's policy stopped. */
  let complaints: string[];

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    smtp = await startSmtp();
    const { url } = await cloneDatabase();
    const address = `127.0.0.1:${await freePort()}`;
    provider = await startOidcProvider({
      appUrl: `http://${address}`,
      accounts: {
        grace: { sub: '1', claims: { email: 'grace@example.com', email_verified: true, preferred_username: 'grace' } },
        mallory: { sub: '2', claims: { email: 'mallory@example.com', email_verified: false } },
      },
    });
    server = await startServer({
      ...provider.env,
      CODER_OIDC_SIGN_IN_TEXT: 'Example Inc.',
      CODER_HTTP_ADDRESS: address,
      CODER_ACCESS_URL: `http://${address}`,
      CODER_PG_CONNECTION_URL: url,
      CODER_EMAIL_SMARTHOST: `127.0.0.1:${smtp.port}`,
      CODER_EMAIL_FROM: 'coder@example.com',
      CODER_OAUTH2_GITHUB_CLIENT_ID: 'client',
      CODER_OAUTH2_GITHUB_CLIENT_SECRET: 'secret',
      CODER_OAUTH2_GITHUB_ALLOW_EVERYONE: 'true',
    });
    browser = await startChromium();
    page = await browser.context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      // A form that is shown again has the status of its refusal, which the browser notes.
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        complaints.push(message.text());
    });
    page.on('pageerror', (err) => complaints.push(err.message));
  });

  afterAll(async () => {
    await browser?.close();
    await smtp?.close();
    await cleanUp();
    await provider?.close();
  });

  beforeEach(() => {
    complaints = [];
  });

  const open = (path: string) => page.goto(server.url + path);
  const path = () => page.url().slice(server.url.length);
  const heading = () => page.getByRole('heading', { level: 1 }).textContent();
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

  /** Keeps how the page looks in both schemes, and checks what every page owes. */
  async function keep(name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}.png`), fullPage: true });
    }
    expect(complaints).toEqual([]);
    expect(await unlabelledControls()).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  }

  /** Controls that a screen reader could not name. */
  const unlabelledControls = () =>
    page.evaluate(`[...document.querySelectorAll('input:not([type=hidden]), select, button')]
      .filter((control) => !control.labels?.length && !control.textContent.trim() && !control.ariaLabel)
      .map((control) => control.outerHTML)`);

  async function signIn(password: string): Promise<void> {
    await page.getByLabel('E-mail address').fill(EMAIL);
    await page.getByLabel('Password').fill(password);
    await press('Sign in');
  }

  test('set-up makes the first account, with the keyboard alone', async () => {
    await open('/');
    expect(await heading()).toBe('Welcome');
    await keep('setup');
    await page.keyboard.type(EMAIL);
    for (const text of ['ada', 'Ada Lovelace', 'short']) {
      await page.keyboard.press('Tab');
      await page.keyboard.type(text);
    }
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Password').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Full name').inputValue()).toBe('Ada Lovelace');
    await keep('setup-refused');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.url}/next-steps`);
    expect(await heading()).toBe('Next steps');
    await keep('next-steps');
    await page.setViewportSize({ width: 360, height: 640 });
    await keep('next-steps-narrow');
    await page.setViewportSize({ width: 1100, height: 800 });
    await page.getByRole('link', { name: 'your account' }).click();
    expect(await heading()).toBe('Ada Lovelace');
    await page.getByRole('link', { name: 'Next steps' }).click();
    expect(await heading()).toBe('Next steps');
  });

  test('signing out and in again, with a wrong password in between', async () => {
    await press('Sign out');
    expect(await page.getByRole('status').textContent()).toBe('You are signed out.');
    await keep('login');
    await signIn('wrong password');
    expect(await page.getByRole('alert').textContent()).toBe('Incorrect email or password.');
    expect(await page.getByLabel('E-mail address').inputValue()).toBe(EMAIL);
    await keep('login-refused');
    await signIn(PASSWORD);
    await page.waitForURL(`${server.url}/`);
  });

  test('the account page shows what is signed in, ends it, and takes a theme', async () => {
    const login = await fetch(`${server.url}/api/v2/users/login`, {
      method: 'POST',
      body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
    });
    const { session_token: elsewhere } = (await login.json()) as { session_token: string };
    const as = (key: string) => fetch(`${server.url}/api/v2/users/me`, { headers: { 'coder-session-token': key } });
    await fetch(`${server.url}/api/v2/users/me/keys/tokens`, {
      method: 'POST',
      headers: { 'coder-session-token': elsewhere },
      body: JSON.stringify({ token_name: 'backup-script' }),
    });
    await open('/');
    await keep('account');
    await page.getByRole('button', { name: 'Revoke backup-script' }).click();
    expect(await page.getByRole('status').textContent()).toBe('It has been revoked.');
    expect(await page.getByText('backup-script').count()).toBe(0);
    expect((await as(elsewhere)).status).toBe(200);
    await press('Sign out everywhere else');
    expect(await page.getByRole('status').textContent()).toBe('You are signed out everywhere else.');
    expect((await as(elsewhere)).status).toBe(401);

    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await background();
    await page.getByLabel('Theme').selectOption('Dark');
    await press('Save');
    await page.getByRole('status').waitFor();
    expect(await background()).not.toBe(light);
    await page.getByLabel('Theme').selectOption('As the system');
    await press('Save');
    await page.getByRole('status').waitFor();
    expect(await background()).toBe(light);
  });

  test('cli-auth gives a key that works, and copies it', async () => {
    await press('Sign out');
    await open('/cli-auth');
    await keep('cli-auth-signed-out');
    await signIn(PASSWORD);
    await page.waitForURL(`${server.url}/cli-auth`);
    await keep('cli-auth');
    await press('Make a key');
    const key = await page.getByLabel('Key').inputValue();
    await press('Copy');
    await until(
      async () => (await page.getByRole('status').textContent()) === 'Copied.',
      'the page says that it has copied',
    );
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key);
    await page.evaluate(`document.querySelector('#key').value = 'AAAAAAAAAA-AAAAAAAAAAAAAAAAAAAAAA'`);
    await keep('cli-auth-key');
    const me = await fetch(`${server.url}/api/v2/users/me`, { headers: { 'coder-session-token': key } });
    expect(((await me.json()) as { email: string }).email).toBe(EMAIL);
  });

  test('a forgotten password is replaced by the link in the mail', async () => {
    await open('/');
    await press('Sign out');
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await keep('reset-password');
    await page.getByLabel('E-mail address').fill(EMAIL);
    await press('Send the link');
    expect(await page.getByRole('status').textContent()).toContain(EMAIL);
    await keep('reset-password-sent');
    const mail = await until(() => smtp.mails.at(-1), 'the mail has come');
    const link = /\/reset-password\/change\?otp=\S+/.exec(mail.decoded.replaceAll('&amp;', '&'))?.[0] ?? '';
    await open(link);
    await page.getByLabel('New password', { exact: true }).fill(ANOTHER_PASSWORD);
    await page.getByLabel('New password again').fill('something else');
    await press('Change password');
    expect(await page.getByRole('alert').textContent()).toBe('The passwords differ.');
    await keep('reset-password-change');
    await page.getByLabel('New password', { exact: true }).fill(ANOTHER_PASSWORD);
    await page.getByLabel('New password again').fill(ANOTHER_PASSWORD);
    await press('Change password');
    expect(await page.getByRole('status').textContent()).toContain('Your password has been changed.');
    await signIn(ANOTHER_PASSWORD);
    await page.waitForURL(`${server.url}/`);
    await press('Sign out');
  });

  test('signing in through an identity provider leads to where one came from', async () => {
    await page.setExtraHTTPHeaders({ 'x-account': 'grace' });
    await open('/cli-auth');
    await page.getByRole('link', { name: 'Example Inc.' }).click();
    await page.waitForURL(`${server.url}/cli-auth`);
    await page.getByRole('button', { name: 'Make a key' }).waitFor();
    await open('/');
    expect(await page.getByText('through OpenID Connect').count()).toBe(1);
    await keep('account-oidc');
    await press('Sign out');
  });

  test('a refusal of the identity provider’s account is a page with the way back', async () => {
    await browser.context.clearCookies();
    await page.setExtraHTTPHeaders({ 'x-account': 'mallory' });
    await open('/login');
    await page.getByRole('link', { name: 'Example Inc.' }).click();
    await page.waitForURL(/oidc\/callback/);
    expect(await heading()).toBe('Email not verified');
    await keep('login-failed');
    await page.getByRole('link', { name: 'Back to signing in' }).click();
    expect(await heading()).toBe('Sign in to Coder');
    await page.setExtraHTTPHeaders({});
  });

  test('the device page shows the code, waits for the consent, and goes on', async () => {
    let polls = 0;
    await page.route('**/users/oauth2/github/device', (route) =>
      route.fulfill({
        json: {
          device_code: 'device',
          user_code: 'WDJB-MJHT',
          verification_uri: 'https://github.com/login/device',
          expires_in: 900,
          interval: 1,
        },
      }),
    );
    await page.route('**/users/oauth2/github/callback?*', async (route) => {
      const query = new URL(route.request().url()).searchParams;
      expect([query.get('code'), query.get('state')]).toEqual(['device', 'the-state']);
      polls += 1;
      if (polls < 3)
        return route.fulfill({
          status: 400,
          json: { message: 'Failed exchanging Oauth code.', detail: 'authorization_pending' },
        });
      return route.fulfill({ json: { redirect_url: '/reset-password?from=device' } });
    });
    await open('/login/device?state=the-state');
    await page.getByText('WDJB-MJHT').waitFor();
    expect(await page.getByRole('link', { name: 'Open GitHub' }).getAttribute('href')).toBe(
      'https://github.com/login/device',
    );
    await keep('device');
    await page.waitForURL(`${server.url}/reset-password?from=device`);
    expect(polls).toBe(3);
  });

  test.each([
    ['access_denied', 500, 'GitHub says that access was refused.'],
    ['expired_token', 400, 'The code has expired.'],
    ['unsupported', 502, 'Failed exchanging Oauth code. unsupported'],
  ])('the device page tells that GitHub said %s and asks no more', async (detail, status, told) => {
    let polls = 0;
    await page.unrouteAll();
    await page.route('**/users/oauth2/github/device', (route) =>
      route.fulfill({
        json: {
          device_code: 'd',
          user_code: 'ABCD-1234',
          verification_uri: 'https://github.com/login/device',
          expires_in: 900,
          interval: 1,
        },
      }),
    );
    await page.route('**/users/oauth2/github/callback?*', (route) => {
      polls += 1;
      return route.fulfill({ status, json: { message: 'Failed exchanging Oauth code.', detail } });
    });
    await open('/login/device?state=s');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toBe(told);
    expect(await page.getByText('ABCD-1234').isVisible()).toBe(false);
    expect(polls).toBe(1);
    await keep(`device-${detail}`);
    await page.unrouteAll();
  });

  test('the device page never leaves this site, wherever the answers point', async () => {
    const answer = (verification_uri: string) => ({
      json: { device_code: 'd', user_code: 'ABCD-1234', verification_uri, expires_in: 900, interval: 1 },
    });
    await page.route('**/users/oauth2/github/device', (route) => route.fulfill(answer('javascript:alert(1)')));
    await open('/login/device?state=s');
    expect(await page.getByRole('alert').textContent()).toBe('The address for the code is unusable.');
    await page.unrouteAll();
    await page.route('**/users/oauth2/github/device', (route) =>
      route.fulfill(answer('https://github.com/login/device')),
    );
    await page.route('**/users/oauth2/github/callback?*', (route) =>
      route.fulfill({ json: { redirect_url: 'https://evil.example/' } }),
    );
    await open('/login/device?state=s');
    await page.waitForURL(`${server.url}/`);
    await page.unrouteAll();
  });

  test('an unknown address is told as such, in a narrow window, too', async () => {
    await page.setViewportSize({ width: 360, height: 640 });
    await open('/templates/docker');
    expect(await heading()).toBe('Not found here');
    await keep('not-found');
    await open('/login');
    await keep('login-narrow');
    await signIn(ANOTHER_PASSWORD);
    await page.waitForURL(`${server.url}/`);
    await keep('account-narrow');
    expect(path()).toBe('/');
  });
});
