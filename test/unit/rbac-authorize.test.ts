// The decision as a whole: filters agree with single questions, decisions can be observed, and asking is cheap.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, test } from 'vitest';
import { can, canByRoles, type Decision, decisions } from '../../src/rbac/authorize.ts';
import { BoundedMap } from '../../src/rbac/bounded-map.ts';
import * as objects from '../../src/rbac/objects.ts';
import { ORGANIZATION_ROLES } from '../../src/rbac/organization-roles.ts';
import { effectiveRoles } from '../../src/rbac/roles.ts';
import { SITE_ROLES } from '../../src/rbac/site-roles.ts';
import type { Subject } from '../../src/rbac/subjects.ts';
import { type OrganizationRows, type OwnedRows, visible } from '../../src/rbac/visible.ts';
import { pick, pickSome, seededRandom } from '../support/random.ts';

const id = (n: number) => `aaaaaaaa-bbbb-4ccc-8ddd-${String(n).padStart(12, '0')}`;
const USERS = [id(1), id(2), id(3)];
const ORGS = [id(11), id(12), id(13)];
const ME = id(1);

function session(siteRoles: string[], memberships: { organizationId: string; roles: string[] }[] = []): Subject {
  const roles = effectiveRoles({ siteRoles, memberships, defaultOrgMemberRoles: [] });
  return { userId: ME, roles, scopes: ['coder:all'], allowList: ['*:*'] };
}

const idFits = (ids: 'all' | readonly string[], own: string) => ids === 'all' || ids.includes(own);

/** What a WHERE clause made of the filter keeps. */
function keepsOwned(filter: OwnedRows, row: { id: string; owner: string }): boolean {
  const owner = filter.owner === 'all' || (filter.owner === 'self' && row.owner === filter.userId);
  return owner && idFits(filter.ids, row.id);
}

function keepsInOrganization(filter: OrganizationRows, row: { id: string; org: string; owner?: string }): boolean {
  const all = filter.organizations === 'all' || filter.organizations.includes(row.org);
  const own = filter.ownIn.includes(row.org) && row.owner === filter.userId;
  return (all || own) && idFits(filter.ids, row.id);
}

describe('the filter of a list', () => {
  test('keeps exactly the rows that a single question allows, for thousands of random subjects', () => {
    const random = seededRandom(7);
    const siteNames = Object.keys(SITE_ROLES);
    const orgNames = Object.keys(ORGANIZATION_ROLES);
    const scopes = [
      'coder:all',
      'user:read',
      'user:*',
      'api_key:read',
      'organization:read',
      'coder:workspaces.access',
      'file:*',
    ];
    const entries = ['user', 'api_key', 'organization', 'organization_member', '*'].flatMap((type) =>
      [...USERS, ...ORGS, '*', `{${ME}}`].map((text) => `${type}:${text}`),
    );
    const actions = ['read', 'update', 'delete', 'read_personal', 'fly'];
    const seen = { kept: 0, dropped: 0 };
    for (let round = 0; round < 3000; round++) {
      const memberships = ORGS.filter(() => random() < 0.5).map((organizationId) => ({
        organizationId,
        roles: random() < 0.5 ? [] : pickSome(random, orgNames, 2),
        isServiceAccount: random() < 0.2,
        sharing: pick(random, ['everyone', 'none', 'service_accounts'] as const),
      }));
      const siteRoles = random() < 0.5 ? [] : pickSome(random, siteNames, 2);
      const subject: Subject = {
        userId: ME,
        roles: effectiveRoles({ siteRoles, memberships, defaultOrgMemberRoles: ['organization-workspace-access'] }),
        scopes: random() < 0.5 ? ['coder:all'] : pickSome(random, scopes, 2),
        allowList: random() < 0.5 ? ['*:*'] : pickSome(random, entries, 4),
      };
      const action = pick(random, actions);
      const note = () => JSON.stringify({ subject, action });
      const check = (kept: boolean, allowed: boolean) => {
        expect(kept, kept === allowed ? '' : note()).toBe(allowed);
        seen[kept ? 'kept' : 'dropped'] += 1;
      };

      const users = visible(subject, action, 'user');
      const keys = visible(subject, action, 'api_key');
      for (const user of USERS) {
        check(keepsOwned(users, { id: user, owner: user }), can(subject, action, objects.bareUserObject({ id: user })));
        const key = { id: 'AbCdEfGhIj', userId: user };
        check(keepsOwned(keys, { id: key.id, owner: user }), can(subject, action, objects.keyObject(key)));
      }
      const organizations = visible(subject, action, 'organization');
      const members = visible(subject, action, 'organization_member');
      for (const org of ORGS) {
        check(
          keepsInOrganization(organizations, { id: org, org }),
          can(subject, action, objects.organizationObject(org)),
        );
        for (const user of USERS) {
          const row = { id: user, org, owner: user };
          check(keepsInOrganization(members, row), can(subject, action, objects.memberObject(user, org)));
        }
      }
    }
    expect(Math.min(seen.kept, seen.dropped)).toBeGreaterThan(5000);
  });

  test('a member sees itself among users, all members of its organizations, and its own keys', () => {
    const member = session([], [{ organizationId: id(11), roles: [] }]);
    expect(visible(member, 'read', 'user')).toEqual({ kind: 'owned', owner: 'self', userId: ME, ids: 'all' });
    expect(visible(member, 'read', 'api_key')).toMatchObject({ owner: 'self', ids: 'all' });
    expect(visible(member, 'read', 'organization')).toMatchObject({ organizations: [id(11)], ownIn: [] });
    expect(visible(member, 'read', 'organization_member')).toMatchObject({ organizations: [id(11)], ownIn: [] });
  });

  test('a key without the scope sees nothing, whatever the role', () => {
    const narrow = { ...session(['owner']), scopes: ['file:read'] };
    expect(visible(narrow, 'read', 'user')).toEqual({ kind: 'owned', owner: 'none', userId: ME, ids: [] });
    expect(visible(narrow, 'read', 'organization')).toMatchObject({ organizations: [], ownIn: [], ids: [] });
  });
});

