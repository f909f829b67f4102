// A browser in front of the app: it keeps cookies, sends them back, and does not follow redirects by itself.

import type { TestApp } from './app.ts';
import type { Answer } from './client.ts';
import { TestClient } from './client.ts';

export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #client: TestClient;

  constructor(t: TestApp, cookies: Record<string, string> = {}) {
    this.#client = new TestClient(t.app);
    for (const [name, value] of Object.entries(cookies)) this.cookies.set(name, value);
  }

  /** Opens an address of the app. */
  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.#client.get(path, { ...headers, ...(cookie !== '' && { cookie }) });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(String(line)) ?? [];
      if (/Max-Age=0/.test(String(line))) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  /** The session key that the browser holds. */
  get session(): string | undefined {
    return this.cookies.get('coder_session_token');
  }
}

/** Something that a browser can be sent to and that sends it back. */
interface Visitable {
  visit(location: string, account: string): Promise<URL>;
}

export interface LoginSteps {
  /** The address that begins the login; that of the kind of provider by default. */
  path?: string;
  /** Changes the query on the way back; null takes a parameter out. */
  back?: Record<string, string | null>;
  headers?: Record<string, string>;
}

/** A whole login: to the provider, signed in there as an account, and back. The last answer of the app. */
export async function logIn(
  browser: Browser,
  provider: Visitable,
  account: string,
  { path = '/api/v2/users/oidc/callback', back = {}, headers = {} }: LoginSteps = {},
): Promise<Answer> {
  const started = await browser.get(path);
  if (started.status !== 307) return started;
  const url = await provider.visit(String(started.headers.location), account);
  for (const [name, value] of Object.entries(back)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return browser.get(url.pathname + url.search, headers);
}

/** How many rows a login could have written. */
export async function writtenRows(t: TestApp): Promise<Record<string, number>> {
  const { rows } = await t.pool.query<Record<string, number>>(
    `select (select count(*)::int from users where not is_system) as users, (select count(*)::int from user_links) as links,
      (select count(*)::int from api_keys) as keys, (select count(*)::int from audit_logs where status_code < 400) as audit`,
  );
  return rows[0] ?? {};
}
