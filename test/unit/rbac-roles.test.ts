// Every built-in role against the recorded table of what it grants, and the rules about holding and handing out roles.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { can } from '../../src/rbac/authorize.ts';
import type { RbacObject } from '../../src/rbac/objects.ts';
import { RESOURCES } from '../../src/rbac/policy.ts';
import {
  assignableBy,
  canAssign,
  displayName,
  effectiveRoles,
  listedOrganizationRoles,
  listedSiteRoles,
  type RoleRef,
} from '../../src/rbac/roles.ts';
import type { Subject } from '../../src/rbac/subjects.ts';

type Table = Record<string, string[]>;
interface RecordedRole {
  name: string;
  display_name: string;
  scope: 'site' | 'organization';
  site: Table;
  user: Table;
  org: Table;
  member: Table;
  deny?: { org?: Table };
}
interface Variant {
  org_adds: string[];
  org_removes: string[];
  member_adds: string[];
  member_removes: string[];
}

function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), 'utf8'));
}

const recorded = golden<{
  roles: RecordedRole[];
  resources: Table;
  system_role_variants: Record<string, Record<string, Variant>>;
}>('rbac/rbac-roles.json');
const assign = golden<{ assign: Table; never_assignable: string[] }>('rbac/rbac-assign.json');

const ME = '00000000-0000-4000-8000-000000000001';
const OTHER = '00000000-0000-4000-8000-000000000002';
const ORG = '00000000-0000-4000-8000-0000000000aa';
const ELSEWHERE = '00000000-0000-4000-8000-0000000000bb';

function subject(roles: readonly RoleRef[], more: Partial<Subject> = {}): Subject {
  return { userId: ME, roles, scopes: ['coder:all'], allowList: ['*:*'], ...more };
}

function vote(allowed: Table, denied: Table | undefined, type: string, action: string): number {
  const hit = (table: Table | undefined) => (table?.[type] ?? []).some((known) => known === action || known === '*');
  if (hit(denied)) return -1;
  return hit(allowed) ? 1 : 0;
}

/** The documented rule, written down once more and as plainly as possible, for one role. */
function ruled(role: RecordedRole, action: string, object: RbacObject): boolean {
  const { type } = object;
  const own = object.owner === ME;
  const site = vote(role.site, undefined, type, action);
  const inOrg = role.scope === 'organization' && (object.anyOrg === true || object.org === ORG);
  const org = inOrg ? vote(role.org, role.deny?.org, type, action) : 0;
  const member = inOrg && own ? vote(role.member, undefined, type, action) : 0;
  const user = own && !object.org && !object.anyOrg ? vote(role.user, undefined, type, action) : 0;
  if (object.anyOrg && object.org) return false;
  return site === 1 || (site !== -1 && (user === 1 || org === 1 || (org !== -1 && member === 1)));
}

const forms: readonly Omit<RbacObject, 'type'>[] = [
  {},
  { owner: ME },
  { owner: OTHER },
  { org: ORG },
  { org: ELSEWHERE },
  { org: ORG, owner: ME },
  { org: ORG, owner: OTHER },
  { org: ELSEWHERE, owner: ME },
  { anyOrg: true },
  { anyOrg: true, owner: ME },
  { anyOrg: true, org: ORG },
  { id: OTHER, owner: '', org: '' },
];

