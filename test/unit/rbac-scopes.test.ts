// Scopes and allow lists of API keys: their names, what they permit, how they narrow, and which key is within which.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MAX_ALLOW_LIST } from '../../src/codersdk/sizes.ts';
import { normaliseAllowList, parseAllowListEntry, shownAllowList } from '../../src/rbac/allow-lists.ts';
import { can } from '../../src/rbac/authorize.ts';
import { bareUserObject, keyObject, newKeyObject } from '../../src/rbac/objects.ts';
import {
  canonicalScope,
  EXTERNAL_SCOPES,
  expandScope,
  isRequestableScope,
  isStoredScope,
  isUnlimited,
  type KeyReach,
  scopesWithin,
} from '../../src/rbac/scopes.ts';
import type { Subject } from '../../src/rbac/subjects.ts';
import { pick, pickSome, seededRandom } from '../support/random.ts';

function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), 'utf8'));
}

type Table = Record<string, string[]>;
const recorded = golden<{
  external: Record<string, { site: Table }>;
  legacy_names: Record<string, string>;
  stored_names: string[];
}>('rbac/rbac-scopes.json');
const roles = golden<{ api_key_scopes: Record<string, Table>; resources: Table }>('rbac/rbac-roles.json');

const ME = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeee01';
const OTHER = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeee02';
const THIRD = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeee03';
const ORG = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeaa';

function owner(reach: Partial<KeyReach>): Subject {
  const held = [{ name: 'owner' }, { name: 'member' }, { name: 'organization-member', organizationId: ORG }];
  return { userId: ME, roles: held, scopes: ['coder:all'], allowList: ['*:*'], ...reach };
}

describe('scope names', () => {
  test('the catalogue is the recorded one, sorted', () => {
    expect(EXTERNAL_SCOPES).toEqual(Object.keys(recorded.external));
    expect(EXTERNAL_SCOPES).toEqual([...EXTERNAL_SCOPES].sort());
    expect(EXTERNAL_SCOPES).toHaveLength(55);
  });

  test.each(Object.keys(recorded.external))('%s permits what is recorded', (name) => {
    expect(expandScope(name)).toEqual(recorded.external[name]?.site);
    expect(isRequestableScope(name)).toBe(true);
  });

  test.each(Object.keys(roles.api_key_scopes))('%s permits the same actions as in the table of roles', (name) => {
    const ours = Object.entries(expandScope(name) ?? {}).map(([type, actions]) => [type, [...actions].sort()]);
    expect(Object.fromEntries(ours)).toEqual(roles.api_key_scopes[name]);
  });

  test('the two old names mean the canonical ones wherever a scope is read', () => {
    for (const [old, canonical] of Object.entries(recorded.legacy_names)) {
      expect(canonicalScope(old)).toBe(canonical);
      expect(isRequestableScope(old)).toBe(true);
      expect(isStoredScope(old)).toBe(false);
      expect(expandScope(old)).toEqual(expandScope(canonical));
    }
  });

  test('exactly the recorded names can be stored', () => {
    expect(recorded.stored_names.filter((name) => !isStoredScope(name))).toEqual([]);
    const every = Object.entries(roles.resources).flatMap(([type, actions]) =>
      [...actions, '*'].map((a) => `${type}:${a}`),
    );
    expect(every.filter((name) => isStoredScope(name) !== recorded.stored_names.includes(name))).toEqual([]);
  });

  test.each([
    'USER:READ',
    ' user:read',
    '*',
    '*:*',
    'user:create',
    'workspace:share',
    'no_user_data',
    'coder:workspaces',
    'user_secret:assign',
    'constructor',
    '',
  ])('%j cannot be requested', (name) => {
    expect(isRequestableScope(name)).toBe(false);
  });

  test.each(['user:fly', 'spaceship:read', 'user', ':', '*:*', 'toString', ''])('%j is no scope at all', (name) => {
    expect(expandScope(name)).toBeUndefined();
    expect(isStoredScope(name)).toBe(false);
  });
});

