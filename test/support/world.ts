// A small world of real things: two organizations, people with every kind of object of their own, and callers of every
// kind. It can be put back as it was, so that each request meets the same world.
import { TEMPLATES } from '../../src/codersdk/notification-templates.ts';
import { RESOURCES, type RoleDefinition } from '../../src/rbac/policy.ts';
import { SITE_ROLES } from '../../src/rbac/site-roles.ts';
import { startApp, type TestApp } from './app.ts';
import type { Method, TestClient } from './client.ts';
import { aUser, type TestUser } from './factories.ts';

/** Scopes that permit everything there is, and yet are fewer than those of an unlimited key. */
export const ALL_SCOPES: readonly string[] = Object.entries(RESOURCES).flatMap(([type, actions]) =>
  actions.map((action) => `${type}:${action}`),
);

/** The name of a role that takes a permission (`type:action`) away from whoever holds it, made at its first use. */
function roleWithout(permission: string): string {
  const [type = '', action = ''] = permission.split(':');
  const name = `without ${permission}`;
  const roles: Record<string, RoleDefinition> = SITE_ROLES;
  roles[name] ??= { displayName: '', deny: { site: { [type]: [action] } } };
  return name;
}

/** Somebody who is acted on, with the objects that paths name. */
export interface Person extends TestUser {
  /** A session key. */
  keyId: string;
}

/** Names of the objects that each person has. */
export const OBJECTS = { token: 'build', secret: 'db', skill: 'greet' } as const;

export type PersonName = 'alice' | 'boss' | 'bob' | 'olive' | 'robot' | 'prebuilds';
export type OrganizationName = 'home' | 'away' | 'empty';
export type CallerName =
  | 'anonymous'
  | 'self'
  | 'colleague'
  | 'stranger'
  | 'auditor'
  | 'template-admin'
  | 'user-admin'
  | 'owner'
  | 'organization-admin'
  | 'organization-user-admin'
  | "other organization's admin"
  | "owner's limited key"
  | "owner's key to alice alone";

export interface World {
  t: TestApp;
  /** Ids. home: of everybody but `bob` and the callers from elsewhere. empty: of nobody. */
  organizations: Record<OrganizationName, string>;
  /**
   * alice: a member. boss: an owner. olive: a member who signs in with OpenID Connect. bob: a member of `away`
   * alone. robot: a service account. prebuilds: the built-in account, which has no key.
   */
  people: Record<PersonName, Person>;
  /** An application that acts for people, with a secret. */
  app: { id: string; secretId: string };
  /** A message in alice's inbox. */
  messageId: string;
  callers: ReadonlyMap<Exclude<CallerName, 'self'>, TestClient>;
  /** Narrows the limited key of an owner (or of `of`) and gives its client. */
  limit(scopes: readonly string[], of?: Person): Promise<TestClient>;
  /** Widens that key again, and takes permissions away from all roles of its user; gives its client. */
  deny(permissions: readonly string[], of?: Person): Promise<TestClient>;
  /** Puts every row back as it was. */
  restore(): Promise<void>;
}

async function seedPerson(t: TestApp, user: TestUser): Promise<Person> {
  const path = `/api/v2/users/${user.username}`;
  const done = async (method: Method, url: string, body: unknown) => {
    const answer = await user.client.send(method, url, body);
    if (answer.status >= 300) throw new Error(`${method} ${url}: ${answer.status} ${answer.text}`);
  };
  await done('POST', `${path}/keys/tokens`, { token_name: OBJECTS.token });
  await done('POST', `${path}/secrets`, { name: OBJECTS.secret, value: 'hunter2' });
  await done('POST', `/api/experimental/users/${user.username}/skills`, {
    content: `---\nname: ${OBJECTS.skill}\n---\nSay hello.\n`,
  });
  await done('PUT', `${path}/appearance`, { theme_preference: 'light', terminal_font: 'ibm-plex-mono' });
  await done('PUT', `${path}/preferences`, { thinking_display_mode: 'always_expanded' });
  await done('PUT', `${path}/notifications/preferences`, { template_disabled_map: { [TEMPLATES.created.id]: true } });
  const key = await t.owner.post(`${path}/keys`);
  return { ...user, keyId: key.body.key.slice(0, 10) };
}

/** The account that every deployment has. */
async function builtIn(t: TestApp): Promise<Person> {
  const { rows } = await t.pool.query<{ id: string }>('select id from users where is_system');
  const id = rows[0]?.id ?? '';
  return { id, username: 'prebuilds', email: '', password: '', token: '', client: t.anonymous, keyId: 'none' };
}

/** Puts a message into somebody's inbox; its id. */
async function aMessage(t: TestApp, userId: string): Promise<string> {
  const { rows } = await t.pool.query<{ id: string }>(
    `insert into inbox_notifications (id, user_id, template_id, title, content, actions, icon, created_at)
     values (gen_random_uuid(), $1, $2, 'Hello', 'there', '[]', 'DEFAULT_ICON_OTHER', now()) returning id`,
    [userId, TEMPLATES.custom.id],
  );
  return rows[0]?.id ?? '';
}

