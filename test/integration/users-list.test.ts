// The list of users: who is listed, in which order, what a search finds, and how pages follow each other.
import { beforeAll, describe, expect, test } from 'vitest';
import { NIL_UUID } from '../../src/golang/uuids.ts';
import { startApp, type TestApp } from '../support/app.ts';
import type { TestClient } from '../support/client.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const USERS = '/api/v2/users';
const UNKNOWN = '3c9e7f52-8f0b-4f57-9c2c-5d1f6a0b7e11';
/** Everybody, in the order of the list: by name, whatever the letter case. */
const ALL = ['9lives', 'Alpha', 'Bravo', 'charlie', 'delta', 'owner'];

let t: TestApp;
const ids: Record<string, string> = {};
let charlie: TestUser;

// All but one never sign in: made in another order than they are listed.
beforeAll(async () => {
  t = await startApp();
  const make = async (username: string, more: object = {}) => {
    const made = await t.owner.post(USERS, {
      username,
      email: `${username}@example.com`,
      login_type: 'none',
      organization_ids: [t.organizationId],
      ...more,
    });
    expect(made.status, made.text).toBe(201);
    ids[username] = made.body.id;
  };
  await make('delta', { roles: ['auditor'] });
  await make('Alpha', { name: 'Ada Lovelace', email: 'first@elsewhere.org' });
  await make('Bravo', { user_status: 'suspended' });
  await make('9lives', { email: '', service_account: true });
  await make('gone');
  charlie = await aUser(t, { username: 'charlie', login_type: 'none', name: '100% Chärlie' });
  ids.charlie = charlie.id;
  await t.owner.delete(`${USERS}/gone`);
});

/** The names on a page, and the count beside them. */
async function page(query: string, client: TestClient = t.owner): Promise<[string[], number]> {
  const { status, body, text } = await client.get(`${USERS}${query}`);
  expect(status, text).toBe(200);
  return [body.users.map(({ username }: { username: string }) => username), body.count];
}

/** Whom a search finds. */
async function found(q: string): Promise<string[]> {
  const [names, count] = await page(`?q=${encodeURIComponent(q)}`);
  expect(count).toBe(names.length);
  return names;
}