describe('scopes narrow roles', () => {
  test('a key does what its scopes permit and its roles allow, and nothing else', () => {
    const reader = owner({ scopes: ['user:read', 'user_secret:read'] });
    expect(can(reader, 'read', bareUserObject({ id: OTHER }))).toBe(true);
    expect(can(reader, 'update', bareUserObject({ id: OTHER }))).toBe(false);
    expect(can(reader, 'read', { type: 'user_secret', owner: ME })).toBe(true);
    expect(can(reader, 'read', { type: 'user_secret', owner: OTHER })).toBe(false);
    expect(can(reader, 'read', keyObject({ id: 'AbCdEfGhIj', userId: ME }))).toBe(false);
  });

  test('a key without a known scope may do nothing', () => {
    for (const scopes of [[], ['gone:read'], ['']])
      expect(can(owner({ scopes }), 'read', bareUserObject({ id: ME }))).toBe(false);
  });
});

describe('allow lists narrow roles', () => {
  test.each([
    ['*:*', true, true, true],
    ['user:*', true, true, true],
    [`user:${ME}`, true, false, false],
    [`*:${ME}`, true, false, false],
    [`USER:${ME.toUpperCase()}`, true, false, false],
    [`user:{${ME}}`, false, false, false],
    [`user:urn:uuid:${ME}`, false, false, false],
    [`user:${ME.replaceAll('-', '')}`, false, false, false],
    ['api_key:*', false, false, false],
    [`organization:${ME}`, false, false, false],
  ])('%s: own user %j, other users %j, users in general %j', (entry, mine, others, all) => {
    const subject = owner({ allowList: [entry] });
    expect(can(subject, 'read', bareUserObject({ id: ME }))).toBe(mine);
    expect(can(subject, 'read', bareUserObject({ id: OTHER }))).toBe(others);
    expect(can(subject, 'read', { type: 'user' })).toBe(all);
  });

  test('keys are reached by their type only, and an empty list reaches nothing', () => {
    expect(can(owner({ allowList: ['api_key:*'] }), 'create', newKeyObject({ id: ME, roles: [] }))).toBe(true);
    expect(can(owner({ allowList: [`api_key:${ME}`] }), 'create', newKeyObject({ id: ME, roles: [] }))).toBe(false);
    expect(can(owner({ allowList: ['api_key:AbCdEfGhIj'] }), 'read', keyObject({ id: 'AbCdEfGhIj', userId: ME }))).toBe(
      false,
    );
    expect(can(owner({ allowList: [] }), 'read', { type: 'user' })).toBe(false);
  });
});

describe('reading allow lists', () => {
  interface Step {
    id: string;
    path: string;
    body?: { allow_list?: string[]; scopes?: string[] };
    expect: { status: number; body: { detail?: string } };
  }
  const { steps } = golden<{ steps: Step[] }>('scenarios/keys-allow-list-input.json');
  const requests = steps
    .filter((step) => step.path.endsWith('/keys/tokens') && Array.isArray(step.body?.allow_list))
    .map((step) => ({ id: step.id, step }));

  test.each(requests)('recorded request $id gets the recorded answer', ({ step }) => {
    const filled = (text: string) => text.replaceAll('{{ALICE_ID}}', ME);
    const entries = (step.body?.allow_list ?? []).map(filled);
    const problem = entries.map(parseAllowListEntry).find((entry) => !entry.ok);
    if (problem && !problem.ok) {
      expect(step.expect.status).toBe(400);
      expect(problem.detail).toBe(filled(step.expect.body.detail ?? ''));
    } else if (entries.length > MAX_ALLOW_LIST) {
      expect(step.expect.status).toBe(400);
    } else {
      expect(step.expect.status).toBe(201);
    }
  });

  test('an entry keeps its spelling but not the white space around it', () => {
    const upper = `workspace:${ME.toUpperCase()}`;
    expect(parseAllowListEntry(`\u0085\u3000 ${upper}\t`)).toEqual({ ok: true, entry: upper });
    expect(parseAllowListEntry(`\ufeff${upper}`)).toMatchObject({ ok: false });
    expect(shownAllowList([upper])).toEqual([`workspace:${ME}`]);
  });

  test('what cannot be printed is escaped in the detail', () => {
    expect(parseAllowListEntry('a"b\\\n\u0001\u00e9\u200b\u{e0001}')).toEqual({
      ok: false,
      detail: 'invalid allow_list entry "a\\"b\\\\\\n\\x01\u00e9\\u200b\\U000e0001": want <type>:<id>',
    });
  });

  test.each([
    [[], ['*:*']],
    [['user:*', 'user:*'], ['user:*']],
    [[`user:${ME}`, '*:*', 'api_key:*'], ['*:*']],
    [
      [`workspace:${ME}`, `user:${ME}`, 'workspace:*'],
      [`user:${ME}`, 'workspace:*'],
    ],
    [
      ['workspace:*', `user:${OTHER}`, `user:${ME}`, 'api_key:*', `*:${ME}`],
      [`*:${ME}`, 'api_key:*', `user:${ME}`, `user:${OTHER}`, 'workspace:*'],
    ],
    [
      [`task:${ME}`, `task:${ME.toUpperCase()}`, `task:${ME}`],
      [`task:${ME.toUpperCase()}`, `task:${ME}`],
    ],
  ])('%j is stored as %j', (entries, stored) => {
    expect(normaliseAllowList(entries)).toEqual(stored);
  });
});

