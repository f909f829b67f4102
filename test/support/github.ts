// A stand-in for GitHub on loopback: the web and the device flow, and the REST calls that a login makes.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface GithubAccount {
  id: number;
  login: string;
  name?: string | null;
  avatar_url?: string;
  emails?: { email: string; primary: boolean; verified: boolean }[];
  /** Organizations, active unless told otherwise. */
  orgs?: { login: string; state?: string }[];
  /** As `organization/slug`. */
  teams?: string[];
}

export interface GithubFaults {
  /** Statuses by path instead of an answer. */
  statuses?: Record<string, number>;
  /** Canned texts by path. */
  answers?: Record<string, { status: number; body: string; type?: string; headers?: Record<string, string> }>;
  slow?: { paths: string[]; ms: number };
}

export interface Github {
  readonly url: string;
  /** Settings with which an app uses it as an Enterprise server and lets everybody in. */
  readonly env: Record<string, string>;
  readonly accounts: Record<string, GithubAccount>;
  faults: GithubFaults;
  /** What the next polls of the device flow say: `!error`, or the name of an account. */
  readonly polls: string[];
  /** How long tokens are good for, in seconds; undefined for ever. */
  expiresInSeconds: number | undefined;
  /** Grant types that were asked for. */
  readonly grants: string[];
  /** Follows a redirect to GitHub as a browser would, signed in as an account (`!deny` says no). */
  visit(location: string, account: string): Promise<URL>;
  close(): Promise<void>;
}

const CLIENT = { id: 'test-github', secret: 'test-github-secret' };
const ACCOUNT_HEADER = 'x-account';

async function parametersOf(request: IncomingMessage, url: URL): Promise<Record<string, string>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Object.fromEntries([...url.searchParams, ...new URLSearchParams(Buffer.concat(chunks).toString())]);
}

const answer = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));

/** What GitHub says to an account's token about this path; undefined for what it does not have. */
function rest(path: string, account: GithubAccount): unknown {
  const { id, login, name = null, avatar_url = '', emails = [], orgs = [], teams = [] } = account;
  if (path === '/user') return { id, login, name, avatar_url, email: 'public@never.used' };
  if (path === '/user/emails') return emails;
  if (path === '/user/memberships/orgs') {
    return orgs.map((org) => ({ state: org.state ?? 'active', organization: { login: org.login } }));
  }
  const [, org, slug, member] = /^\/orgs\/([^/]+)\/teams\/([^/]+)\/memberships\/([^/]+)$/.exec(path) ?? [];
  return member === login && teams.includes(`${org}/${slug}`) ? { state: 'active' } : undefined;
}

/** Starts a stand-in on a free port. Close it when the file ends. */
export async function startGithub(accounts: Record<string, GithubAccount>): Promise<Github> {
  const codes = new Map<string, { account: string; challenge: string; redirect: string }>();
  const tokens = new Map<string, string>();
  const refreshTokens = new Map<string, string>();

  function grant(account: string) {
    const access = `gho_${randomBytes(9).toString('hex')}`;
    tokens.set(access, account);
    if (github.expiresInSeconds === undefined)
      return { access_token: access, token_type: 'bearer', scope: 'read:user' };
    const refresh = `ghr_${randomBytes(9).toString('hex')}`;
    refreshTokens.set(refresh, account);
    return { access_token: access, token_type: 'bearer', expires_in: github.expiresInSeconds, refresh_token: refresh };
  }

  function token(p: Record<string, string>): object {
    github.grants.push(p.grant_type ?? '');
    if (p.client_id !== CLIENT.id) return { error: 'incorrect_client_credentials' };
    if (p.grant_type === 'urn:ietf:params:oauth:grant-type:device_code') {
      const next = github.polls.shift() ?? '!authorization_pending';
      return next.startsWith('!') ? { error: next.slice(1), error_description: 'see error' } : grant(next);
    }
    if (p.client_secret !== CLIENT.secret) return { error: 'incorrect_client_credentials' };
    if (p.grant_type === 'refresh_token') {
      const account = refreshTokens.get(p.refresh_token ?? '');
      refreshTokens.delete(p.refresh_token ?? '');
      return account === undefined ? { error: 'bad_refresh_token', error_description: 'no' } : grant(account);
    }
    const code = codes.get(p.code ?? '');
    codes.delete(p.code ?? '');
    const challenge = createHash('sha256')
      .update(p.code_verifier ?? '')
      .digest('base64url');
    if (!code || code.redirect !== p.redirect_uri || code.challenge !== challenge)
      return { error: 'bad_verification_code', error_description: 'no' };
    return grant(code.account);
  }

  function authorize(request: IncomingMessage, response: ServerResponse, p: Record<string, string>): void {
    const account = String(request.headers[ACCOUNT_HEADER]);
    const back = new URL(p.redirect_uri ?? '');
    back.searchParams.set('state', p.state ?? '');
    if (account === '!deny') back.searchParams.set('error', 'access_denied');
    else {
      const code = randomBytes(9).toString('hex');
      codes.set(code, { account, challenge: p.code_challenge ?? '', redirect: p.redirect_uri ?? '' });
      back.searchParams.set('code', code);
    }
    response.writeHead(302, { location: back.href }).end();
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://github');
    const p = await parametersOf(request, url);
    const path = url.pathname.replace(/^\/api\/v3/, '');
    const { slow, answers, statuses } = github.faults;
    if (slow?.paths.includes(path)) await delay(slow.ms, undefined, { ref: false });
    const canned = answers?.[path];
    if (canned) {
      response
        .writeHead(canned.status, { 'content-type': canned.type ?? 'application/json', ...canned.headers })
        .end(canned.body);
    } else if (statuses?.[path] !== undefined) answer(response, statuses[path], { message: 'made to fail' });
    else if (path === '/login/oauth/authorize') authorize(request, response, p);
    else if (path === '/login/oauth/access_token') answer(response, 200, token(p));
    else if (path === '/login/device/code') {
      answer(response, 200, {
        device_code: 'device-1',
        user_code: 'ABCD-1234',
        verification_uri: 'https://github.com/login/device',
        expires_in: 899,
        interval: 5,
      });
    } else {
      const account =
        github.accounts[tokens.get(/^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '') ?? ''];
      const body = account && rest(path, account);
      answer(response, body === undefined ? 404 : 200, body ?? { message: 'Not Found' });
    }
  }

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const github: Github = {
    url,
    env: {
      CODER_OAUTH2_GITHUB_CLIENT_ID: CLIENT.id,
      CODER_OAUTH2_GITHUB_CLIENT_SECRET: CLIENT.secret,
      CODER_OAUTH2_GITHUB_ENTERPRISE_BASE_URL: url,
      CODER_OAUTH2_GITHUB_ALLOW_EVERYONE: 'true',
      CODER_OAUTH2_GITHUB_ALLOW_SIGNUPS: 'true',
    },
    accounts,
    faults: {},
    polls: [],
    expiresInSeconds: undefined,
    grants: [],
    async visit(location, account) {
      const answered = await fetch(location, { redirect: 'manual', headers: { [ACCOUNT_HEADER]: account } });
      return new URL(answered.headers.get('location') ?? '');
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return github;
}
