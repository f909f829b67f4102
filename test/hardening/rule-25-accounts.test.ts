// Rule 25, accounts: whatever the addresses, the hundredth wrong password within an hour begins growing pauses, known or not.
import { beforeAll, expect, test } from 'vitest';
import { MINUTE, SECOND } from '../../src/clock.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { type Answer, TestClient } from '../support/client.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const WRONG = 'Wrong-Password-1!';
let t: TestApp;
let user: TestUser;
let answers: Record<'known' | 'unknown', Answer[]>;

/** Every attempt comes from an address of its own. */
let attempts = 0;
const login = (email: string, password: string) => {
  attempts += 1;
  const ip = `198.51.${Math.floor(attempts / 250)}.${attempts % 250}`;
  return new TestClient(t.app).post('/api/v2/users/login', { email, password }, { 'x-real-ip': ip });
};
const keysOf = async (id: string) => {
  const { rowCount } = await t.pool.query('select from api_keys where user_id = $1', [id]);
  return rowCount;
};

beforeAll(async () => {
  t = await startApp({
    env: {
      CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'false',
      CODER_PROXY_TRUSTED_HEADERS: 'X-Real-Ip',
      CODER_PROXY_TRUSTED_ORIGINS: '127.0.0.1/32',
    },
  });
  user = await aUser(t, { email: 'Victim@Example.com' });
  // Whoever goes on waits as told: each time longer, up to a minute.
  const guessing = async (...emails: string[]) => {
    const found: Answer[] = [];
    for (let i = 0; i < 115; i++) {
      found.push(await login(emails[i % emails.length] ?? '', WRONG));
      const wait = Number(found.at(-1)?.headers['retry-after'] ?? 0);
      if (i < 114) t.clock.advance(wait * SECOND);
    }
    return found;
  };
  const unknown = await guessing('no@example.com');
  answers = { known: await guessing('victim@example.com', 'VICTIM@example.com'), unknown };
}, 240_000);

const told = ({ status, body }: Answer) => ({ status, body });

test('a known and an unknown address get the same answers, and growing pauses', () => {
  const statuses = answers.known.map(({ status }) => status);
  expect(statuses.slice(0, 100)).toEqual(Array(100).fill(401));
  const after = answers.known
    .map(({ headers }) => Number(headers['retry-after'] ?? 0))
    .filter((seconds) => seconds > 0);
  expect(after.at(0)).toBe(1);
  expect(after.at(-1)).toBeGreaterThan(30);
  expect(after.at(-1)).toBeLessThanOrEqual(60);
  expect(answers.known.map(told)).toEqual(answers.unknown.map(told));
});

test('the right password is not believed in a pause, wherever it is tried; other accounts and live sessions go on', async () => {
  const before = await keysOf(user.id);
  const tried: [string, Answer][] = [
    ['login', await login(user.email, PASSWORD)],
    [
      'change of password',
      await user.client.put('/api/v2/users/me/password', { old_password: PASSWORD, password: `${PASSWORD}2` }),
    ],
    [
      'change of address',
      await user.client.put('/api/v2/users/me/email', { email: 'n@example.com', password: PASSWORD }),
    ],
    ['conversion', await user.client.post('/api/v2/users/me/convert-login', { to_type: 'oidc', password: PASSWORD })],
  ];
  expect(tried.map(([what, { status }]) => [what, status])).toEqual(tried.map(([what]) => [what, 429]));
  expect(await keysOf(user.id)).toBe(before);
  expect(t.mails.filter(({ to }) => to === 'n@example.com')).toEqual([]);
  expect((await user.client.get('/api/v2/users/me')).status).toBe(200);
  const other = await aUser(t);
  expect((await login(other.email, PASSWORD)).status).toBe(201);
});

test('after the pause the right password is believed', async () => {
  t.clock.advance(MINUTE);
  expect((await login(user.email, PASSWORD)).status).toBe(201);
});

test('of many guesses at once no more are answered than one after the other', async () => {
  const guesses = await Promise.all(Array.from({ length: 20 }, () => login(user.email, WRONG)));
  expect(guesses.filter(({ status }) => status === 401)).toHaveLength(1);
  expect((await login(user.email, PASSWORD)).status).toBe(429);
});
