// Walks every registered route: who is let in, that a permission decision is made, and what each kind of caller gets.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import type { TestClient } from '../support/client.ts';
import { aName, aUser } from '../support/factories.ts';

/** Routes that anybody may call. */
const PUBLIC = new Set([
  'GET /healthz',
  'GET /latency-check',
  'GET /readyz',
  'GET /api/v2',
  'GET /api/v2/buildinfo',
  'GET /api/v2/updatecheck',
  'GET /api/v2/entitlements',
  'GET /api/v2/auth/scopes',
  'GET /api/v2/users/authmethods',
  'GET /api/v2/users/first',
  'POST /api/v2/users/first',
  'POST /api/v2/users/login',
  'POST /api/v2/users/validate-password',
  'POST /api/v2/users/otp/request',
  'POST /api/v2/users/otp/change-password',
]);

/** Routes where being signed in is enough: they tell nothing about anybody else. */
const SESSION_IS_ENOUGH = new Set([
  'GET /api/v2/experiments',
  'GET /api/v2/experiments/available',
  'GET /api/v2/deployment/ssh',
  'GET /api/v2/notifications/settings',
  'GET /api/v2/workspaces',
  'GET /api/v2/templates',
  'GET /api/v2/tasks',
]);

/** Pages for browsers decide for themselves what to show (test/integration/pages.test.ts). */
const isPage = (url: string) => !url.startsWith('/api/') && !['/healthz', '/latency-check', '/readyz'].includes(url);
/** Sign-in through identity providers is open to anybody by nature (test/integration/oidc.test.ts). */
const isSignIn = (url: string) => /\/users\/(oidc|oauth2)\//.test(url);

interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
}

/** Bodies that are right in form, so that the answer tells what the caller may do and not what the body lacks. */
const BODIES: Record<string, (t: TestApp, user: string) => unknown> = {
  'POST /api/v2/authcheck': () => ({ checks: { read: { object: { resource_type: 'user' }, action: 'read' } } }),
  'POST /api/v2/organizations': () => ({ name: aName('org') }),
  'POST /api/v2/users': (t) => {
    const username = aName('made');
    const email = `${username}@example.com`;
    return { username, email, login_type: 'none', organization_ids: [t.organizationId] };
  },
  'PUT /api/v2/organizations/:organization/members/:user/roles': () => ({ roles: [] }),
  'PUT /api/v2/users/:user/profile': (_, user) => ({ username: user, name: 'New Name' }),
  'PUT /api/v2/users/:user/password': () => ({ password: 'Another-Secure-1' }),
  'PUT /api/v2/users/:user/roles': () => ({ roles: [] }),
  'PUT /api/v2/users/:user/email': () => ({ email: `${aName('new')}@example.com` }),
  'PUT /api/v2/users/:user/appearance': () => ({ theme_preference: 'dark', terminal_font: 'fira-code' }),
  'PUT /api/v2/users/:user/preferences': () => ({ thinking_display_mode: 'preview' }),
  'PUT /api/v2/users/:user/notifications/preferences': () => ({ template_disabled_map: {} }),
  'POST /api/v2/users/:user/secrets': () => ({ name: 'db', value: 'hunter2' }),
  'POST /api/experimental/users/:user/skills': () => ({ content: '---\nname: greet\n---\nSay hello.\n' }),
  'POST /api/v2/users/:user/convert-login': () => ({ to_type: 'github', password: PASSWORD }),
};

const bodyOf = (route: Route, t: TestApp, user: string) =>
  route.method === 'GET' ? undefined : (BODIES[nameOf(route)]?.(t, user) ?? {});

/** Operations on accounts that sign in with a password; others are tried on accounts without one, which are made faster. */
const NEEDS_PASSWORD = /\/(password|convert-login)$/;

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