describe('what a role grants', () => {
  test('the resources and actions are the recorded ones', () => {
    expect(RESOURCES).toEqual(recorded.resources);
    const { '*': wildcard, ...named } = golden<Table>('rbac/rbac-resources.json');
    expect(wildcard).toEqual([]);
    expect(RESOURCES).toEqual(named);
  });

  test.each(recorded.roles)('$name grants exactly what is recorded, on every form of the object', (role) => {
    const ref = role.scope === 'site' ? { name: role.name } : { name: role.name, organizationId: ORG };
    const holder = subject([ref]);
    const wrong: string[] = [];
    for (const [type, actions] of Object.entries({ ...recorded.resources, spaceship: ['read'], '*': ['read'] })) {
      for (const action of [...actions, 'fly', '*', '']) {
        for (const form of forms) {
          const object = { ...form, type };
          const expected = ruled(role, action, object);
          if (can(holder, action, object) !== expected)
            wrong.push(`${action} ${JSON.stringify(object)} != ${expected}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(displayName(role.name)).toBe(role.display_name);
  });

  test('an organization role outside an organization, a site role inside one and an unknown role grant nothing', () => {
    const holder = subject([
      { name: 'organization-admin' },
      { name: 'owner', organizationId: ORG },
      { name: 'toString' },
    ]);
    for (const form of forms) expect(can(holder, 'read', { ...form, type: 'user' })).toBe(false);
  });

  test('an action with a colon is not mistaken for an action on another type', () => {
    const owner = subject([{ name: 'owner' }]);
    expect(can(owner, 'x:read', { type: 'user' })).toBe(true);
    expect(can(owner, 'read', { type: 'user:x' })).toBe(false);
  });

  test('asking for the nil organization and any organization is asking for any', () => {
    const member = subject([{ name: 'organization-member', organizationId: ORG }]);
    const object = { type: 'organization', anyOrg: true, org: '00000000-0000-0000-0000-000000000000' };
    expect(can(member, 'read', object)).toBe(true);
  });

  test.each(
    Object.entries(recorded.system_role_variants).flatMap(([name, settings]) =>
      typeof settings === 'object'
        ? Object.entries(settings).map(([sharing, variant]) => ({ name, sharing, variant }))
        : [],
    ),
  )('$name changes as recorded where sharing is $sharing', ({ name, sharing, variant }) => {
    const base = recorded.roles.find((role) => role.name === name);
    if (!base) throw new Error(`no role ${name}`);
    const holder = subject([{ name, organizationId: ORG, sharing: sharing as 'none' | 'service_accounts' }]);
    for (const [type, actions] of Object.entries(recorded.resources)) {
      for (const action of actions) {
        const permission = `${type}.${action}`;
        let org = vote(base.org, undefined, type, action);
        let member = vote(base.member, undefined, type, action);
        if (variant.org_removes.includes(permission)) org = 0;
        if (variant.org_adds.includes(`!${permission}`)) org = -1;
        if (variant.member_adds.includes(`!${permission}`)) member = -1;
        expect(can(holder, action, { type, org: ORG }), permission).toBe(org === 1);
        const own = org === 1 || (org === 0 && member === 1);
        expect(can(holder, action, { type, org: ORG, owner: ME }), `own ${permission}`).toBe(own);
      }
    }
  });

  test('a group may be read by its members: the Everyone group by the members of the organization', () => {
    const everyone = { type: 'group', id: ORG, org: ORG, groupAcl: { [ORG]: ['read'] } };
    const membership = { name: 'organization-member', organizationId: ORG, sharing: 'none' as const };
    const member = subject([membership]);
    expect(can(member, 'read', everyone)).toBe(true);
    expect(can(member, 'update', everyone)).toBe(false);
    expect(can(subject([{ ...membership, organizationId: ELSEWHERE }]), 'read', everyone)).toBe(false);
  });
});

describe('settings of the deployment', () => {
  const owner = [{ name: 'owner' }, { name: 'member' }, { name: 'organization-workspace-access', organizationId: ORG }];
  const own = { type: 'workspace', owner: ME, org: ORG };

  test('owners lose ssh and applications of workspaces that are not theirs, and nothing else', () => {
    const limited = subject(owner, { options: { disableOwnerWorkspaceAccess: true } });
    for (const action of RESOURCES.workspace) {
      const lost = action === 'ssh' || action === 'application_connect';
      expect(can(limited, action, { type: 'workspace' }), action).toBe(!lost);
      expect(can(limited, action, own), action).toBe(true);
    }
  });

  test('sharing workspaces or chats can be denied to everybody, owners too', () => {
    for (const [options, type] of [
      [{ disableWorkspaceSharing: true }, 'workspace'],
      [{ disableChatSharing: true }, 'chat'],
    ] as const) {
      const limited = subject([...owner, { name: 'agents-access', organizationId: ORG }], { options });
      expect(can(subject(owner), 'share', { type })).toBe(true);
      expect(can(limited, 'share', { type })).toBe(false);
      expect(can(limited, 'share', { type, owner: ME, org: ORG })).toBe(false);
      expect(can(limited, 'read', { type })).toBe(true);
    }
  });
});

describe('the roles of a user', () => {
  test('everybody is a member, and each membership brings its own role and the defaults', () => {
    const roles = effectiveRoles({
      siteRoles: ['auditor', 'no-such-role', 'organization-admin', 'auditor'],
      memberships: [
        { organizationId: ORG, roles: ['agents-access', 'owner', 'gone'] },
        { organizationId: ELSEWHERE, roles: ['organization-workspace-access'], isServiceAccount: true },
      ],
      defaultOrgMemberRoles: ['organization-workspace-access'],
    });
    expect(roles).toEqual([
      { name: 'member' },
      { name: 'auditor' },
      { name: 'organization-member', organizationId: ORG },
      { name: 'organization-workspace-access', organizationId: ORG },
      { name: 'agents-access', organizationId: ORG },
      { name: 'organization-service-account', organizationId: ELSEWHERE },
      { name: 'organization-workspace-access', organizationId: ELSEWHERE },
    ]);
  });

  test('an organization with default roles or sharing of its own uses them', () => {
    const roles = effectiveRoles({
      siteRoles: ['member'],
      memberships: [{ organizationId: ORG, roles: [], defaultRoles: [], sharing: 'none' }],
      defaultOrgMemberRoles: ['organization-workspace-access'],
    });
    expect(roles).toEqual([{ name: 'member' }, { name: 'organization-member', organizationId: ORG, sharing: 'none' }]);
  });
});

describe('handing out roles', () => {
  const names = recorded.roles.map((role) => role.name);
  const isOrgRole = (name: string) =>
    recorded.roles.some((role) => role.name === name && role.scope === 'organization');

  test.each(names)('%s may hand out exactly the recorded roles', (caller) => {
    const listed = (assign.assign[caller] ?? []).filter((name) => !name.startsWith('custom-'));
    expect([...assignableBy(caller)].sort()).toEqual([...listed].sort());
    const held = [isOrgRole(caller) ? { name: caller, organizationId: ORG } : { name: caller }];
    for (const target of names) {
      const inOrg = isOrgRole(target) ? { name: target, organizationId: ORG } : { name: target };
      expect(canAssign(held, inOrg), target).toBe(listed.includes(target));
    }
  });

  test('a role of one organization counts for that organization only, a site role for all', () => {
    const target = { name: 'agents-access', organizationId: ELSEWHERE };
    expect(canAssign([{ name: 'organization-admin', organizationId: ORG }], target)).toBe(false);
    expect(canAssign([{ name: 'organization-admin', organizationId: ELSEWHERE }], target)).toBe(true);
    expect(canAssign([{ name: 'user-admin' }], target)).toBe(true);
  });

  test('a role of the wrong level or of no kind can be handed out by nobody', () => {
    const owner = [{ name: 'owner' }];
    expect(canAssign(owner, { name: 'agents-access' })).toBe(false);
    expect(canAssign(owner, { name: 'auditor', organizationId: ORG })).toBe(false);
    expect(canAssign(owner, { name: 'constructor' })).toBe(false);
    for (const name of assign.never_assignable) expect(canAssign(owner, { name, organizationId: ORG })).toBe(false);
  });
});

describe('the lists of roles', () => {
  interface WireRole {
    name: string;
    display_name: string;
    [permissions: string]: unknown;
  }
  interface Step {
    id: string;
    path: string;
    expect: { status: number; body: WireRole[] };
  }

  const sorted = (list: unknown) => (list as unknown[]).map((item) => JSON.stringify(item)).sort();

  function expectListed(ours: ReturnType<typeof listedSiteRoles>, theirs: readonly WireRole[]): void {
    expect(ours.map((role) => role.name).sort()).toEqual(theirs.map((role) => role.name).sort());
    for (const role of ours) {
      const wire = theirs.find((other) => other.name === role.name);
      expect(role.displayName).toBe(wire?.display_name);
      expect(sorted(role.sitePermissions), role.name).toEqual(sorted(wire?.site_permissions));
      expect(sorted(role.userPermissions), role.name).toEqual(sorted(wire?.user_permissions));
      expect(sorted(role.organizationPermissions), role.name).toEqual(sorted(wire?.organization_permissions));
      const member = wire?.organization_member_permissions;
      expect(sorted(role.organizationMemberPermissions), role.name).toEqual(sorted(member));
    }
  }

  const { steps } = golden<{ steps: Step[] }>('scenarios/rbac-role-lists.json');
  const lists = (part: string) =>
    steps.filter((step) => step.path.includes(part) && Array.isArray(step.expect.body) && step.expect.status === 200);

  test('site roles are listed with the recorded permissions', () => {
    const recordedLists = lists('/users/roles').filter((step) => step.expect.body[0]?.site_permissions);
    expect(recordedLists.length).toBeGreaterThan(0);
    for (const step of recordedLists) expectListed(listedSiteRoles({}), step.expect.body);
  });

  test('organization roles are listed with the recorded permissions', () => {
    const recordedLists = lists('/members/roles');
    expect(recordedLists.length).toBeGreaterThan(0);
    for (const step of recordedLists) expectListed(listedOrganizationRoles(ORG, {}), step.expect.body);
  });

  test('the list of a deployment without owner access to workspaces shows the smaller owner role', () => {
    const step = golden<{ steps: Step[] }>('scenarios/rbac-deployment-options.json').steps.find(
      (other) => other.path === '/api/v2/users/roles',
    );
    expect(step).toBeDefined();
    expectListed(listedSiteRoles({ disableOwnerWorkspaceAccess: true }), step?.expect.body ?? []);
  });
});
