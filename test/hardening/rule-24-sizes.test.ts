// Rule 24: everything has a size that the contract document states and that is checked before anything is done.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEMPLATES } from '../../src/codersdk/notification-templates.ts';
import { type ApiDocument, apiDocument } from '../../src/http/openapi.ts';
import { RoleSet } from '../../src/rbac/role-votes.ts';
import { auditLogs } from '../../src/store/schema.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn } from '../support/browser.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';
import { startOidcProvider } from '../support/oidc-provider.ts';
import { nameOf, operationsOf, oversized, placesOf, unbounded } from '../support/places.ts';

let t: TestApp;
let user: TestUser;
let document: ApiDocument;
beforeAll(async () => {
  t = await startApp();
  user = await aUser(t);
  document = apiDocument(t.app);
});

const fill = (parameter: string) => {
  if (parameter === 'user') return user.username;
  if (parameter === 'notification_template') return TEMPLATES.created.id;
  return parameter.startsWith('organization') ? 'coder' : 'nothing';
};
/** Text that no compression makes shorter, as an index sees it. */
const noise = (bytes: number) => randomBytes(bytes).toString('base64url').slice(0, bytes);

test('every text, list, map and number of every request has a bound in the contract document', () => {
  const places = placesOf(document);
  expect(places.length).toBeGreaterThan(150);
  expect(places.filter((place) => unbounded(place)).map((place) => `${nameOf(place)}: ${unbounded(place)}`)).toEqual(
    [],
  );
});

