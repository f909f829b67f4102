// Rule 25: limits cannot be walked around, and counting costs bounded memory.
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { MINUTE } from '../../src/clock.ts';
import { SlidingWindow } from '../../src/fairness/sliding-window.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { type Answer, TestClient } from '../support/client.ts';
import { aUser, type TestUser } from '../support/factories.ts';
import { PageVisitor } from '../support/pages.ts';

const LIMITED = { CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'false', CODER_API_RATE_LIMIT: '512' };
const remaining = (answer: Answer) => Number(answer.headers['x-ratelimit-remaining']);

/** What is left after each of some requests, counted from the first: 0, 1, 2 when all of them share one budget. */
async function spent(requests: (() => Promise<Answer>)[]): Promise<number[]> {
  const left: number[] = [];
  for (const request of requests) left.push(remaining(await request()));
  return left.map((count) => (left[0] ?? 0) - count);
}

describe('the general limit', () => {
  let t: TestApp;
  let user: TestUser;
  beforeAll(async () => {
    t = await startApp({ env: LIMITED });
    user = await aUser(t, { username: 'Kim-Lee' });
    t.clock.advance(2 * MINUTE);
  });

  test('all spellings of oneself are one', async () => {
    const spellings = [
      'me',
      'Kim-Lee',
      'kim-lee',
      user.id,
      user.id.toUpperCase(),
      `urn:uuid:${user.id}`,
      `%7B${user.id}%7D`,
    ];
    const requests = spellings.map((spelling) => () => user.client.get(`/api/v2/users/${spelling}`));
    expect(await spent(requests)).toEqual(spellings.map((_, at) => at));
  });

  test('all spellings of somebody else are one, a name that was never seen before too', async () => {
    const spellings = ['Kim-Lee', 'KIM-LEE', user.id, user.id.replaceAll('-', ''), 'kim-lee/', 'Kim-Lee'];
    const requests = spellings.map((spelling) => () => t.owner.get(`/api/v2/users/${spelling}`));
    expect(await spent(requests)).toEqual(spellings.map((_, at) => at));
  });

  test('so are those of an organization and its members', async () => {
    const [org, id] = [t.organizationId, user.id];
    await t.owner.get('/api/v2/organizations/default/members/kim-lee');
    await t.owner.get('/api/v2/organizations/coder/members/kim-lee');
    const paths = [
      `default/members/kim-lee`,
      `coder/members/${id}`,
      `${org}/members/KIM-LEE`,
      `${org.toUpperCase()}/members/${id}`,
    ];
    const requests = paths.map((path) => () => t.owner.get(`/api/v2/organizations/${path}`));
    expect(await spent(requests)).toEqual([0, 1, 2, 3]);
  });

  test('other users, other routes and other callers have their own', async () => {
    const other = await aUser(t);
    await t.owner.get(`/api/v2/users/${user.id}/roles`);
    const left = [
      remaining(await t.owner.get(`/api/v2/users/${other.id}/roles`)),
      remaining(await t.owner.get(`/api/v2/users/${user.id}/gitsshkey`)),
      remaining(await user.client.get(`/api/v2/users/${user.id}/roles`)),
    ];
    expect(left).toEqual([511, 511, 511]);
  });

  test('unknown paths are one bucket, served paths keep theirs whatever the method', async () => {
    const unknown = Array.from({ length: 20 }, (_, at) => () => t.owner.get(`/api/v2/nope/${at}`));
    expect(await spent(unknown)).toEqual(unknown.map((_, at) => at));
    const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const;
    const buildInfo = methods.map((method) => () => t.owner.send(method, '/api/v2/buildinfo'));
    expect(await spent(buildInfo)).toEqual([0, 1, 2, 3]);
  });

  test('to a stranger all paths of a route are one', async () => {
    const paths = Array.from({ length: 20 }, (_, at) => () => t.anonymous.get(`/api/v2/users/x${at}/keys/${at}`));
    expect(await spent(paths)).toEqual(paths.map((_, at) => at));
  });

  test('holds for the experimental part of the API, too', async () => {
    expect(remaining(await user.client.get('/api/experimental/users/me/skills'))).toBe(511);
  });
});

