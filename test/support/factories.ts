// Things that tests need by the dozen, with names of their own so that tests of one file can share a database.
import { PASSWORD, type TestApp } from './app.ts';
import type { TestClient } from './client.ts';

let counter = 0;

/** A name that no other call gives. */
export function aName(prefix = 'user'): string {
  counter += 1;
  return `${prefix}-${counter}`;
}

export interface TestUser {
  id: string;
  username: string;
  email: string;
  password: string;
  /** An unlimited key of the user. */
  token: string;
  client: TestClient;
}

/** An active user with a key, made by the owner; `overrides` are fields of the creation request. */
export async function aUser(t: TestApp, overrides: Record<string, unknown> = {}): Promise<TestUser> {
  const username = String(overrides.username ?? aName());
  const email = overrides.service_account ? '' : String(overrides.email ?? `${username}@example.com`);
  const external =
    overrides.service_account || (overrides.login_type !== undefined && overrides.login_type !== 'password');
  const created = await t.owner.post('/api/v2/users', {
    username,
    ...(email !== '' && { email }),
    ...(!external && { password: PASSWORD }),
    user_status: 'active',
    organization_ids: [t.organizationId],
    ...overrides,
  });
  if (created.status !== 201) throw new Error(`no user was made: ${created.status} ${created.text}`);
  const key = await t.owner.post(`/api/v2/users/${username}/keys`);
  if (key.status !== 201) throw new Error(`no key was made: ${key.status} ${key.text}`);
  const token: string = key.body.key;
  return { id: created.body.id, username, email, password: PASSWORD, token, client: t.as(token) };
}

/** Signs somebody in with a password; the session's key. */
export async function signIn(t: TestApp, email: string, password = PASSWORD): Promise<string> {
  const login = await t.anonymous.post('/api/v2/users/login', { email, password });
  if (login.status !== 201) throw new Error(`nobody was signed in: ${login.status} ${login.text}`);
  return login.body.session_token;
}
