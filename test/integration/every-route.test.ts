// Walks every registered route in a world of real objects: who is let in, that each permission a route asks for counts,
// and what each kind of caller gets.
import { beforeAll, describe, expect, it } from 'vitest';
import { type Case, casesOf, nameOf, pathOf, routesOf } from '../support/route-cases.ts';
import { type Findings, visit } from '../support/walk.ts';
import { makeWorld, type World } from '../support/world.ts';

/** Routes that anybody may call. */
const PUBLIC = [
  'GET /healthz',
  'GET /latency-check',
  'GET /readyz',
  'GET /api/v2',
  'GET /api/v2/buildinfo',
  'GET /api/v2/updatecheck',
  'GET /api/v2/entitlements',
  'GET /api/v2/auth/scopes',
  'POST /api/v2/csp/reports',
  'GET /api/v2/users/authmethods',
  'GET /api/v2/users/first',
  'GET /api/v2/users/:user/quiet-hours',
  'PUT /api/v2/users/:user/quiet-hours',
  'POST /api/v2/users/first',
  'POST /api/v2/users/login',
  'POST /api/v2/users/validate-password',
  'POST /api/v2/users/otp/request',
  'POST /api/v2/users/otp/change-password',
];

/** Routes that tell callers without a session so in other words than 401. */
const OWN_WORDS = ['GET /api/v2/workspaceproxies'];

/** Routes without a decision of their own: they tell nothing about anybody. */
const SESSION_IS_ENOUGH = [
  'GET /api/v2/experiments',
  'GET /api/v2/experiments/available',
  'GET /api/v2/deployment/ssh',
  'GET /api/v2/notifications/settings',
  'GET /api/v2/notifications/dispatch-methods',
  'GET /api/v2/notifications/templates/system',
  'GET /api/v2/notifications/templates/custom',
  'GET /api/v2/workspaces',
  'GET /api/v2/templates',
  'GET /api/v2/tasks',
  'GET /api/v2/licenses',
  'GET /api/v2/external-auth',
  'GET /api/v2/appearance',
  'GET /api/v2/external-auth/:externalauth',
  'DELETE /api/v2/external-auth/:externalauth',
  'GET /api/v2/external-auth/:externalauth/device',
  'POST /api/v2/external-auth/:externalauth/device',
];

/** Routes where whether the user or organization in the path may be read is all there is to decide. */
const TARGET_IS_ENOUGH = [
  'GET /api/v2/organizations/:organization',
  'GET /api/v2/organizations/:organization/templates',
  'GET /api/v2/organizations/:organization/settings/workspace-sharing',
  'GET /api/v2/organizations/:organization/provisionerjobs/:job',
  'GET /api/v2/organizations/:organization/members/:user/workspace-quota',
  'GET /api/v2/workspace-quota/:user',
  'GET /api/v2/users/:user',
  'GET /api/v2/users/:user/keys/tokens/tokenconfig',
  // Answers the user in the path alone.
  'GET /api/v2/users/:user/login-type',
];

let w: World;
const findings: (Findings & { one: Case })[] = [];
beforeAll(async () => {
  w = await makeWorld();
  for (const one of casesOf(w)) findings.push({ one, ...(await visit(w, one)) });
}, 600_000);

describe('every route', () => {
  it('answers 401 without a session unless it is on the list of public ones', async () => {
    const open = new Set<string>();
    for (const one of casesOf(w)) {
      const answer = await w.t.anonymous.send(one.route.method, pathOf(one, w), one.body);
      if (answer.status !== 401) open.add(nameOf(one.route));
    }
    expect([...open].sort()).toEqual([...PUBLIC, ...OWN_WORDS].sort());
  });

  it('refuses a key that lacks any one of the permissions that it asks for', () => {
    expect(findings.flatMap(({ idle }) => idle)).toEqual([]);
  });

  it('decides something of its own unless it is on a list with a reason', () => {
    const decided = new Set(findings.filter(({ decides }) => decides).map(({ one }) => nameOf(one.route)));
    const undecided = routesOf(w.t)
      .map(nameOf)
      .filter((name) => !decided.has(name));
    expect(undecided.sort()).toEqual([...PUBLIC, ...SESSION_IS_ENOUGH, ...TARGET_IS_ENOUGH].sort());
  });

  it('answers each kind of caller as the reviewed table says', async () => {
    const rows = findings.map(({ row }) => row);
    await expect(rows.join('')).toMatchFileSnapshot('./every-route.snapshot.txt');
  });
});