describe('a key within another', () => {
  const reach = (scopes: string[], allowList: string[] = ['*:*']): KeyReach => ({ scopes, allowList });

  test.each([
    [reach(['coder:all']), reach(['coder:all']), true],
    [reach(['coder:all']), reach(['user:*', 'api_key:*']), false],
    [reach(['all']), reach(['coder:all']), true],
    [reach(['coder:all'], ['user:*']), reach(['user:*']), true],
    [reach(['coder:all'], ['*:*']), reach(['coder:all'], ['user:*']), false],
    [reach(['user:read'], [`user:${ME}`]), reach(['user:read'], [`*:${ME}`]), true],
    [reach(['user:read'], [`*:${ME}`]), reach(['user:read'], [`user:${ME}`]), true],
    [reach(['user:read'], ['*:*']), reach(['user:read'], [`user:${ME}`]), false],
    [reach(['user:read', 'file:read'], [`user:${ME}`]), reach(['user:read']), true],
    [reach(['api_key:read']), reach(['coder:apikeys.manage_self']), true],
    [reach(['coder:apikeys.manage_self']), reach(['api_key:*']), true],
    [reach(['api_key:*']), reach(['coder:apikeys.manage_self']), false],
    [reach(['user:read'], ['user:not-a-uuid']), reach(['file:read']), true],
    [reach([]), reach([]), true],
  ])('%j within %j: %j', (child, parent, within) => {
    expect(scopesWithin(child, parent)).toBe(within);
  });

  test('only a key with every scope and no list is unlimited', () => {
    expect(isUnlimited(reach(['user:read', 'coder:all']))).toBe(true);
    expect(isUnlimited(reach(['no_user_data']))).toBe(false);
    expect(isUnlimited(reach([...EXTERNAL_SCOPES].filter((name) => name !== 'coder:all')))).toBe(false);
    expect(isUnlimited(reach(['coder:all'], ['user:*']))).toBe(false);
  });

  test('agrees with asking every question of both keys, for thousands of random pairs', () => {
    const random = seededRandom(20260618);
    const types = ['user', 'api_key', 'template', 'file', 'user_secret', 'organization_member', 'workspace'] as const;
    const names = EXTERNAL_SCOPES.filter((name) =>
      /^(coder|user|api_key|template|file|user_secret|workspace):/.test(name),
    );
    const entries = [...types, '*'].flatMap((type) => [ME, OTHER, '*', `{${ME}}`].map((id) => `${type}:${id}`));
    const questions = types.flatMap((type) =>
      [...(roles.resources[type] ?? []), 'fly'].flatMap((action) =>
        [undefined, ME, OTHER, THIRD].map((id) => ({
          action,
          object: { type, owner: ME, ...(id === undefined ? {} : { id }) },
        })),
      ),
    );
    const randomReach = () => ({
      scopes: pickSome(random, names, 4),
      allowList: random() < 0.3 ? ['*:*'] : pickSome(random, entries, 3),
    });
    const seen = { within: 0, outside: 0 };
    for (let round = 0; round < 6000; round++) {
      const parent = randomReach();
      // Half of the children are cut from their parents, so that both answers are frequent.
      const child =
        random() < 0.5
          ? randomReach()
          : { scopes: [pick(random, parent.scopes)], allowList: [pick(random, parent.allowList)] };
      const [inner, outer] = [owner(child), owner(parent)];
      const way = questions.find(({ action, object }) => can(inner, action, object) && !can(outer, action, object));
      expect(scopesWithin(child, parent), JSON.stringify({ child, parent, way })).toBe(way === undefined);
      seen[way === undefined ? 'within' : 'outside'] += 1;
    }
    expect(Math.min(seen.within, seen.outside)).toBeGreaterThan(1000);
  });
});
