// Rule 30: a dead credential does not hide a live one, and many of them cost no more than one.
import { beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, signIn } from '../support/factories.ts';

let t: TestApp;
let key: string;
let name: string;
let otherKey: string;
beforeAll(async () => {
  t = await startApp();
  const [user, other] = [await aUser(t), await aUser(t)];
  name = user.username;
  key = await signIn(t, user.email);
  otherKey = await signIn(t, other.email);
});

/** A request with a credential in each place. */
function get(places: { cookies?: string[]; query?: string; header?: string; bearer?: string; access?: string }) {
  const query = new URLSearchParams({
    ...(places.query !== undefined && { coder_session_token: places.query }),
    ...(places.access !== undefined && { access_token: places.access }),
  });
  return t.anonymous.get(`/api/v2/users/me?${query}`, {
    ...(places.cookies && { cookie: places.cookies.map((text) => `coder_session_token=${text}`).join('; ') }),
    ...(places.header !== undefined && { 'coder-session-token': places.header }),
    ...(places.bearer !== undefined && { authorization: `Bearer ${places.bearer}` }),
  });
}

const DEAD = ['garbage', 'a-b-c', 'aaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaa'];

describe.each(DEAD)('with %s in every place before it', (dead) => {
  test.each([
    ['a cookie', () => ({ cookies: [dead, key] })],
    ['the query', () => ({ cookies: [dead, dead], query: key })],
    ['the header', () => ({ cookies: [dead], query: dead, header: key })],
    ['the bearer', () => ({ cookies: [dead], query: dead, header: dead, bearer: key })],
    ['access_token', () => ({ cookies: [dead], query: dead, header: dead, bearer: dead, access: key })],
  ])('%s counts', async (_, places) => {
    const answer = await get(places());
    expect([answer.status, answer.body.username]).toEqual([200, name]);
  });
});

test('of several live ones the first counts, in the recorded order', async () => {
  const later = { query: otherKey, header: otherKey, bearer: otherKey, access: otherKey };
  expect((await get({ cookies: [key, otherKey], ...later })).body.username).toBe(name);
  expect((await get({ ...later, query: key })).body.username).toBe(name);
  expect((await get({ header: key, bearer: otherKey, access: otherKey })).body.username).toBe(name);
  expect((await get({ bearer: key, access: otherKey })).body.username).toBe(name);
});

test('without a live one the first refusal is told', async () => {
  const answer = await get({ cookies: ['a-b-c'], header: 'garbage' });
  expect([answer.status, answer.body.detail]).toEqual([
    401,
    'Invalid API key format: incorrect amount of API key parts, expected 2 got 3',
  ]);
});

test('the secret counts, not the id; an expired key is a dead one', async () => {
  const [id] = key.split('-');
  expect((await get({ cookies: [`${id}-aaaaaaaaaaaaaaaaaaaaaa`] })).body.detail).toBe('API key secret is invalid.');
  const token = await t.as(key).post('/api/v2/users/me/keys/tokens', { lifetime: 1_000_000_000 });
  t.clock.advance(2_000_000);
  expect((await get({ header: token.body.key })).status).toBe(401);
  expect((await get({ header: token.body.key, bearer: key })).body.username).toBe(name);
});

test('hundreds of cookies are one query of a few keys', async () => {
  const asked: unknown[] = [];
  const query = t.pool.query.bind(t.pool);
  t.pool.query = ((...args: unknown[]) => {
    const [{ name: statement, values }] = args as [{ name?: string; values?: unknown[] }];
    if (statement === 'session') asked.push(values?.[0]);
    return (query as (...all: unknown[]) => unknown)(...args);
  }) as typeof t.pool.query;
  const id = (number: number) => `k${String(number).padStart(9, '0')}`;
  const cookies = Array.from({ length: 500 }, (_, number) => `${id(number)}-aaaaaaaaaaaaaaaaaaaaaa`);
  const answer = await get({ cookies: [...cookies, key], header: key });
  t.pool.query = query;
  // The live cookie stands too far back, the header counts.
  expect([answer.status, answer.body.username]).toEqual([200, name]);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toHaveLength(6);
});
