// Takes away every permission check of the source, one at a time: the walk over all routes must notice each.
// The source is loaded with a switch at each check (test/support/mutants.ts); with all switches off it is as it was.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allSwitches } from '../support/mutants.ts';
import { type Case, casesOf } from '../support/route-cases.ts';
import { visit } from '../support/walk.ts';
import { makeWorld, type World } from '../support/world.ts';

const root = join(import.meta.dirname, '../..');
const { sites } = allSwitches(root);
/** Wide enough to be a whole walk in one test. */
const timeout = 300_000;

/** Gates and refusals that are not about who asks, each with what tests it. */
const NOT_ABOUT_WHO: [site: RegExp, reason: string][] = [
  [/gate notFromElsewhere/, 'forgery: test/hardening/rule-22-forgery.test.ts'],
  [/gate passwordsOn/, 'a setting of the deployment: test/golden/scenarios/session-password-disabled.json'],
  [/gate notTokens/, 'which of two routes a path belongs to: test/integration/keys.test.ts'],
  [/actorCtxOf: if !actor/, 'a fault of ours, not of a caller: no route outside a session scope asks for its actor'],
];

/** Checks that can be taken away without the walk showing it, each with the reason why, and what shows it. */
const AGAIN =
  'asked before, and again under the lock for what changed meanwhile: test/hardening/rule-26-conditions.test.ts';
const GATED =
  'asked by a gate before the body is read, and again where it counts: either alone refuses everybody whom the walk sends';
const WITHOUT_MAIL = 'the world sends mail; where none is sent: test/hardening/rule-31-proven.test.ts';
const EQUIVALENT: Record<string, string> = {
  'src/rbac/visible.ts visible: isUnlimited(subject)':
    'whoever asks for the keys of others with a limited key is refused before a list is read; the filter agrees with `can`: test/unit/rbac-authorize.test.ts',
  'src/rbac/objects.ts newKeyObject: ofOwner: isOwner(user)':
    'no role but that of owners has a permission on the keys of others',
  'src/rbac/objects.ts newMemberObject: ofOwner: isOwner(user)':
    'owners belong to the organizations of the world already: test/hardening/rule-02-owners.test.ts',
  'src/services/appearance.ts updateAppearance: requireMayChangeAppearance()': GATED,
  'src/services/email.ts askForProof: authorize()': AGAIN,
  'src/services/email.ts store: authorize()': AGAIN,
  "src/services/email.ts updateEmail: can(ctx.actor.subject, 'update', credentialsObject(target))": WITHOUT_MAIL,
  "src/services/email.ts updateEmail: if own && !mustProve && !can(ctx.actor.subject, 'update', credentialsObject(target))":
    WITHOUT_MAIL,
  'src/services/health.ts updateHealthSettings: requireMayChangeHealth()': GATED,
  'src/services/idp-sync.ts change: requireMayChangeSync()': GATED,
  'src/services/keys.ts changeKey: requirePermission()': AGAIN,
  'src/services/list-audit.ts exportAuditLogs: isUnlimited(ctx.actor.subject)':
    'what is in the file, not whether there is one: test/hardening/rule-23-power.test.ts',
  "src/services/list-audit.ts organizationFilter: can(ctx.actor.subject, 'read', organizationObject(organization.id))":
    'the walk asks for no organization by name: test/integration/audit.test.ts',
  'src/services/notification-templates.ts chooseMethod: requireChangeable()': GATED,
  'src/services/oauth2-apps.ts createApp: requireApps()': GATED,
  'src/services/oauth2-apps.ts updateApp: requireApps()': GATED,
  'src/services/owners.ts requireAnotherOwner: if isOwner(user) && !(await hasAnotherOwner(ctx, user.id))':
    'the world has several owners; the last one: test/hardening/rule-36-last-owner.test.ts, test/integration/races.test.ts',
  'src/services/passwords.ts changePassword: requireMaySetPassword()': AGAIN,
  'src/services/sso/trial.ts trySync: requireMayReadSync()': GATED,
};
const reasonFor = (id: string) => EQUIVALENT[id] ?? NOT_ABOUT_WHO.find(([site]) => site.test(id))?.[1];

/** What the switches in the source call. */
const mutants = {
  gone: '',
  met: new Set<string>(),
  isGone(id: string): boolean {
    this.met.add(id);
    return this.gone === id;
  },
  decision<T>(id: string, permissive: T, decided: T): T {
    return this.isGone(id) ? permissive : decided;
  },
  rows<T extends object>(id: string, rows: T): T {
    return this.isGone(id) ? { ...rows, owner: 'all', ids: 'all', organizations: 'all' } : rows;
  },
  without(id: string): boolean {
    return this.isGone(id);
  },
  gate(id: string, hook: (...args: never[]) => unknown): (...args: never[]) => unknown {
    const skipped = (...args: unknown[]) => (this.isGone(id) ? undefined : hook(...(args as never[])));
    if (hook.length < 3) return async (request: never, reply: never) => skipped(request, reply);
    return (request: never, reply: never, done: never) =>
      this.isGone(id) ? (done as () => void)() : hook(request, reply, done);
  },
};
Object.assign(globalThis, { __mutants: mutants });

let w: World;
/** Which checks each request of the walk meets, and its row when none is gone. */
const baseline = new Map<Case, { met: ReadonlySet<string>; row: string }>();

beforeAll(async () => {
  w = await makeWorld();
  for (const one of casesOf(w)) {
    mutants.met = new Set();
    const { row } = await visit(w, one);
    baseline.set(one, { met: mutants.met, row });
  }
}, timeout);
afterAll(() => {
  mutants.gone = '';
});

/** Whether the walk fails for a request: its row differs, a permission counts for nothing, or a refusal changed something. */
async function isNoticed(one: Case, row: string): Promise<boolean> {
  try {
    const found = await visit(w, one);
    return found.row !== row || found.idle.length > 0;
  } catch {
    return true;
  }
}

describe('the walk over all routes', () => {
  it('is the one that every-route.test makes', () => {
    const rows = [...baseline.values()].map(({ row }) => row);
    expect(rows.join('')).toBe(readFileSync(join(root, 'test/integration/every-route.snapshot.txt'), 'utf8'));
  });

  it('finds checks', () => {
    expect(sites.length).toBeGreaterThan(80);
    expect(Object.keys(EQUIVALENT).filter((id) => !sites.some((site) => site.id === id))).toEqual([]);
  });

  it.each(sites.map(({ id }) => id))('notices the lack of %s', { timeout }, async (id) => {
    mutants.gone = id;
    let noticed = false;
    for (const [one, { met, row }] of baseline) {
      if (!met.has(id)) continue;
      noticed = await isNoticed(one, row);
      if (noticed) break;
    }
    mutants.gone = '';
    if (noticed) await w.restore();
    expect(noticed, reasonFor(id)).toBe(reasonFor(id) === undefined);
  });
});
