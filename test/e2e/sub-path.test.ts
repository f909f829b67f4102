// A real browser in front of a reverse proxy that serves the server below a path, beside other programs of the same host.
import { once } from 'node:events';
import { request as ask, createServer } from 'node:http';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, startChromium } from '../support/chromium.ts';
import { startOidcProvider } from '../support/oidc-provider.ts';
import { freePort } from '../support/ports.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { cleanUp, startServer, until } from '../support/server.ts';
import { startSmtp } from '../support/smtp.ts';

const PASSWORD = 'SomeSecurePassword!';
const EMAIL = 'ada@example.com';
const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await cleanUp();
});

/** Passes what is below /coder on without that path; remembers what was asked beside it. */
async function proxyBelow(port: number, upstream: string): Promise<string[]> {
  const beside: string[] = [];
  const server = createServer((request, response) => {
    const { url = '', method = 'GET', headers } = request;
    if (!url.startsWith('/coder/')) {
      beside.push(`${url} ${/coder_session_token/.test(headers.cookie ?? '') ? 'with the session' : ''}`.trim());
      return void response.writeHead(404).end('somebody else');
    }
    const inner = ask(upstream + url.slice('/coder'.length), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
      answer.pipe(response);
    });
    request.pipe(inner);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return beside;
}

describe.skipIf(!chromiumPath)('below a path that a proxy takes off', () => {
  let site: string;
  let page: Page;
  let context: BrowserContext;
  let beside: string[];
  let mails: readonly { decoded: string }[];

  beforeAll(async () => {
    const port = await freePort();
    site = `http://127.0.0.1:${port}/coder`;
    const smtp = await startSmtp();
    const provider = await startOidcProvider({
      appUrl: site,
      accounts: {
        grace: { sub: '1', claims: { email: 'grace@example.com', email_verified: true, preferred_username: 'grace' } },
      },
    });
    const server = await startServer({
      ...provider.env,
      CODER_ACCESS_URL: site,
      CODER_PG_CONNECTION_URL: (await cloneDatabase()).url,
      CODER_EMAIL_SMARTHOST: `127.0.0.1:${smtp.port}`,
      CODER_EMAIL_FROM: 'coder@example.com',
    });
    mails = smtp.mails;
    const browser = await startChromium();
    closing.push(smtp.close, provider.close, browser.close);
    beside = await proxyBelow(port, server.url);
    context = browser.context;
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
  });

  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const signIn = async () => {
    await page.getByLabel('E-mail address').fill(EMAIL);
    await page.getByLabel('Password').fill(PASSWORD);
    await press('Sign in');
  };

  test('set-up, sign-out, sign-in and the key for the command line', async () => {
    await page.goto(`${site}/`);
    await page.getByLabel('E-mail address').fill(EMAIL);
    await page.getByLabel('Username').fill('ada');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${site}/next-steps`);
    // The style sheet came: without it the page would be of another width.
    expect(await page.evaluate('document.styleSheets[0].cssRules.length')).toBeGreaterThan(10);
    const cookies = await context.cookies();
    expect([...new Set(cookies.map(({ path }) => path))]).toEqual(['/coder']);
    await press('Sign out');
    await page.waitForURL(`${site}/login?**`);
    await page.goto(`${site}/cli-auth`);
    await signIn();
    await page.waitForURL(`${site}/cli-auth`);
    await press('Make a key');
    const key = await page.getByLabel('Key').inputValue();
    const me = await fetch(`${site}/api/v2/users/me`, { headers: { 'coder-session-token': key } });
    expect(me.status).toBe(200);
    await page.getByRole('link', { name: 'Go to your account' }).click();
    await page.waitForURL(`${site}/`);
    await press('Sign out');
  });

  test('the link in a mail', async () => {
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await page.getByLabel('E-mail address').fill(EMAIL);
    await press('Send the link');
    const mail = await until(() => mails.at(-1), 'the mail has come');
    const link = /http\S+\/reset-password\/change\?otp=[^\s"<]+/.exec(mail.decoded)?.[0] ?? '';
    expect(link.startsWith(`${site}/`)).toBe(true);
    await page.goto(link.replaceAll('&amp;', '&'));
    await page.getByLabel('New password', { exact: true }).fill(`${PASSWORD}2`);
    await page.getByLabel('New password again').fill(`${PASSWORD}2`);
    await press('Change password');
    await page.waitForURL(`${site}/login?**`);
  });

  test('through an identity provider, and back to where one came from', async () => {
    await page.setExtraHTTPHeaders({ 'x-account': 'grace' });
    await page.goto(`${site}/cli-auth`);
    await page.getByRole('link', { name: 'OpenID Connect' }).click();
    await page.waitForURL(`${site}/cli-auth`);
    await page.getByRole('button', { name: 'Make a key' }).waitFor();
  });

  test('nothing was asked of the programs beside it, and no session shown to them', async () => {
    await page.goto(new URL('/other', site).href);
    expect(beside.filter((one) => !one.startsWith('/favicon.ico'))).toEqual(['/other']);
    expect(beside.join()).not.toContain('with the session');
  });
});
