// Which requests the walk over all routes makes of each route.
import { TEMPLATES } from '../../src/codersdk/notification-templates.ts';
import { PASSWORD, type TestApp } from './app.ts';
import type { Method } from './client.ts';
import { OBJECTS, type OrganizationName, type PersonName, type World } from './world.ts';

export interface Route {
  method: Method;
  url: string;
}

/** One request to a route: on whom, and with what. */
export interface Case {
  route: Route;
  /** What sets it apart from other requests to the route. */
  variant: string;
  /** The user in the path. */
  person: PersonName;
  /** The organization in the path. */
  organization: OrganizationName;
  query: string;
  body: unknown;
}

interface Variant {
  variant?: string;
  person?: PersonName;
  organization?: OrganizationName;
  query?: string;
  /** Right in form, so that the answer tells what the caller may do and not what the body lacks. */
  body?: (w: World, person: PersonName) => unknown;
}

export const nameOf = ({ method, url }: Route) => `${method} ${url}`;

/** Pages for browsers decide for themselves what to show (test/integration/pages.test.ts). */
const isPage = (url: string) => !url.startsWith('/api/') && !['/healthz', '/latency-check', '/readyz'].includes(url);
/** Sign-in through identity providers is open to anybody by nature (test/integration/oidc.test.ts). */
const isSignIn = (url: string) => /\/users\/(oidc|oauth2)\//.test(url);

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** The routes of the API, by name. */
export function routesOf(t: TestApp): Route[] {
  const routes = t.app.servedPaths.flatMap(({ url, methods }) =>
    [...methods].filter((method) => METHODS.has(method)).map((method) => ({ method: method as Method, url })),
  );
  return routes.filter(({ url }) => !isPage(url) && !isSignIn(url)).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

const account = (w: World, more: object = {}) => ({
  ...{ username: 'made', email: 'made@example.com', login_type: 'none', organization_ids: [w.organizations.home] },
  ...more,
});
const skill = (text: string) => `---\nname: ${OBJECTS.skill}\n---\n${text}\n`;

const FORMS: Record<string, Variant[]> = {
  'POST /api/v2/authcheck': [
    {
      body: (w) => ({
        checks: {
          mine: { object: { resource_type: 'api_key', owner_id: 'me' }, action: 'read' },
          alice: { object: { resource_type: 'user', resource_id: w.people.alice.id }, action: 'update_personal' },
          group: { object: { resource_type: 'group', resource_id: w.organizations.home }, action: 'read' },
          config: { object: { resource_type: 'deployment_config' }, action: 'update' },
        },
      }),
    },
  ],
  'GET /api/v2/audit': [{ query: '?limit=5' }],
  ...Object.fromEntries(
    ['user-activity', 'user-latency', 'templates'].map((name) => [
      `GET /api/v2/insights/${name}`,
      [{ query: '?start_time=2026-01-01T00:00:00Z&end_time=2026-01-02T00:00:00Z' }],
    ]),
  ),
  'PUT /api/v2/appearance': [{ body: () => ({ application_name: 'Ours' }) }],
  'PUT /api/v2/debug/health/settings': [{ body: () => ({ dismissed_healthchecks: ['DERP'] }) }],
  'PATCH /api/v2/organizations/:organization/settings/workspace-sharing': [
    { body: () => ({ shareable_workspace_owners: 'none' }) },
  ],
  'POST /api/v2/oauth2-provider/apps': [{ body: () => ({ name: 'fresh', callback_url: 'https://example.com/cb' }) }],
  'PUT /api/v2/oauth2-provider/apps/:app': [
    { body: () => ({ name: 'other', callback_url: 'https://example.com/cb' }) },
  ],
  ...Object.fromEntries(
    ['/settings/idpsync', '/organizations/:organization/settings/idpsync'].map((prefix) => [
      `GET /api/v2${prefix}/field-values`,
      [{ query: '?claimField=groups' }],
    ]),
  ),
  'PATCH /api/v2/settings/idpsync/organization': [
    { body: (w) => ({ field: 'o', mapping: { a: [w.organizations.home] } }) },
  ],
  'PATCH /api/v2/settings/idpsync/organization/config': [{ body: () => ({ field: 'o', assign_default: true }) }],
  'PATCH /api/v2/settings/idpsync/organization/mapping': [
    { body: (w) => ({ add: [{ given: 'a', gets: w.organizations.home }] }) },
  ],
  'PATCH /api/v2/organizations/:organization/settings/idpsync/groups': [
    { body: () => ({ field: 'g', regex_filter: '^a' }) },
  ],
  'PATCH /api/v2/organizations/:organization/settings/idpsync/groups/config': [{ body: () => ({ field: 'g' }) }],
  'PATCH /api/v2/organizations/:organization/settings/idpsync/groups/mapping': [
    { body: (w) => ({ add: [{ given: 'a', gets: w.organizations.home }] }) },
  ],
  'PATCH /api/v2/organizations/:organization/settings/idpsync/roles': [
    { body: () => ({ field: 'r', mapping: { a: ['organization-admin'] } }) },
  ],
  'PATCH /api/v2/organizations/:organization/settings/idpsync/roles/config': [{ body: () => ({ field: 'r' }) }],
  'PATCH /api/v2/organizations/:organization/settings/idpsync/roles/mapping': [
    { body: () => ({ add: [{ given: 'a', gets: 'organization-admin' }] }) },
  ],
  'POST /api/v2/settings/idpsync/test': [{ body: () => ({ claims: { groups: ['a'] } }) }],
  'POST /api/v2/licenses': [{ body: () => ({ license: 'none' }) }],
  'POST /api/v2/organizations': [{ body: () => ({ name: 'fresh' }) }],
  'DELETE /api/v2/organizations/:organization': [{}, { variant: 'an empty one', organization: 'empty' }],
  'PATCH /api/v2/organizations/:organization': [
    { body: () => ({ description: 'changed' }) },
    {
      variant: 'default roles',
      body: () => ({ default_org_member_roles: ['organization-workspace-access', 'organization-auditor'] }),
    },
    { variant: 'fewer default roles', body: () => ({ default_org_member_roles: [] }) },
  ],
  'POST /api/v2/organizations/:organization/members/:user': [
    { person: 'bob' },
    { variant: 'with a role of power', person: 'alice', organization: 'away' },
    { variant: 'an owner', person: 'boss', organization: 'empty' },
  ],
  'GET /api/v2/organizations/:organization/members/:user': [{}, { person: 'prebuilds' }],
  'DELETE /api/v2/organizations/:organization/members/:user': [{}, { person: 'prebuilds' }],
  'GET /api/v2/users/:user/roles': [{}, { person: 'prebuilds' }],
  'POST /api/v2/users/:user/keys': [{}, { person: 'prebuilds' }],
  'GET /api/v2/users/oidc-claims': [{ person: 'olive' }],
  'PUT /api/v2/organizations/:organization/members/:user/roles': [
    { body: () => ({ roles: ['organization-workspace-access'] }) },
    { variant: 'a role of power', body: () => ({ roles: ['organization-admin'] }) },
    { variant: 'fewer roles', person: 'olive', body: () => ({ roles: [] }) },
    { person: 'prebuilds', body: () => ({ roles: [] }) },
  ],
  'POST /api/v2/users': [
    { body: (w) => account(w) },
    { variant: 'with a role', body: (w) => account(w, { roles: ['auditor'] }) },
    { variant: 'of another organization', body: (w) => account(w, { organization_ids: [w.organizations.away] }) },
    { variant: 'with a taken name', body: (w) => account(w, { username: 'alice' }) },
    { variant: 'with a password', body: (w) => account(w, { login_type: 'password', password: 'Another-Secure-1' }) },
  ],
  'PUT /api/v2/users/:user/profile': [
    { body: (_, person) => ({ username: person, name: 'New Name' }) },
    { variant: 'another username', body: () => ({ username: 'renamed', name: 'Alice' }) },
  ],
  'PUT /api/v2/users/:user/password': [
    { body: () => ({ password: 'Another-Secure-1', old_password: PASSWORD }) },
    { variant: 'without the old one', body: () => ({ password: 'Another-Secure-1' }) },
  ],
  'PUT /api/v2/users/:user/roles': [
    { body: () => ({ roles: ['auditor'] }) },
    { variant: 'the role of all', body: () => ({ roles: ['member'] }) },
    { variant: 'fewer roles', body: () => ({ roles: [] }) },
  ],
  'PUT /api/v2/users/:user/email': [
    { body: () => ({ email: 'new@example.com', password: PASSWORD }) },
    { person: 'robot', body: () => ({ email: 'new@example.com' }) },
  ],
  'PUT /api/v2/users/:user/appearance': [{ body: () => ({ theme_preference: 'dark', terminal_font: 'fira-code' }) }],
  'PUT /api/v2/users/:user/preferences': [{ body: () => ({ thinking_display_mode: 'preview' }) }],
  'PUT /api/v2/users/:user/notifications/preferences': [
    { body: () => ({ template_disabled_map: { '1a6a6bea-ee0a-43e2-9e7c-eabdb53730e4': true } }) },
  ],
  'POST /api/v2/users/:user/keys/tokens': [
    { body: () => ({ token_name: 'new' }) },
    { person: 'prebuilds', body: () => ({ token_name: 'new' }) },
    { variant: 'a narrow one', body: () => ({ token_name: 'new', scopes: ['user:read'] }) },
  ],
  'GET /api/v2/users/:user/keys/tokens': [{}, { variant: "everybody's", query: '?include_all=true' }],
  'GET /api/v2/users/:user/autofill-parameters': [{ query: '?template_id=1a6a6bea-ee0a-43e2-9e7c-eabdb53730e4' }],
  'POST /api/v2/users/:user/secrets': [{ body: () => ({ name: 'new', value: 'hunter2' }) }],
  'PATCH /api/v2/users/:user/secrets/:name': [{ body: () => ({ value: 'hunter3' }) }],
  'POST /api/experimental/users/:user/skills': [{ body: () => ({ content: '---\nname: new\n---\nSay hello.\n' }) }],
  'PATCH /api/experimental/users/:user/skills/:name': [{ body: () => ({ content: skill('Say goodbye.') }) }],
  'POST /api/v2/users/:user/convert-login': [{ body: () => ({ to_type: 'github', password: PASSWORD }) }],
  'POST /api/v2/users/:user/webpush/subscription': [
    { body: () => ({ endpoint: 'https://push.example.com/1', auth_key: 'YQ', p256dh_key: 'YQ' }) },
  ],
  'DELETE /api/v2/users/:user/webpush/subscription': [{ body: () => ({ endpoint: 'https://push.example.com/1' }) }],
  'GET /api/v2/debug/:user/debug-link': [{ person: 'olive' }],
  'PUT /api/v2/notifications/templates/:notification_template/method': [{ body: () => ({ method: 'smtp' }) }],
  'POST /api/v2/notifications/custom': [{ body: () => ({ content: { title: 'Hello', message: 'there' } }) }],
  'PUT /api/v2/notifications/inbox/:id/read-status': [{ body: () => ({ is_read: true }) }],
  'PUT /api/v2/notifications/settings': [{ body: () => ({ notifier_paused: true }) }],
};

/** Every request of the walk. A route with a user in its path is tried on a member and on an owner. */
export function casesOf(w: World): Case[] {
  return routesOf(w.t).flatMap((route) =>
    (FORMS[nameOf(route)] ?? [{}]).flatMap(({ variant = '', person, organization = 'home', query = '', body }) => {
      const people: PersonName[] = person ? [person] : route.url.includes(':user') ? ['alice', 'boss'] : ['alice'];
      return people.map((name) => ({
        route,
        variant: [variant, route.url.includes(':user') ? `on ${name}` : ''].filter(Boolean).join(', '),
        person: name,
        organization,
        query,
        body: body ? body(w, name) : route.method === 'GET' ? undefined : {},
      }));
    }),
  );
}

/** The path of a case with its parameters filled in. */
export function pathOf({ route, person, organization, query }: Case, w: World): string {
  const values: Record<string, string> = {
    user: person,
    organization: w.organizations[organization],
    organizationname: 'coder',
    keyid: w.people[person].keyId,
    keyname: OBJECTS.token,
    externalauth: 'github',
    job: w.organizations[organization],
    app: w.app.id,
    secretID: w.app.secretId,
    notification_template: TEMPLATES.created.id,
    id: route.url.includes('/inbox/') ? w.messageId : '1',
    name: route.url.includes('/skills/') ? OBJECTS.skill : OBJECTS.secret,
  };
  const path = route.url.replace(/:(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${route.url}: nothing real to put in for ${name}`);
    return value;
  });
  return path + query;
}
