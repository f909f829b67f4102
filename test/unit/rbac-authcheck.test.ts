// The recorded answers of POST /authcheck, asked of the engine directly by playing the scenarios' users.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { can } from '../../src/rbac/authorize.ts';
import type { RbacObject } from '../../src/rbac/objects.ts';
import { effectiveRoles, type RoleOptions } from '../../src/rbac/roles.ts';
import type { Subject } from '../../src/rbac/subjects.ts';

interface Check {
  object: {
    resource_type: string;
    resource_id?: string;
    owner_id?: string;
    organization_id?: string;
    any_org?: boolean;
  };
  action?: string;
}
interface Body {
  username?: string;
  email?: string;
  roles?: string[];
  scopes?: string[];
  checks?: Record<string, Check>;
}
interface Step {
  id: string;
  as?: string;
  method: string;
  path: string;
  body?: Body;
  save?: Record<string, string>;
  expect: { status: number; body: Record<string, unknown> };
}

const ORG = '00000000-0000-4000-8000-0000000000aa';

/** Plays a scenario and returns every question with the recorded and our answer. */
function play(name: string, options: RoleOptions): { question: string; recorded: unknown; ours: boolean }[] {
  const file = new URL(`../golden/scenarios/${name}.json`, import.meta.url);
  const { steps } = JSON.parse(readFileSync(file, 'utf8')) as { steps: Step[] };
  const users = new Map<string, { id: string; siteRoles: string[]; orgRoles: string[] }>();
  const tokens = new Map<string, { username: string; scopes: string[] }>();
  const ids = new Map([['ORG', ORG]]);
  const answers: { question: string; recorded: unknown; ours: boolean }[] = [];
  const filled = (text: string | undefined) => text?.replace(/\{\{(\w+)\}\}/g, (_, name) => ids.get(name) ?? '');
  const userOf = (username: string) => {
    const user = users.get(username);
    if (!user) throw new Error(`no user ${username}`);
    return user;
  };

  for (const step of steps) {
    const body = step.body ?? {};
    const saved = Object.keys(step.save ?? {});
    if (step.method === 'POST' && (step.path === '/api/v2/users' || step.path === '/api/v2/users/first')) {
      const username = body.username ?? '';
      const id = `00000000-0000-4000-8000-${String(users.size + 1).padStart(12, '0')}`;
      const siteRoles = step.path.endsWith('/first') ? ['owner'] : (body.roles ?? []);
      users.set(username, { id, siteRoles, orgRoles: [] });
      for (const [variable, field] of Object.entries(step.save ?? {})) {
        if (field === 'id' || field === 'user_id') ids.set(variable, id);
      }
    } else if (step.path === '/api/v2/users/login') {
      for (const variable of saved) {
        tokens.set(variable, { username: (body.email ?? '').replace(/@.*/, ''), scopes: ['coder:all'] });
      }
    } else if (step.path === '/api/v2/users/me/keys/tokens') {
      const { username } = tokens.get(step.as ?? '') ?? { username: '' };
      for (const variable of saved) tokens.set(variable, { username, scopes: body.scopes ?? ['coder:all'] });
    } else if (step.method === 'PUT' && step.expect.status === 200 && step.path.includes('/organizations/')) {
      const username = /members\/([^/]+)\/roles/.exec(step.path)?.[1] ?? '';
      userOf(username).orgRoles = body.roles ?? [];
    } else if (step.method === 'POST' && step.path === '/api/v2/authcheck' && step.expect.status === 200) {
      const token = tokens.get(step.as ?? '');
      if (!token) throw new Error(`${step.id}: nobody`);
      const user = userOf(token.username);
      const subject: Subject = {
        userId: user.id,
        roles: effectiveRoles({
          siteRoles: user.siteRoles,
          memberships: [{ organizationId: ORG, roles: user.orgRoles }],
          defaultOrgMemberRoles: ['organization-workspace-access'],
        }),
        scopes: token.scopes,
        allowList: ['*:*'],
        options,
      };
      for (const [key, check] of Object.entries(body.checks ?? {})) {
        const { resource_type: type, resource_id: id, owner_id, organization_id, any_org } = check.object;
        if (id) continue; // the row behind it is the store's to know
        const object: RbacObject = {
          type,
          owner: owner_id === 'me' ? user.id : (filled(owner_id) ?? ''),
          org: filled(organization_id) ?? '',
          anyOrg: any_org ?? false,
        };
        const ours = can(subject, check.action ?? '', object);
        answers.push({ question: `${step.id}/${key}`, recorded: step.expect.body[key], ours });
      }
    }
  }
  return answers;
}

describe('the engine answers as recorded', () => {
  test.each([
    { name: 'rbac-authcheck', atLeast: 30, options: {} },
    { name: 'rbac-authcheck-levels', atLeast: 1000, options: {} },
    { name: 'rbac-authcheck-rest', atLeast: 1000, options: {} },
    { name: 'rbac-combined-roles', atLeast: 12, options: {} },
    { name: 'rbac-deployment-options', atLeast: 9, options: { disableOwnerWorkspaceAccess: true } },
  ])('$name', ({ name, atLeast, options }) => {
    const answers = play(name, options);
    expect(answers.filter((answer) => answer.ours !== answer.recorded)).toEqual([]);
    expect(answers.length).toBeGreaterThanOrEqual(atLeast);
  });
});