/** Keeps a copy of every table; the result puts back the rows that differ, past triggers and foreign keys. */
async function keepCopy(t: TestApp): Promise<() => Promise<void>> {
  const { rows } = await t.pool.query<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(quote_ident(a.attname) order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace group by c.relname`,
  );
  await t.pool.query('create schema copy');
  for (const { name } of rows) await t.pool.query(`create table copy."${name}" as table "${name}"`);
  const statements = rows.map(({ name, columns }) => {
    const [list, live, kept] = ['', 'live.', 'kept.'].map((of) => columns.map((column) => of + column).join(', '));
    const same = `row(${live}) is not distinct from row(${kept})`;
    return `delete from "${name}" live where not exists (select from copy."${name}" kept where ${same});
      insert into "${name}" (${list}) select ${list} from copy."${name}" kept
      where not exists (select from "${name}" live where ${same});`;
  });
  await t.pool.query(
    `create function copy.restore() returns void language plpgsql set session_replication_role = replica
     as $body$ begin ${statements.join('\n')} end $body$`,
  );
  return async () => {
    await t.pool.query('select copy.restore()');
  };
}

/** Makes the world. */
export async function makeWorld(): Promise<World> {
  // Nobody listens there, whatever else runs on the machine.
  const t = await startApp({ env: { CODER_ACCESS_URL: 'http://127.0.0.1:1' } });
  const make = async (name: string): Promise<string> => (await t.owner.post('/api/v2/organizations', { name })).body.id;
  const organizations = { home: t.organizationId, away: await make('away'), empty: await make('empty') };
  await t.pool.query('delete from organization_members where organization_id = $1', [organizations.empty]);
  const { home, away } = organizations;
  const inOrganization = (organization: string, roles: string[], user: TestUser) =>
    t.owner.put(`/api/v2/organizations/${organization}/members/${user.username}/roles`, { roles });

  const user = (username: string, overrides: Record<string, unknown> = {}) => aUser(t, { username, ...overrides });
  const people = {
    alice: await seedPerson(t, await user('alice', { name: 'Alice' })),
    boss: await seedPerson(t, await user('boss', { roles: ['owner'] })),
    bob: await seedPerson(t, await user('bob', { organization_ids: [away] })),
    olive: await seedPerson(t, await user('olive')),
    robot: await seedPerson(t, await user('robot', { login_type: 'none', service_account: true })),
    prebuilds: await builtIn(t),
  };
  for (const name of ['alice', 'boss'] as const) {
    await inOrganization(home, ['organization-workspace-access'], people[name]);
  }
  await t.pool.query(`update users set login_type = 'oidc' where id = $1`, [people.olive.id]);
  await t.pool.query(
    `insert into user_links (user_id, login_type, linked_id, claims) values ($1, 'oidc', 'olive', $2)`,
    [people.olive.id, JSON.stringify({ merged_claims: { sub: 'olive' }, id_token_claims: { sub: 'olive' } })],
  );

  const none = { login_type: 'none' };
  const callers = new Map<Exclude<CallerName, 'self'>, TestClient>();
  callers.set('anonymous', t.anonymous);
  callers.set('colleague', (await user('colleague', none)).client);
  callers.set('stranger', (await user('stranger', { ...none, organization_ids: [away] })).client);
  for (const role of ['auditor', 'template-admin', 'user-admin', 'owner'] as const) {
    callers.set(role, (await user(`site-${role}`, { ...none, roles: [role] })).client);
  }
  for (const role of ['organization-admin', 'organization-user-admin'] as const) {
    const caller = await user(role, none);
    await inOrganization(home, [role], caller);
    callers.set(role, caller.client);
  }
  // Whoever joins gets a role that not everybody may hand out.
  await t.owner.patch(`/api/v2/organizations/${away}`, { default_org_member_roles: ['organization-auditor'] });
  const elsewhere = await user('elsewhere', { ...none, organization_ids: [away] });
  await inOrganization(away, ['organization-admin'], elsewhere);
  callers.set("other organization's admin", elsewhere.client);

  const limited = await user('limited', { ...none, roles: ['owner'] });
  callers.set("owner's limited key", limited.client);
  const narrow = (key: string, scopes: readonly string[], allowList = ['*:*']) =>
    t.pool.query('update api_keys set scopes = $2, allow_list = $3 where id = $1', [
      key.slice(0, 10),
      scopes,
      allowList,
    ]);
  await narrow(limited.token, ALL_SCOPES);
  const narrowest = await user('narrowest', { ...none, roles: ['owner'] });
  callers.set("owner's key to alice alone", narrowest.client);
  const toAlice = ['user', 'organization_member'].map((type) => `${type}:${people.alice.id}`);
  const others = Object.keys(RESOURCES).filter((type) => type !== 'user' && type !== 'organization_member');
  await narrow(narrowest.token, ['coder:all'], [...toAlice, ...others.map((type) => `${type}:*`)]);
  const apps = '/api/v2/oauth2-provider/apps';
  const { id } = (await t.owner.post(apps, { name: 'app', callback_url: 'https://example.com/cb' })).body;
  const app = { id, secretId: (await t.owner.post(`${apps}/${id}/secrets`)).body.id };
  const messageId = await aMessage(t, people.alice.id);
  const restore = await keepCopy(t);
  return {
    t,
    app,
    messageId,
    organizations,
    people,
    callers,
    async limit(scopes, of) {
      await narrow(of?.token ?? limited.token, scopes);
      return (of ?? limited).client;
    },
    async deny(permissions, of) {
      const { id, token, client } = of ?? limited;
      await narrow(token, ['coder:all']);
      await t.pool.query(
        `update users set roles = array(select role from unnest(roles) role where role not like 'without %') || $2::text[] where id = $1`,
        [id, permissions.map(roleWithout)],
      );
      return client;
    },
    restore,
  };
}
