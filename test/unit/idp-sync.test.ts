// What settings of sync make of changes and of claims: pure rules as tables.
import { describe, expect, it } from 'vitest';
import { GroupSyncSettings, type Mapping } from '../../src/codersdk/idp-sync.ts';
import { parseRegexp } from '../../src/golang/regexp.ts';
import { changedMapping } from '../../src/services/idp-sync.ts';
import { groupsFromClaims } from '../../src/services/sso/group-sync.ts';
import { organizationRolesFromClaims } from '../../src/services/sso/sync.ts';

const HOME = '00000000-0000-4000-8000-000000000001';
const A = '00000000-0000-4000-8000-00000000000a';
const QUIET = { warn: () => undefined };

describe('a change of a mapping', () => {
  const pair = (given: string, gets: string) => ({ given, gets });
  it.each<[string, Mapping | null, { add?: [string, string][]; remove?: [string, string][] }, Mapping]>([
    ['adds', null, { add: [['k', 'x']] }, { k: ['x'] }],
    ['adds nothing twice', { k: ['x'] }, { add: [['k', 'x']] }, { k: ['x'] }],
    ['keeps what stands twice', { k: ['x', 'x'] }, {}, { k: ['x', 'x'] }],
    ['takes all of one out', { k: ['x', 'y', 'x'] }, { remove: [['k', 'x']] }, { k: ['y'] }],
    ['leaves an empty list of the last one', { k: ['x'] }, { remove: [['k', 'x']] }, { k: [] }],
    ['which reads null the next time', { k: [] }, {}, { k: null }],
    ['leaves null of what is taken out of nowhere', {}, { remove: [['k', 'x']] }, { k: null }],
    ['takes out after it has added', {}, { add: [['k', 'x']], remove: [['k', 'x']] }, { k: [] }],
    ['tells letter case apart', { A: ['x'] }, { add: [['a', 'y']] }, { A: ['x'], a: ['y'] }],
  ])('%s', (_title, before, { add = [], remove = [] }, after) => {
    const input = { add: add.map((one) => pair(...one)), remove: remove.map((one) => pair(...one)) };
    expect(changedMapping(before, input)).toEqual(after);
  });

  it('knows values by the names of what objects have anyway', () => {
    const changed = changedMapping({}, { add: [pair('__proto__', 'x'), pair('constructor', 'y')], remove: [] });
    expect(Object.entries(changed)).toEqual([
      ['__proto__', ['x']],
      ['constructor', ['y']],
    ]);
  });
});

describe('regular expressions', () => {
  it.each<[string, string, boolean]>([
    ['^(dev|ops)-.*$', 'dev-x', true],
    ['^(dev|ops)-.*$', 'x dev-', false],
    ['v', 'dev', true],
    ['(?i)DEV', 'dev', true],
    ['(?<n>d)ev', 'dev', true],
    ['', 'anything', true],
  ])('%j and %j', (expression, text, found) => {
    const parsed = parseRegexp(expression);
    expect('matches' in parsed && parsed.matches(text)).toBe(found);
  });

  it.each<[string, string]>([
    ['[', 'error parsing regexp: missing closing ]: `[`'],
    ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['a{2,1}', 'error parsing regexp: invalid repeat count: `{2,1}`'],
    ['(a)\\1', 'error parsing regexp: invalid escape sequence: `\\1`'],
    ['x{0,1000}x{0,1000}', 'error parsing regexp: expression too large'],
    ['((a{100}){100}){100}', 'error parsing regexp: invalid repeat count: `{100}`'],
    ['a{99999999999999999999}', 'error parsing regexp: expression too large'],
  ])('%j is refused', (expression, fault) => {
    expect(parseRegexp(expression)).toEqual({ fault });
  });
});

describe('groups that claims name', () => {
  const settings = (some: object) => GroupSyncSettings.parse({ field: 'groups', ...some });
  it.each<[string, object, unknown, unknown]>([
    ['by name', {}, ['dev', 'dev'], [{ name: 'dev' }]],
    ['one text', {}, 'dev', [{ name: 'dev' }]],
    ['by id', { mapping: { dev: [A] } }, ['dev', 'ops'], [{ id: A }, { name: 'ops' }]],
    ['nothing, mapped to nothing', { mapping: { dev: null, ops: [] } }, ['dev', 'ops'], []],
    ['never the one that everybody is in', { mapping: { dev: [HOME] } }, ['dev', 'Everyone', 'EVERYONE'], []],
    ['that pass the filter', { regex_filter: '^d' }, ['dev', 'add'], [{ name: 'dev' }]],
    ['all with an empty filter', { regex_filter: '' }, ['dev'], [{ name: 'dev' }]],
    [
      'by their mapped names, which the filter looks at',
      { regex_filter: '^x', legacy_group_name_mapping: { dev: 'xdev', ops: 'yops' } },
      ['dev', 'ops'],
      [{ name: 'xdev' }],
    ],
    ['no longer than names are', {}, ['x'.repeat(256), ''], []],
    ['none without the claim', {}, undefined, []],
    ['nothing without a field', { field: '' }, ['dev'], undefined],
  ])('%s', (_title, some, groups, expected) => {
    expect(groupsFromClaims(HOME, settings(some), { groups }, QUIET)).toEqual(expected);
  });

  it('are unknown when the provider keeps the claim elsewhere', () => {
    expect(groupsFromClaims(HOME, settings({}), { hasgroups: true }, QUIET)).toBeUndefined();
  });
});

describe('roles in an organization that claims name', () => {
  const mapping = { boss: ['organization-admin'], eye: ['organization-auditor', 'nope'], none: null };
  it.each<[string, boolean, string[], string[]]>([
    ['mapped ones', false, ['boss', 'eye'], ['organization-admin', 'organization-auditor']],
    ['by name without a mapping', false, ['organization-auditor', 'x'], ['organization-auditor']],
    ['nothing for a value that is mapped to nothing', false, ['none'], []],
    ['nothing that a membership implies, and no site role', false, ['organization-member', 'owner', 'constructor'], []],
    ['none of power when nobody of power set it', true, ['boss', 'agents-access'], ['agents-access']],
  ])('%s', (_title, onlyPlain, values, expected) => {
    expect(organizationRolesFromClaims({ field: 'r', mapping, onlyPlain }, { r: values }, QUIET)).toEqual(expected);
  });
});
