// Writers that go on until they are stopped, and remember every write that was acknowledged.
import { setTimeout as delay } from 'node:timers/promises';
import { PASSWORD } from './app.ts';

export const OWNER = { email: 'ada@example.com', username: 'ada', password: PASSWORD };

/** A call of a running server; status 0 when no answer came. */
export async function call(
  url: string,
  method: string,
  path: string,
  { token, body }: { token?: string; body?: unknown } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  try {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: token === undefined ? {} : { 'coder-session-token': token },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : { text } };
  } catch {
    return { status: 0, body: {} };
  }
}

/** Signs the owner in; a key that does not end with the test. */
export async function signIn(url: string): Promise<string> {
  const { body } = await call(url, 'POST', '/api/v2/users/login', { body: OWNER });
  return String(body.session_token);
}

/** What was acknowledged, and how many answers of each status there were. */
export interface Load {
  readonly tokens: Set<string>;
  readonly users: Set<string>;
  readonly statuses: Map<number, number>;
  /** Where the writers go from now on: after a restart the server has another address. */
  to(url: string): void;
  /** What is acknowledged by now, whatever comes later. */
  acknowledged(): Pick<Load, 'tokens' | 'users'>;
  /** How many writes were acknowledged so far. */
  count(): number;
  stop(): Promise<void>;
}

let serial = 0;

/** Starts writers: each makes tokens and users, one after the other. */
export function startLoad(first: string, token: string, writers = 8): Load {
  let url = first;
  let stopped = false;
  const [tokens, users] = [new Set<string>(), new Set<string>()];
  const statuses = new Map<number, number>();
  async function write(): Promise<void> {
    while (!stopped) {
      serial += 1;
      const name = `load-${serial}`;
      const made = await call(url, 'POST', '/api/v2/users/me/keys/tokens', { token, body: { token_name: name } });
      if (made.status === 201) tokens.add(name);
      const user = { username: name, email: `${name}@example.com`, login_type: 'none', organization_ids: [] };
      const created = await call(url, 'POST', '/api/v2/users', {
        token,
        body: { ...user, organization_ids: await home() },
      });
      if (created.status === 201) users.add(name);
      for (const { status } of [made, created]) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (made.status !== 201) await delay(20);
    }
  }
  let organizations: Promise<string[]> | undefined;
  const home = () => {
    organizations ??= call(first, 'GET', '/api/v2/users/me', { token }).then(
      ({ body }) => body.organization_ids as string[],
    );
    return organizations;
  };
  const running = home().then(() => Promise.all(Array.from({ length: writers }, write)));
  return {
    tokens,
    users,
    statuses,
    to: (next) => {
      url = next;
    },
    acknowledged: () => ({ tokens: new Set(tokens), users: new Set(users) }),
    count: () => tokens.size + users.size,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

/** What of a load's acknowledged writes is missing on a server: rows and their audit entries. */
export async function missing(url: string, token: string, load: Pick<Load, 'tokens' | 'users'>): Promise<string[]> {
  const { body } = await call(url, 'GET', '/api/v2/users/me/keys/tokens?include_all=true&include_expired=true', {
    token,
  });
  const listed = new Set((JSON.parse(String(body.text)) as { token_name: string }[]).map((one) => one.token_name));
  const names = new Set<string>();
  for (let offset = 0; ; offset += 100) {
    const page = await call(url, 'GET', `/api/v2/users?limit=100&offset=${offset}`, { token });
    const users = page.body.users as { username: string }[];
    for (const { username } of users) names.add(username);
    if (users.length < 100) break;
  }
  const noted = { api_key: new Set<string>(), user: new Set<string>() };
  for (const type of ['api_key', 'user'] as const) {
    for (let offset = 0; ; offset += 100) {
      const q = encodeURIComponent(`resource_type:${type}`);
      const page = await call(url, 'GET', `/api/v2/audit?q=${q}&limit=100&offset=${offset}`, { token });
      const entries = page.body.audit_logs as { resource_target: string; action: string }[];
      for (const entry of entries) if (entry.action === 'create') noted[type].add(entry.resource_target);
      if (entries.length < 100) break;
    }
  }
  return [
    ...[...load.tokens].flatMap((name) => [
      ...(listed.has(name) ? [] : [`token ${name}`]),
      ...(noted.api_key.has(name) ? [] : [`audit entry of token ${name}`]),
    ]),
    ...[...load.users].flatMap((name) => [
      ...(names.has(name) ? [] : [`user ${name}`]),
      ...(noted.user.has(name) ? [] : [`audit entry of user ${name}`]),
    ]),
  ];
}