function routesOf(t: TestApp): Route[] {
  const routes = t.app.servedPaths.flatMap(({ url, methods }) =>
    [...methods].filter((method) => METHODS.has(method)).map((method) => ({ method: method as Route['method'], url })),
  );
  return routes.filter(({ url }) => !isPage(url) && !isSignIn(url)).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

const nameOf = ({ method, url }: Route) => `${method} ${url}`;

/** The route's path with its parameters filled; `user` stands for the user acted on. */
function pathOf(url: string, t: TestApp, user: string): string {
  const values: Record<string, string> = { user, organization: t.organizationId, organizationname: 'coder' };
  return url.replace(/:(\w+)/g, (_, name: string) => values[name] ?? 'unknown');
}

describe('every route', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startApp();
  });

  it('answers 401 without a session unless it is on the list of public ones', async () => {
    const open: string[] = [];
    for (const route of routesOf(t)) {
      const answer = await t.anonymous.send(route.method, pathOf(route.url, t, 'owner'), bodyOf(route, t, 'owner'));
      if (answer.status !== 401) open.push(nameOf(route));
    }
    expect(open.filter((route) => !PUBLIC.has(route))).toEqual([]);
    expect([...PUBLIC].filter((route) => !open.includes(route) && route !== 'GET /api/v2/auth/scopes')).toEqual([]);
  });

  it('makes a permission decision unless being signed in is enough', async () => {
    const undecided: string[] = [];
    const member = await aUser(t);
    for (const route of routesOf(t)) {
      if (PUBLIC.has(nameOf(route))) continue;
      let decisions = 0;
      const count = () => {
        decisions += 1;
      };
      subscribe('coder-users:rbac:decision', count);
      const key = await t.owner.post(`/api/v2/users/${member.username}/keys`);
      decisions = 0;
      await t.as(key.body.key).send(route.method, pathOf(route.url, t, 'me'), bodyOf(route, t, 'me'));
      unsubscribe('coder-users:rbac:decision', count);
      if (decisions === 0) undecided.push(nameOf(route));
    }
    expect(undecided.filter((route) => !SESSION_IS_ENOUGH.has(route))).toEqual([]);
  });

  it('answers each kind of caller as the reviewed table says', { timeout: 300_000 }, async () => {
    const roles: Record<string, string[]> = {
      member: [],
      auditor: ['auditor'],
      'template-admin': ['template-admin'],
      'user-admin': ['user-admin'],
      owner: ['owner'],
    };
    const callers = new Map<string, () => Promise<TestClient>>([['anonymous', async () => t.anonymous]]);
    for (const [name, siteRoles] of Object.entries(roles)) {
      const user = await aUser(t, { username: `caller-${name}`, roles: siteRoles });
      callers.set(name, async () => t.as((await t.owner.post(`/api/v2/users/${user.username}/keys`)).body.key));
    }
    const orgAdmin = await aUser(t, { username: 'caller-org-admin' });
    await t.owner.put(`/api/v2/organizations/${t.organizationId}/members/${orgAdmin.username}/roles`, {
      roles: ['organization-admin'],
    });
    callers.set('organization-admin', async () =>
      t.as((await t.owner.post(`/api/v2/users/${orgAdmin.username}/keys`)).body.key),
    );
    const limited = await t.owner.post('/api/v2/users/me/keys/tokens', { scopes: ['user:read'] });
    callers.set("owner's token with user:read", async () => t.as(limited.body.key));

    const rows: string[] = [];
    for (const route of routesOf(t)) {
      const cells: string[] = [];
      for (const [caller, client] of callers) {
        // Each request meets a target of its own: what one caller changes must not show in the next cell.
        const target =
          route.url.includes(':user') && route.method !== 'GET'
            ? (await aUser(t, NEEDS_PASSWORD.test(route.url) ? {} : { login_type: 'none' })).username
            : 'caller-member';
        const answer = await (await client()).send(
          route.method,
          pathOf(route.url, t, target),
          bodyOf(route, t, target),
        );
        cells.push(`${caller}=${answer.status}`);
      }
      rows.push(`${nameOf(route)}\n    ${cells.join('  ')}`);
    }
    await expect(`${rows.join('\n')}\n`).toMatchFileSnapshot('./every-route.snapshot.txt');
  });
});
