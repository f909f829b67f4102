// Keys with random limits try every route there is, with bodies that would give power if they could (docs/differences.md 23).
import { expect } from 'vitest';
import { RESOURCES } from '../../src/rbac/policy.ts';
import { isPlainRole } from '../../src/rbac/roles.ts';
import { isUnlimited, type KeyReach, scopesWithin } from '../../src/rbac/scopes.ts';
import { PASSWORD } from './app.ts';
import type { Answer, TestClient } from './client.ts';
import { pick, pickSome, seededRandom } from './random.ts';
import { type Case, casesOf, pathOf, type Route, routesOf } from './route-cases.ts';
import { ALL_SCOPES, type PersonName, type World } from './world.ts';

export const NEXT = 'Another-Secure-2!';

interface Account {
  email: string;
  status: string;
  roles: string[];
  login_type: string;
  hashed_password: string;
  hashed_one_time_passcode: string | null;
  deleted: boolean;
}

/** All that makes up what people may do. */
interface Powers {
  accounts: Record<string, Account>;
  memberships: Record<string, string[]>;
  keys: Record<string, { user_id: string; scopes: string[]; allow_list: string[]; live: boolean }>;
  defaults: Record<string, string[]>;
  wishes: number;
}

export async function powers(w: World): Promise<Powers> {
  const { rows } = await w.t.pool.query<Powers>(
    `select
      (select jsonb_object_agg(id, jsonb_build_object('email', email, 'status', status, 'roles', roles, 'login_type', login_type,
        'hashed_password', hashed_password, 'hashed_one_time_passcode', hashed_one_time_passcode, 'deleted', deleted)) from users) as accounts,
      (select jsonb_object_agg(user_id || ' in ' || organization_id, roles) from organization_members) as memberships,
      (select jsonb_object_agg(id, jsonb_build_object('user_id', user_id, 'scopes', scopes, 'allow_list', allow_list,
        'live', expires_at > now())) from api_keys) as keys,
      (select jsonb_object_agg(id, default_org_member_roles) from organizations) as defaults,
      (select count(*)::int from email_changes) as wishes`,
  );
  if (!rows[0]) throw new Error('nothing was read');
  return rows[0];
}

/** Whoever holds the limited key. */
interface Holder {
  person: PersonName;
  siteRoles: string[];
  organizationRoles: string[];
  reach: KeyReach;
}

/** What a key of this reach did to the powers of anybody that it may not do. */
function gains(before: Powers, after: Powers, holderId: string, reach: KeyReach): string[] {
  const found: string[] = [];
  const rolesOf = (of: Powers, id: string) => [
    ...(of.accounts[id]?.roles ?? []),
    ...Object.entries(of.memberships).flatMap(([at, roles]) => (at.startsWith(id) ? roles : [])),
  ];
  const isPlain = (of: Powers, id: string) => rolesOf(of, id).every((name) => isPlainRole({ name }));
  const gone = (id: string) => before.accounts[id]?.deleted === false && after.accounts[id]?.deleted === true;
  for (const [id, account] of Object.entries(after.accounts)) {
    const old = before.accounts[id];
    if (old === undefined) {
      if (!isPlain(after, id)) found.push(`an account with roles was made: ${rolesOf(after, id)}`);
      continue;
    }
    // Plain accounts may be suspended, activated and deleted with the scopes for it. Golden: keys-scope-user
    const mayChange = id !== holderId && isPlain(before, id) ? { status: '', deleted: false } : {};
    const [was, is] = [old, account].map((state) => JSON.stringify({ ...state, ...mayChange }));
    if (was !== is) found.push(`an account was changed: ${was} -> ${is}`);
  }
  for (const [id, key] of Object.entries(after.keys)) {
    if (before.keys[id]) continue;
    const within = scopesWithin({ scopes: key.scopes, allowList: key.allow_list }, reach);
    if (key.user_id !== holderId || !within) found.push(`a key was made: ${JSON.stringify(key)}`);
  }
  for (const [id, { user_id: user, live }] of Object.entries(before.keys)) {
    const ended = live && !after.keys[id]?.live;
    if (ended && user !== holderId && !gone(user)) found.push("somebody else's key was ended");
  }
  for (const [at, roles] of Object.entries({ ...before.memberships, ...after.memberships })) {
    const [user = ''] = at.split(' in ');
    const isNew = before.accounts[user] === undefined;
    if (isNew || gone(user)) continue;
    if (JSON.stringify(before.memberships[at]) !== JSON.stringify(after.memberships[at])) {
      found.push(`a membership changed: ${before.memberships[at]} -> ${after.memberships[at]} (${roles})`);
    }
  }
  for (const [id, roles] of Object.entries(before.defaults)) {
    if (after.defaults[id] && JSON.stringify(after.defaults[id]) !== JSON.stringify(roles))
      found.push('default roles changed');
  }
  if (after.wishes !== before.wishes) found.push('a new address was asked for');
  return found;
}

