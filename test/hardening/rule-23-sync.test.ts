// Rule 23: settings of sync give memberships and roles to whoever signs in next, so a limited key does not change them.
import { beforeAll, expect, test } from 'vitest';
import { RESOURCES } from '../../src/rbac/policy.ts';
import { startApp, type TestApp } from '../support/app.ts';
import type { TestClient } from '../support/client.ts';

const REASON = /limited by its scopes or its allow list/;

let t: TestApp;
let limited: TestClient[];
beforeAll(async () => {
  t = await startApp();
  const keys = [
    { token_name: 'listed', allow_list: ['idpsync_settings:*', 'organization:*', 'user:*'] },
    { token_name: 'all-listed', allow_list: Object.keys(RESOURCES).map((type) => `${type}:*`) },
  ];
  limited = [];
  for (const body of keys) {
    const { status, body: made } = await t.owner.post('/api/v2/users/me/keys/tokens', body);
    expect([status, made]).toEqual([201, { key: expect.any(String) }]);
    limited.push(t.as(made.key));
  }
});

const SITE = '/api/v2/settings/idpsync/organization';
const OF = (kind: string) => `/api/v2/organizations/default/settings/idpsync/${kind}`;

test.each([SITE, OF('groups'), OF('roles')])('%s, its config and its mapping', async (path) => {
  for (const client of limited) {
    for (const end of ['', '/config', '/mapping']) {
      const { status, body } = await client.patch(path + end, { field: 'mine', add: [{ given: 'x' }] });
      expect([status, body.detail]).toEqual([403, expect.stringMatching(REASON)]);
    }
    expect((await client.get(path)).status).toBe(200);
  }
  expect((await t.pool.query(`select key from site_settings where key like 'idpsync/%'`)).rows).toEqual([]);
  expect((await t.owner.get(path)).body.field).toBe('');
});
