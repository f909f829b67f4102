// Every recording below test/golden stands there once and is replayed; what a rule overrides is named with the rule.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusalFaults, shapeFaults } from '../support/golden-compare.ts';
import { areaOf, counts, overrides, readScenario, scenarioNames, ssoNames } from '../support/golden-steps.ts';

const root = join(import.meta.dirname, '../..');
const FOLDER = join(root, 'test/golden');

describe('recordings', () => {
  it('stand once, however they are laid out', () => {
    const files = globSync('**/*.json', { cwd: FOLDER }).sort();
    const first = new Map<string, string>();
    const twice: string[] = [];
    for (const file of files) {
      const content = JSON.stringify(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')));
      const earlier = first.get(content);
      if (earlier === undefined) first.set(content, file);
      else twice.push(`${file} is ${earlier}`);
    }
    expect(files.length).toBeGreaterThan(80);
    expect(twice).toEqual([]);
  });

  it('have the number of their compared steps in counts.json', () => {
    const sso = ssoNames().map((name) => `sso/${name}`);
    expect(Object.keys(counts).sort()).toEqual([...scenarioNames(), ...sso].sort());
    expect(Object.values(counts).filter((count) => !(count > 0))).toEqual([]);
  });

  it('are replayed by a file for each area', () => {
    const areas = [...new Set(scenarioNames().map(areaOf)), 'sso-oidc', 'sso-github'];
    expect(areas.filter((area) => !existsSync(join(root, `test/e2e/golden-${area}.test.ts`)))).toEqual([]);
  });

  it('are overridden only by rules that exist, and where they do not say so themselves', () => {
    const rules = new Set(
      [...readFileSync(join(root, 'docs/differences.md'), 'utf8').matchAll(/^(\d+)\. /gm)].map((m) => Number(m[1])),
    );
    for (const [name, steps] of Object.entries(overrides)) {
      const text = readFileSync(join(FOLDER, `${name.startsWith('sso/') ? name : `scenarios/${name}`}.json`), 'utf8');
      for (const [step, { rule }] of Object.entries(steps)) {
        expect(rules).toContain(rule);
        expect(text).toContain(`"${step.slice(step.indexOf('/') + 1)}"`);
      }
      if (!name.startsWith('sso/'))
        expect(readScenario(name).steps.filter(({ overridden }) => overridden)).toHaveLength(Object.keys(steps).length);
    }
  });
});

describe('an answer that is better than the recorded one', () => {
  it('refuses in the documented form, in words for people', () => {
    expect(refusalFaults({ message: 'No.' })).toEqual([]);
    expect(refusalFaults({ message: 'No.', detail: 'x', validations: [{ field: 'a', detail: 'b' }] })).toEqual([]);
    const wrong = [
      undefined,
      'No.',
      {},
      { message: '' },
      { message: 'No.', detail: 1 },
      { message: 'No.', validations: [] },
      { message: 'No.', validations: [{ field: 'a' }] },
      { message: 'No.', code: '23505' },
      { message: 'No.', detail: 'pq: duplicate key value violates unique constraint' },
      { message: 'Failed query: insert into "users"' },
    ];
    expect(wrong.filter((body) => refusalFaults(body).length === 0)).toEqual([]);
  });

  it('has the form of what was recorded', () => {
    const recorded = [
      { id: 'a', roles: [{ name: 'owner', display_name: 'Owner' }, { name: 'x' }], scopes: ['a'], none: [] },
    ];
    expect(shapeFaults(recorded, { id: 'b', roles: [{ name: 'y' }], scopes: [], none: [1] })).toEqual([]);
    expect(shapeFaults(recorded, { id: 1, roles: [{}], scopes: [{}] })).toEqual([
      'body.none: absent',
      'body.id: is number',
      'body.roles.0.name: absent',
      'body.scopes.0: is an object',
    ]);
    expect(shapeFaults(recorded, [])).toEqual(['body: is a list']);
    expect(shapeFaults(recorded, { ...recorded[0], more: 1 })).toEqual(['body.more: was never recorded']);
  });
});
