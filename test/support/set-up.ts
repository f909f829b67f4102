// The first user of a server process.

const FIRST_USER = { email: 'root@example.com', username: 'root', password: 'SomeSecurePassword!' };

/** Makes the first user, an owner, and signs in. */
export async function setUp(url: string): Promise<string> {
  const post = (path: string, body: object) =>
    fetch(`${url}/api/v2/users${path}`, { method: 'POST', body: JSON.stringify(body) });
  const first = await post('/first', FIRST_USER);
  if (first.status !== 201) throw new Error(`no first user: ${first.status} ${await first.text()}`);
  const { email, password } = FIRST_USER;
  const login = await post('/login', { email, password });
  const { session_token: key } = (await login.json()) as { session_token: string };
  return key;
}