describe('GET /users', () => {
  test('lists everybody but the deleted and the system account, by name in any letter case', async () => {
    expect(await page('')).toEqual([ALL, ALL.length]);
    expect(await page('/')).toEqual([ALL, ALL.length]);
  });

  test('shows each user as the user alone is shown', async () => {
    const list = (await t.owner.get(USERS)).body.users;
    for (const name of ['Alpha', '9lives', 'charlie']) {
      const alone = (await t.owner.get(`${USERS}/${name}`)).body;
      expect(list.find(({ username }: { username: string }) => username === name)).toEqual(alone);
    }
  });

  test('shows members themselves alone, whatever they search and page', async () => {
    expect(await page('', charlie.client)).toEqual([['charlie'], 1]);
    expect(await page('?q=owner', charlie.client)).toEqual([[], 0]);
    expect(await page('?offset=1', charlie.client)).toEqual([[], 0]);
    expect(await page(`?after_id=${t.ownerId}`, charlie.client)).toEqual([[], 0]);
  });

  test.each([
    ['ALPH', ['Alpha']],
    ['elsewhere.org', ['Alpha']],
    ['e', ALL],
    ['LIE', ['charlie']],
    ['search:"brav"', ['Bravo']],
    ['name:lovelace', ['Alpha']],
    ['name:CHÄR', ['charlie']],
    ['name:"100% c"', ['charlie']],
    ['status:suspended', ['Bravo']],
    ['status:active,suspended', ['Bravo', 'charlie', 'owner']],
    ['role:owner,auditor', ['delta', 'owner']],
    ['role:member', ALL],
    ['login_type:password', ['owner']],
    ['service_account:true', ['9lives']],
    ['role:auditor status:dormant delta', ['delta']],
    ['role:auditor status:active', []],
    ['gone', []],
    ['%', []],
    ['_', []],
    ['created_after:"2100-01-01T00:00:00Z"', []],
    ['created_before:"2100-01-01T00:00:00Z"', ALL],
  ])('%s finds %j', async (q, expected) => {
    expect(await found(q)).toEqual(expected);
  });

  test('last_seen_after finds who was there since', async () => {
    await charlie.client.get(`${USERS}/me`);
    expect(await found('last_seen_after:"2000-01-01T00:00:00Z"')).toEqual(['charlie', 'owner']);
  });

  test('pages of limit and offset follow each other, each with the count of all', async () => {
    expect(await page('?limit=4')).toEqual([ALL.slice(0, 4), ALL.length]);
    expect(await page('?limit=4&offset=4')).toEqual([ALL.slice(4), ALL.length]);
    expect(await page('?offset=5')).toEqual([ALL.slice(5), ALL.length]);
  });

  test('a page behind the end is empty and counts nobody', async () => {
    expect(await page(`?offset=${ALL.length}`)).toEqual([[], 0]);
    expect(await page('?limit=1&offset=2147483647')).toEqual([[], 0]);
  });

  test.each(['?limit=0', '?limit=', '?limit=10', '?limit=2147483647', '?offset=0'])('%s shows all', async (query) => {
    expect(await page(query)).toEqual([ALL, ALL.length]);
  });

  test('after_id walks through everybody once and counts who is left', async () => {
    const walked: string[] = [];
    const counts: number[] = [];
    for (let after = NIL_UUID; ; after = walked.length ? (ids[walked.at(-1) ?? ''] ?? t.ownerId) : NIL_UUID) {
      const [names, count] = await page(`?limit=2&after_id=${after}`);
      counts.push(count);
      if (names.length === 0) break;
      walked.push(...names);
    }
    expect([walked, counts]).toEqual([ALL, [6, 4, 2, 0]]);
  });

  test('after_id goes with offset and with a search', async () => {
    expect(await page(`?after_id=${ids.Alpha}&offset=1&limit=2`)).toEqual([['charlie', 'delta'], 4]);
    expect(await page(`?after_id=${ids.Alpha}&q=status:dormant`)).toEqual([['delta'], 1]);
  });

  test('after a deleted user the list goes on where they were, after nobody it is empty', async () => {
    expect(await page(`?after_id=${ids.gone}`)).toEqual([['owner'], 1]);
    expect(await page(`?after_id=${UNKNOWN}`)).toEqual([[], 0]);
  });

  test.each([
    ['limit=-1', ['limit']],
    ['limit=ten', ['limit']],
    ['limit=1.5', ['limit']],
    ['limit=2147483648', ['limit']],
    ['limit=1&limit=2', ['limit']],
    ['offset=-5', ['offset']],
    ['after_id=charlie', ['after_id']],
    ['limit=-1&offset=x&after_id=abc', ['after_id', 'limit', 'offset']],
  ])('%s is refused, and the answer names each bad parameter', async (query, fields) => {
    const { status, body } = await t.owner.get(`${USERS}?${query}`);
    expect([status, body.message]).toEqual([400, 'Query parameters have invalid values.']);
    expect(body.validations.map(({ field }: { field: string }) => field)).toEqual(fields);
  });

  test.each([
    ['status:banned', 'status'],
    ['login_type:magic', 'login_type'],
    ['service_account:perhaps', 'service_account'],
    ['created_after:yesterday', 'created_after'],
    ['github_com_user_id:x', 'github_com_user_id'],
    ['colour:red', 'colour'],
    ['name:a name:b', 'name'],
    [':owner', 'q'],
    ['a:b:c', 'q'],
  ])('the search %s is refused, and the answer names the field', async (q, field) => {
    expect(await t.owner.get(`${USERS}?q=${encodeURIComponent(q)}`)).toMatchObject({
      status: 400,
      body: { message: 'Invalid user search query.', validations: [{ field }] },
    });
  });

  test('nobody is listed without a session', async () => {
    const { status, body } = await t.anonymous.get(USERS);
    expect([status, body.users, body.count]).toEqual([401, undefined, undefined]);
  });

  test('a key that may not read users lists nobody', async () => {
    const { body } = await t.owner.post(`${USERS}/me/keys/tokens`, { scopes: ['api_key:read'] });
    expect(await page('', t.as(body.key))).toEqual([[], 0]);
  });
});
