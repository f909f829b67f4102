// Fills a server with users through its own API, so that any server of this API can be measured.

const CREDENTIALS = { email: 'bench@example.com', username: 'bench', password: 'BenchSecurePassword!' };
const PARALLEL = 32;

export interface Seeded {
  token: string;
  /** Name of a user in the middle of the list. */
  someone: string;
  credentials: { email: string; password: string };
}

async function call(url: string, path: string, token: string | undefined, body?: unknown) {
  const answer = await fetch(`${url}/api/v2${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...(token !== undefined && { 'coder-session-token': token }), 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** Makes the first user if there is none, signs in, and adds users until the list holds `wanted`. */
export async function seed(url: string, wanted: number): Promise<Seeded> {
  await call(url, '/users/first', undefined, CREDENTIALS);
  const login = await call(url, '/users/login', undefined, CREDENTIALS);
  if (login.status !== 201) throw new Error(`cannot sign in as ${CREDENTIALS.email}: ${login.status}`);
  const token = String(login.body.session_token);
  const organizations = (await call(url, '/users/me', token)).body.organization_ids as string[];
  const { count } = (await call(url, '/users?limit=1', token)).body as { count: number };
  let next = count;
  const worker = async () => {
    while (next < wanted) {
      const username = `user${String(next++).padStart(6, '0')}`;
      const made = await call(url, '/users', token, {
        username,
        email: `${username}@example.com`,
        login_type: 'none',
        user_status: 'active',
        organization_ids: organizations,
      });
      if (made.status !== 201 && made.status !== 409) throw new Error(`cannot create ${username}: ${made.status}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return { token, someone: `user${String(Math.floor(wanted / 2)).padStart(6, '0')}`, credentials: CREDENTIALS };
}