/** Bodies that fit every route, since fields that one does not know are ignored: whatever is new is tried, too. */
function bodies(w: World): Record<string, unknown>[] {
  const common = {
    ...{ username: 'gained', name: 'gained', email: 'gained@example.com', user_status: 'active', status: 'active' },
    ...{ organization_ids: [w.organizations.home], user_id: w.people.alice.id, old_password: PASSWORD },
    ...{ to_type: 'github', token_name: 'gained', lifetime: 3_600_000_000_000, display_name: 'Gained', icon: '/x.png' },
    ...{ theme_preference: 'dark', terminal_font: 'fira-code', template_disabled_map: {}, notifier_paused: true },
    ...{ value: 'hunter3', env_name: 'GAINED', content: '---\nname: greet\n---\nHello.\n', checks: {} },
  };
  const password = { password: NEXT, login_type: 'password' };
  return [
    {
      ...common,
      ...password,
      roles: ['owner'],
      scopes: ['coder:all'],
      default_org_member_roles: ['organization-admin'],
    },
    {
      ...common,
      password: PASSWORD,
      roles: ['organization-admin'],
      scopes: ['user:*', 'api_key:*'],
      allow_list: ['*:*'],
    },
    { ...common, login_type: 'none', roles: [], scopes: ['user:read'], default_org_member_roles: [] },
  ];
}

/** Every writing route on people of several kinds with one of those bodies, and every request of the walk over all routes. */
function requests(w: World, random: () => number): Case[] {
  const writing = routesOf(w.t).filter(({ method }) => method !== 'GET');
  const made = writing.flatMap((route: Route) => {
    const people = route.url.includes(':user') ? (['alice', 'boss', 'bob'] as const) : (['alice', 'boss'] as const);
    return people.map((person) => ({
      ...{ route, variant: '', person, organization: 'home' as const, query: '', body: pick(random, bodies(w)) },
    }));
  });
  return [...made, ...casesOf(w)];
}

export const HOLDERS: Omit<Holder, 'reach'>[] = [
  { person: 'boss', siteRoles: ['owner'], organizationRoles: [] },
  { person: 'alice', siteRoles: ['user-admin'], organizationRoles: [] },
  { person: 'boss', siteRoles: ['owner'], organizationRoles: ['organization-admin'] },
  { person: 'alice', siteRoles: [], organizationRoles: ['organization-admin'] },
  { person: 'alice', siteRoles: [], organizationRoles: [] },
];

/** Puts everything back, and gives holder and target their roles and the key its limits. */
export async function arrange(w: World, { person, siteRoles, organizationRoles, reach }: Holder): Promise<TestClient> {
  await w.restore();
  const holder = w.people[person];
  // Somebody with a role is among those acted on.
  await w.t.pool.query(`update users set roles = '{auditor}' where id = $1`, [w.people.alice.id]);
  await w.t.pool.query('update users set roles = $2 where id = $1', [holder.id, siteRoles]);
  await w.t.pool.query('update organization_members set roles = $2 where user_id = $1', [holder.id, organizationRoles]);
  await w.t.pool.query('update api_keys set scopes = $2, allow_list = $3 where id = $1', [
    ...[holder.token.slice(0, 10), reach.scopes, reach.allowList],
  ]);
  return holder.client;
}

function aReach(w: World, random: () => number): KeyReach {
  const scopes =
    random() < 0.6 ? ALL_SCOPES : ['user:read', ...pickSome(random, [...ALL_SCOPES, 'user:*', 'api_key:*'], 40)];
  const { alice, boss, bob } = w.people;
  const entries = [
    ...Object.keys(RESOURCES).map((type) => `${type}:*`),
    ...[alice, boss, bob].flatMap(({ id }) => [`user:${id}`, `*:${id}`]),
  ];
  const allowList = random() < 0.5 ? ['*:*'] : ['user:*', ...pickSome(random, entries, 60)];
  return { scopes: random() < 0.2 && allowList[0] !== '*:*' ? ['coder:all'] : scopes, allowList };
}

/**
 * Lets each holder of a key with limits walk over all routes: nobody may be able to do more or less than before.
 * @returns how many routes let a key do something, so that the walk says something
 */
export async function walkWithLimits(w: World, holders: readonly Omit<Holder, 'reach'>[]): Promise<number> {
  const random = seededRandom(23);
  const secretIds = Object.entries(w.people)
    .filter(([, { token }]) => token !== '')
    .map(([name, { keyId }]) => [name, keyId] as const);
  const succeeded = new Set<string>();
  for (const configuration of holders) {
    const holder = { ...configuration, reach: aReach(w, random) };
    const note = JSON.stringify({ ...holder, reach: { ...holder.reach, scopes: holder.reach.scopes.length } });
    expect(isUnlimited(holder.reach), note).toBe(false);
    const all = requests(w, random);
    let client = await arrange(w, holder);
    const before = await powers(w);
    for (const one of all) {
      const answer: Answer = await client.send(one.route.method, pathOf(one, w), one.body);
      const what = `${one.route.method} ${pathOf(one, w)} ${JSON.stringify(one.body)} by ${note}`;
      expect(answer.status, what).toBeLessThan(500);
      for (const [name, id] of secretIds) {
        if (name !== holder.person) expect(answer.text.includes(id), `${what} told a key of ${name}`).toBe(false);
      }
      if (one.route.method === 'GET' || answer.status >= 400) continue;
      succeeded.add(one.route.url);
      expect(gains(before, await powers(w), w.people[holder.person].id, holder.reach), what).toEqual([]);
      client = await arrange(w, holder);
    }
  }
  return succeeded.size;
}
