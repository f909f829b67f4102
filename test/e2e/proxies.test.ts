// The proxies of the operating guide, with the configurations and settings that stand there.
import { type IncomingHttpHeaders, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { blocksOf, readDocument } from '../support/docs.ts';
import { cloneDatabase } from '../support/postgres.ts';
import {
  caddyHeaders,
  isInstalled,
  nginxHeaders,
  startCaddy,
  startNginx,
  startRewriter,
  traefikHeaders,
} from '../support/proxies.ts';
import { cleanUp, type RunningServer, startServer } from '../support/server.ts';
import { setUp } from '../support/set-up.ts';

const blocks = blocksOf(readDocument('docs/operations.md'));
/** The first block of a language that has a word in it. */
const given = (language: string, word: string) =>
  blocks.find((block) => block.language === language && block.text.includes(word))?.text ?? '';

const PASSWORD = 'SomeSecurePassword!';
const HOST = 'coder.example.com';
/** An address of this machine that is no trusted proxy's. */
const CLIENT = '127.0.0.2';

let server: RunningServer;
let owner: string;

/** A server with the settings that stand beside a proxy's configuration. */
async function startGiven(accessUrl: string): Promise<RunningServer> {
  const settings = [...given('ini', `${accessUrl}\nCODER_PROXY_TRUSTED`).matchAll(/^(CODER_\w+)=(.*)$/gm)];
  const env = Object.fromEntries(settings.map(([, name, value]) => [name, value]));
  expect(env.CODER_ACCESS_URL).toBe(accessUrl);
  return startServer({ ...env, CODER_PG_CONNECTION_URL: (await cloneDatabase()).url });
}

beforeAll(async () => {
  server = await startGiven(`https://${HOST}`);
  owner = await setUp(server.url);
});
afterAll(cleanUp);

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** A request of a browser far away, as it comes to the proxy. */
function ask(port: number, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      path,
      localAddress: CLIENT,
      headers: { host: HOST, ...headers },
      method: body === undefined ? 'GET' : 'POST',
    };
    const outgoing = request(options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    outgoing.on('error', reject).end(body);
  });
}

/** The address that the newest failed sign-in was counted for. */
async function lastFailure(): Promise<{ ip: string; user_agent: string }> {
  const answer = await fetch(`${server.url}/api/v2/audit?limit=1&q=action:login`, {
    headers: { 'coder-session-token': owner },
  });
  const { audit_logs } = (await answer.json()) as { audit_logs: { ip: string; user_agent: string }[] };
  return audit_logs[0] ?? { ip: '', user_agent: '' };
}

const credentials = { email: 'root@example.com', password: 'not the password' };

