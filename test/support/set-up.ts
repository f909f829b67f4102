// The first user of a server process.

const PASSWORD = 'SomeSecurePassword!';

/** Makes the first user, an owner, and signs in. */
export async function setUp(url: string, username = 'root'): Promise<string> {
  const email = `${username}@example.com`;
  const post = (path: string, body: object) =>
    fetch(`${url}/api/v2/users${path}`, { method: 'POST', body: JSON.stringify(body) });
  const first = await post('/first', { email, username, password: PASSWORD });
  if (first.status !== 201) throw new Error(`no first user: ${first.status} ${await first.text()}`);
  const login = await post('/login', { email, password: PASSWORD });
  const { session_token: key } = (await login.json()) as { session_token: string };
  return key;
}