test('whatever is far past its bound is refused in the documented shape, naming it, and changes nothing', async () => {
  const wrong: string[] = [];
  for (const place of placesOf(document)) {
    const request = oversized(document, place, fill);
    if (!request) continue;
    const answer = await t.owner.send(place.method, request.path, request.body);
    const named = place.trail.findLast((name) => !/[[{]/.test(name)) ?? '';
    const { message, detail, validations, ...others } = answer.body ?? {};
    const isShaped = typeof message === 'string' && Object.keys(others).length === 0;
    const isNamed = place.in === 'path' || JSON.stringify([message, detail, validations]).includes(named);
    if (answer.status !== 400 || !isShaped || !isNamed)
      wrong.push(`${nameOf(place)}: ${answer.status} ${answer.text.slice(0, 200)}`);
  }
  expect(wrong).toEqual([]);
});

test('every body has an end, before anybody is asked who they are', async () => {
  const wrong: string[] = [];
  for (const { method, path, operation } of operationsOf(document)) {
    const limit = operation['x-max-body-bytes'];
    if (limit === undefined) continue;
    const url = path.replace(/\{(\w+)\}/g, (_, parameter: string) => fill(parameter));
    const answer = await t.owner.send(method, url, `{"unknown":"${'x'.repeat(limit)}"}`);
    // The recorded answer of skills is older than the status of all others. Golden: rbac-skills-content
    const expected = path.includes('/skills') ? 400 : 413;
    if (answer.status !== expected || typeof answer.body?.message !== 'string')
      wrong.push(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 200)}`);
  }
  expect(wrong).toEqual([]);
});

describe('what cost seconds and gigabytes', () => {
  const tokens = '/api/v2/users/me/keys/tokens';

  test('blanks inside an entry of an allow list', async () => {
    const entry = `x${' '.repeat(60_000)}x`;
    const answer = await user.client.post(tokens, { token_name: 'blanks', allow_list: [entry] });
    expect(answer.status).toBe(400);
    expect((await user.client.get(tokens)).body).toBeNull();
  });

  test('a list of things of the wrong type is refused for the first of them', async () => {
    const few = await user.client.post(tokens, `{"scopes":[${'0,'.repeat(200)}0]}`);
    expect([few.status, few.body]).toEqual([
      400,
      { message: 'Request body must be valid JSON.', detail: 'field scopes: expected string, received number' },
    ]);
    const many = await user.client.post(tokens, `{"scopes":[${'0,'.repeat(9000)}0]}`);
    expect([many.status, many.body.validations]).toEqual([
      400,
      [{ field: 'scopes', detail: 'Validation failed for tag "max" with value: "9001 items"' }],
    ]);
  });

  test.each([
    ['a list', `{"x":[${'0,'.repeat(30_000)}0]}`],
    ['an object', `{${'"a":0,'.repeat(10_500)}"a":0}`],
  ])('%s of more values than any body has, where nobody looks, without a session', async (_, body) => {
    const answer = await t.anonymous.post('/api/v2/users/login', body);
    expect([answer.status, answer.body]).toEqual([
      400,
      { message: 'Request body must be valid JSON.', detail: 'more than 10000 values' },
    ]);
  });

  test('a number of more digits than any field takes', async () => {
    const answer = await user.client.post(tokens, `{"lifetime":${'9'.repeat(60_000)}}`);
    expect([answer.status, answer.body.message]).toEqual([400, 'Request body must be valid JSON.']);
    const paged = await t.owner.get(`/api/v2/users?limit=${'9'.repeat(4000)}`);
    expect(paged.status).toBe(400);
  });

  test('a name of marks in the wrong order, which take quadratic time to be put right', async () => {
    const name = `a${'\u0301'.repeat(14_000)}${'\u0323'.repeat(14_000)}`;
    const answer = await user.client.put('/api/v2/users/me/profile', { username: user.username, name });
    expect(answer.status).toBe(400);
  });

  test('quotes before the end of a search text', async () => {
    const answer = await t.owner.get(`/api/v2/users?q=${encodeURIComponent(`name:x${'"'.repeat(4000)}x`)}`);
    expect(answer.status).toBe(200);
    expect((await t.owner.get(`/api/v2/users?q=${'a:b%20'.repeat(800)}`)).status).toBe(400);
  });

  test('a long theme name is not stored, let alone noted twice', async () => {
    const put = (theme_preference: string) =>
      user.client.put('/api/v2/users/me/appearance', { theme_preference, terminal_font: 'fira-code' });
    expect((await put('x'.repeat(257))).body.validations[0].field).toBe('theme_preference');
    expect((await user.client.get('/api/v2/users/me/appearance')).body.theme_preference).toBe('');
    expect((await put('x'.repeat(256))).status).toBe(200);
  });

  test('a skill of nothing but commas', async () => {
    const content = `---\nname: a\nx: [${','.repeat(60_000)}\n---\ntext`;
    const answer = await user.client.post('/api/experimental/users/me/skills', { content });
    expect([answer.status, answer.body.message]).toEqual([400, 'Invalid skill content.']);
  });

  test('more query parameters than any operation has', async () => {
    const answer = await t.owner.get(`/api/v2/users?${'a=1&'.repeat(300)}`);
    expect([answer.status, answer.body.message]).toEqual([400, 'Query parameters have invalid values.']);
  });
});

describe('texts in an index', () => {
  const secrets = '/api/v2/users/me/secrets';

  test.each([
    [
      'the name of a token',
      2048,
      (text: string) => user.client.post('/api/v2/users/me/keys/tokens', { token_name: text }),
    ],
    ['the name of a secret', 2048, (text: string) => user.client.post(secrets, { name: text, value: 'v' })],
    [
      'the path of a secret',
      4096,
      (text: string) => user.client.post(secrets, { name: aName('s'), value: 'v', file_path: `/${text.slice(1)}` }),
    ],
  ])('%s has at most %i bytes, all of which fit', async (_, bytes, send) => {
    expect((await send(noise(bytes))).status).toBe(201);
    expect((await send(noise(bytes + 1))).status).toBe(400);
    expect((await send('ä'.repeat(bytes / 2 + 1))).status).toBe(400);
  });

  test('an e-mail address has at most 1024 bytes, all of which fit', async () => {
    const create = (local: string) => {
      const email = `${local}@example.com`;
      return t.owner.post('/api/v2/users', {
        ...{ username: aName(), email, password: PASSWORD, organization_ids: [t.organizationId] },
      });
    };
    expect((await create(noise(1012).replaceAll('_', 'x'))).status).toBe(201);
    // Case folding may make a character longer than it was.
    expect((await create(`${'Ⱥ'.repeat(500)}${noise(12)}`)).status).toBe(201);
    expect((await create(noise(1013).replaceAll('_', 'x'))).body.validations[0].detail).toContain('tag "max"');
  });

  test('two long paths that differ are two, and the same one is taken', async () => {
    const path = `/${noise(4000)}`;
    const add = (file_path: string) => user.client.post(secrets, { name: aName('s'), value: 'v', file_path });
    expect((await add(`${path}a`)).status).toBe(201);
    expect((await add(`${path}b`)).status).toBe(201);
    expect((await add(`${path}a`)).status).toBe(409);
  });
});

test('what a provider sends is too long to be stored, and nobody is signed in or made', async () => {
  const person = (sub: string, local: string, picture = '') => ({
    sub,
    claims: { email: `${local}@corp.example`, email_verified: true, picture },
  });
  const provider = await startOidcProvider({
    accounts: {
      subject: person(noise(3200), 'subject'),
      address: person('2', noise(3200)),
      picture: person('3', 'picture', `https://corp.example/${noise(3200)}`),
    },
  });
  afterAll(() => provider.close());
  const app = await startApp({ env: provider.env });
  const signIn = async (account: string) => {
    const browser = new Browser(app);
    const { status } = await logIn(browser, provider, account);
    return [status, (await browser.get('/api/v2/users/me')).status];
  };
  expect([await signIn('subject'), await signIn('address')]).toEqual([
    [400, 401],
    [400, 401],
  ]);
  expect((await app.owner.get('/api/v2/users')).body.count).toBe(1);
  expect((await signIn('picture'))[1]).toBe(200);
});

test('one fault of each field is told, and at most twenty', async () => {
  const checks = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [
      `k${i}`,
      { action: 'x'.repeat(129), object: { resource_type: 'x'.repeat(129) } },
    ]),
  );
  const { status, body } = await user.client.post('/api/v2/authcheck', { checks });
  expect([status, body.validations.length]).toEqual([400, 20]);
  const roles = await t.owner.put(`/api/v2/users/${user.username}/roles`, { roles: Array(50).fill('x'.repeat(200)) });
  expect(roles.body.validations.map(({ field }: { field: string }) => field)).toEqual(['roles']);
});

test('what clients make up is not kept: all actions that do not exist are one', () => {
  const roles = new RoleSet([{ name: 'member' }, { name: 'owner' }], {});
  const votes = roles.votes('api_key', 'made up');
  for (let i = 0; i < 1000; i++) expect(roles.votes('api_key', `made up ${i}`)).toBe(votes);
  expect(roles.votes('api_key', 'read')).not.toBe(votes);
});

test('what a client calls itself is kept only so far', async () => {
  const client = t.as(user.token);
  await client.put(
    '/api/v2/users/me/profile',
    { username: user.username, name: 'Kim' },
    { 'user-agent': 'x'.repeat(8000) },
  );
  const agents = await t.db.select({ agent: auditLogs.userAgent }).from(auditLogs);
  expect(Math.max(...agents.map(({ agent }) => agent.length))).toBe(300);
});