/** Fails to sign in while claiming another address. @returns the address that it was counted for */
async function seenAddress(port: number, name: string): Promise<string> {
  const claimed = { 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9', 'user-agent': name };
  expect((await ask(port, '/api/v2/users/login', claimed, JSON.stringify(credentials))).status).toBe(401);
  const { ip, user_agent } = await lastFailure();
  expect(user_agent).toBe(name);
  return ip;
}

/** What has to hold through any proxy. */
async function checkThrough(port: number, name: string): Promise<void> {
  expect(await seenAddress(port, name)).toBe(CLIENT);

  const page = await ask(port, '/login');
  const csrf = /name="csrf_token" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  const cookie = String(page.headers['set-cookie']).split(';')[0] ?? '';
  const form = new URLSearchParams({ ...credentials, password: PASSWORD, csrf_token: csrf, redirect: '/' }).toString();
  const type = 'application/x-www-form-urlencoded';
  const browser = { cookie, origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin', 'content-type': type };
  const signedIn = await ask(port, '/login', browser, form);
  expect(signedIn.status).toBe(303);
  expect(String(signedIn.headers['set-cookie'])).toMatch(/coder_session_token=[^;]+;.*; Secure/);
  const elsewhere = await ask(port, '/login', { ...browser, origin: 'https://evil.example' }, form);
  expect([elsewhere.status, elsewhere.headers['set-cookie']]).toEqual([403, undefined]);

  const key = { 'coder-session-token': owner };
  expect((await ask(port, '/api/v2/users/ro%6Ft', key)).status).toBe(200);
  const long = await ask(port, '/api/v2/users/me', { ...key, 'x-long': 'x'.repeat(20_000) });
  expect(long.status).toBe(200);
}

const atServer = (text: string, { url } = server) => text.replaceAll('127.0.0.1:3000', new URL(url).host);
const nginx = given('nginx', 'location / {');
const caddy = given('caddyfile', 'reverse_proxy');

describe('what the configurations make a proxy send is what the server needs', () => {
  test.each([
    ['nginx', nginxHeaders(nginx)],
    ['Caddy', caddyHeaders],
    ['Traefik', traefikHeaders],
  ])('%s', async (name, rewrite) => {
    await checkThrough(await startRewriter(server.url, rewrite), name);
  });

  test('a proxy that hands on what clients send would let them choose their address', async () => {
    const port = await startRewriter(server.url, (headers) => headers);
    expect(await seenAddress(port, 'careless')).toBe('203.0.113.9');
  });
});

describe('nginx', () => {
  const reason = isInstalled('nginx') ? '' : ' (skipped: nginx is not installed)';
  test.skipIf(reason)(`takes the configuration, and serves with it${reason}`, async () => {
    await checkThrough(await startNginx(atServer(nginx)), 'nginx');
  });
});

describe('Caddy', () => {
  const reason = isInstalled('caddy') ? '' : ' (skipped: caddy is not installed)';
  test.skipIf(reason)(`takes the configuration, and serves with it${reason}`, async () => {
    await checkThrough(await startCaddy(atServer(caddy)), 'caddy');
  });
});

describe('below a path', () => {
  let below: RunningServer;
  beforeAll(async () => {
    below = await startGiven('https://example.com/coder');
    await setUp(below.url);
  });

  /** Signs in as a browser does: by what the page says, from `/coder/` on. */
  async function signInBelow(port: number): Promise<void> {
    const host = { host: 'example.com' };
    const page = await ask(port, '/coder/', host);
    const [, style = ''] = /rel="stylesheet" href="([^"]+)"/.exec(page.text) ?? [];
    const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(page.text) ?? [];
    expect([style, action]).toEqual([expect.stringMatching(/^\/coder\/assets\//), '/coder/login']);
    expect((await ask(port, style, host)).status).toBe(200);
    const csrf_token = /name="csrf_token" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const form = new URLSearchParams({ ...credentials, password: PASSWORD, csrf_token, redirect: '/' }).toString();
    const headers = {
      ...host,
      cookie: String(page.headers['set-cookie']).split(';')[0] ?? '',
      origin: 'https://example.com',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const signedIn = await ask(port, action, headers, form);
    expect([signedIn.status, signedIn.headers.location]).toEqual([303, '/coder/']);
    const session = String(signedIn.headers['set-cookie']);
    expect(session).toMatch(/coder_session_token=[^;]+; Path=\/coder\b/);
    const cookie = /coder_session_token=[^;]+/.exec(session)?.[0] ?? '';
    expect((await ask(port, '/coder/', { ...host, cookie })).text).toContain('Sign out');
    expect((await ask(port, '/coder/api/v2/users/me', { ...host, cookie })).status).toBe(200);
  }

  test.skipIf(!isInstalled('nginx'))('nginx, which leaves it', async () => {
    const location = atServer(given('nginx', '/coder/'), below);
    await signInBelow(await startNginx(`server {\nlisten 443 ssl;\n${location}\n}`));
  });

  test.skipIf(!isInstalled('caddy'))('Caddy, which takes it off', async () => {
    await signInBelow(await startCaddy(atServer(given('caddyfile', '/coder/'), below)));
  });
});

test('the file for Traefik, whose program no registry has, leads from the name to the server', () => {
  const { http } = parse(given('yaml', 'loadBalancer'));
  const { rule, service } = http.routers.coder;
  expect(rule).toBe(`Host(\`${HOST}\`)`);
  expect(http.services[service].loadBalancer).toMatchObject({
    servers: [{ url: 'http://127.0.0.1:3000' }],
    healthCheck: { path: '/readyz' },
  });
});