test('80,000 unknown paths of 4,900 letters are one entry; no number of callers fills the memory', async () => {
  const t = await startApp({ env: LIMITED });
  let counted = 0;
  const { hit } = SlidingWindow.prototype;
  const keys = new Set<string>();
  SlidingWindow.prototype.hit = function (this: SlidingWindow, key: string, now: number) {
    counted += 1;
    keys.add(key);
    return hit.call(this, key, now);
  };
  try {
    for (let at = 0; at < 50; at += 1) await t.owner.get(`/api/v2/${'x'.repeat(4900)}${at}`);
    for (let at = 0; at < 50; at += 1) await t.owner.get(`/api/v2/users/me/keys/${'y'.repeat(4900)}${at}`);
  } finally {
    SlidingWindow.prototype.hit = hit;
  }
  expect(counted).toBe(100);
  expect(keys.size).toBe(51);
  expect([...keys].every((key) => key.length === 43)).toBe(true);
});

describe('the budget of what checks a password', () => {
  let t: TestApp;
  let user: TestUser;
  beforeAll(async () => {
    t = await startApp({ env: LIMITED });
  });

  test('is one for all of it, by caller', async () => {
    user = await aUser(t);
    const { client } = user;
    const wrong = { email: user.email, password: 'wrong' };
    const requests = [
      () => client.post('/api/v2/users/login', wrong),
      () => client.put('/api/v2/users/me/password', { old_password: 'wrong', password: `${PASSWORD}2` }),
      () => client.put(`/api/v2/users/${user.id}/email`, { email: 'new@example.com', password: 'wrong' }),
      () => client.post(`/api/v2/users/${user.username}/convert-login`, { to_type: 'oidc', password: 'wrong' }),
    ];
    expect(await spent([...requests, ...requests])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (let at = 8; at < 60; at += 1) await client.post('/api/v2/users/login', {});
    for (const request of requests) {
      const refused = await request();
      expect([refused.status, refused.headers['retry-after'], refused.body.message]).toEqual([
        429,
        '60',
        "You've been rate limited for sending more than 60 requests in 1m0s.",
      ]);
    }
    // Everything else goes on, the session lives, and others are not touched.
    expect((await client.get('/api/v2/users/me')).status).toBe(200);
    expect((await client.post('/api/v2/users/validate-password', { password: 'x' })).status).toBe(200);
    expect((await t.anonymous.post('/api/v2/users/login', { ...wrong, password: PASSWORD })).status).toBe(201);
  });

  test('is shared by the page and the operation of the API', async () => {
    const fresh = await startApp({ env: LIMITED });
    const visitor = new PageVisitor(fresh.app);
    await visitor.get('/login');
    for (let at = 1; at < 59; at += 1) await fresh.anonymous.post('/api/v2/users/login', {});
    expect((await visitor.submit('/login', { email: 'owner@example.com', password: 'wrong' })).status).toBe(401);
    const right = { email: 'owner@example.com', password: PASSWORD };
    expect((await fresh.anonymous.post('/api/v2/users/login', right)).status).toBe(429);
    expect((await visitor.submit('/login', right)).status).toBe(429);
    const keys = await fresh.db.execute(sql`select count(*)::int as n from api_keys`);
    expect(keys.rows[0]?.n).toBe(1);
  });

  test('asking for a reset mail counts with the page that does the same', async () => {
    const fresh = await startApp({ env: LIMITED });
    const visitor = new PageVisitor(fresh.app);
    await visitor.get('/reset-password');
    await fresh.anonymous.post('/api/v2/users/otp/request', { email: 'x@example.com' });
    await visitor.submit('/reset-password', { email: 'x@example.com' });
    const answer = await fresh.anonymous.post('/api/v2/users/otp/request', { email: 'x@example.com' });
    expect(remaining(answer)).toBe(57);
  });
});

test('all of it is off with the setting', async () => {
  const t = await startApp({ env: { CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true' } });
  const client = new TestClient(t.app);
  for (let at = 0; at < 70; at += 1) {
    const answer = await client.post('/api/v2/users/login', {});
    expect([answer.status, answer.headers['x-ratelimit-limit']]).toEqual([400, undefined]);
  }
});