describe('the objects of operations', () => {
  test('a user may use what is its own, and nobody can make a membership by owning it', () => {
    const member = session([], [{ organizationId: id(11), roles: [] }]);
    expect(can(member, 'update_personal', objects.bareUserObject({ id: ME }))).toBe(true);
    expect(can(member, 'update_personal', objects.bareUserObject({ id: id(2) }))).toBe(false);
    expect(can(member, 'create', objects.newUserObject())).toBe(false);
    expect(can(member, 'create', objects.newKeyObject({ id: ME, roles: [] }))).toBe(true);
    expect(can(member, 'delete', objects.keyObject({ id: 'AbCdEfGhIj', userId: id(2) }))).toBe(false);
    expect(can(member, 'create', objects.newMemberObject({ id: ME, roles: [] }, id(11)))).toBe(false);
    expect(can(member, 'read', objects.membersObject(id(11)))).toBe(true);
    expect(can(member, 'read', objects.groupObject({ id: id(11), organizationId: id(11) }))).toBe(true);
    expect(objects.newMemberObject({ id: ME, roles: [] }, id(11))).not.toHaveProperty('owner');
  });

  test.each([
    'user_secret',
    'user_skill',
    'notification_preference',
    'webpush_subscription',
    'notification_message',
  ] as const)('%s belongs to its user; an owner of the site reads it only where recorded', (type) => {
    expect(can(session([]), 'read', objects.userOwned(type, ME))).toBe(true);
    expect(can(session([]), 'read', objects.userOwned(type, id(2)))).toBe(false);
    expect(can(session(['owner']), 'read', objects.userOwned(type, id(2)))).toBe(type !== 'user_secret');
  });

  test('the site is for its administrators', () => {
    expect(can(session([]), 'read', objects.assignRoleObject())).toBe(true);
    expect(can(session([]), 'assign', objects.assignRoleObject())).toBe(false);
    expect(can(session(['user-admin']), 'assign', objects.assignRoleObject())).toBe(true);
    expect(can(session(['user-admin']), 'assign', objects.assignOrgRoleObject(id(11)))).toBe(true);
    expect(can(session(['auditor']), 'read', objects.auditObject())).toBe(true);
    expect(can(session([]), 'read', objects.auditObject())).toBe(false);
    expect(can(session(['auditor']), 'read', objects.deploymentConfigObject())).toBe(true);
    expect(can(session(['user-admin']), 'read', objects.deploymentConfigObject())).toBe(false);
  });
});

describe('observing decisions', () => {
  test('each question and filter is published once, with its answer', () => {
    const seen: Decision[] = [];
    const listen = (message: unknown) => seen.push(message as Decision);
    subscribe(decisions.name, listen);
    const subject = session([]);
    const object = objects.bareUserObject({ id: id(2) });
    can(subject, 'read', object);
    canByRoles(subject, 'read', objects.assignRoleObject());
    visible(subject, 'read', 'organization');
    visible(subject, 'read', 'user');
    unsubscribe(decisions.name, listen);
    can(subject, 'read', object);
    expect(seen).toEqual([
      { kind: 'can', subject, action: 'read', object, allowed: false },
      { kind: 'roles', subject, action: 'read', object: { type: 'assign_role' }, allowed: true },
      { kind: 'filter', subject, action: 'read', object: { type: 'organization' }, allowed: false },
      { kind: 'filter', subject, action: 'read', object: { type: 'user' }, allowed: true },
    ]);
  });
});

describe('remembering', () => {
  test('a bounded map forgets the oldest entry first and makes a value only once', () => {
    const map = new BoundedMap<string, number>(2);
    let made = 0;
    const make = () => ++made;
    expect([map.getOrMake('a', make), map.getOrMake('a', make), map.getOrMake('b', make)]).toEqual([1, 1, 2]);
    expect([map.getOrMake('c', make), map.getOrMake('b', make), map.getOrMake('a', make)]).toEqual([3, 2, 4]);
    expect(map.size).toBe(2);
  });

  test('what was decided for one subject is not remembered for another with other roles, options or keys', () => {
    const object = { type: 'workspace' };
    const owner = session(['owner']);
    expect(can(owner, 'ssh', object)).toBe(true);
    expect(can({ ...owner, options: { disableOwnerWorkspaceAccess: true } }, 'ssh', object)).toBe(false);
    expect(can({ ...owner, scopes: ['workspace:read'] }, 'ssh', object)).toBe(false);
    expect(can({ ...owner, allowList: ['user:*'] }, 'ssh', object)).toBe(false);
    expect(can(session([]), 'ssh', object)).toBe(false);
  });
});
