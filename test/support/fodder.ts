// Accounts for hostile requests to act as and to act on, made anew whenever requests have destroyed them.
import type { CallerName, Targets } from './hostile.ts';

type Caller = Exclude<CallerName, 'nobody'>;

/**
 * A supply of accounts.
 * @param root a key of an owner whom the requests do not know
 */
export function fodder(url: string, root: string): () => Promise<Targets> {
  let counter = 0;
  const send = async (method: string, path: string, key: string, body?: unknown) => {
    const response = await fetch(`${url}/api/v2${path}`, {
      method,
      headers: { 'coder-session-token': key },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const make = async (roles: string[]) => {
    counter += 1;
    const username = `fodder-${counter}`;
    const organizations = await send('GET', '/organizations', root);
    const user = await send('POST', '/users', root, {
      ...{ username, email: `${username}@example.com`, login_type: 'none', roles },
      organization_ids: [organizations.body[0].id],
    });
    const key = await send('POST', `/users/${username}/keys`, root);
    if (user.status !== 201 || key.status !== 201) throw new Error(`no fodder: ${JSON.stringify([user, key])}`);
    return { username, id: String(user.body.id), key: String(key.body.key) };
  };
  const makers: Record<Caller, () => Promise<string>> = {
    member: async () => (await make([])).key,
    owner: async () => (await make(['owner'])).key,
    limited: async () => {
      const { key } = await make([]);
      const token = {
        token_name: 'limited',
        scopes: ['user:read', 'user:read_personal', 'api_key:read', 'user_secret:read'],
      };
      return (await send('POST', '/users/me/keys/tokens', key, token)).body.key;
    },
  };
  const keys: Record<Caller, string> = { member: '', owner: '', limited: '' };
  let victims: string[] = [];
  return async () => {
    for (const caller of ['member', 'owner', 'limited'] as const) {
      const works = keys[caller] !== '' && (await send('GET', '/users/me', keys[caller])).status === 200;
      if (!works) keys[caller] = await makers[caller]();
    }
    const [victim = ''] = victims;
    if (victim === '' || (await send('GET', `/users/${victim}`, root)).body?.status !== 'active') {
      const { username, id } = await make([]);
      victims = [username, id, username.toUpperCase(), id.replaceAll('-', '')];
    }
    return { keys: { ...keys }, users: victims, organizations: ['coder', 'default', 'nothing'] };
  };
}
