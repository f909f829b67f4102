import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { addressOf, isEmailVerified, requireGoodAddress } from '../../src/services/sso/address.ts';
import { claim, groupRefusal, isElsewhere, profileOf, valuesOf } from '../../src/services/sso/claims.ts';

function settings(env: Record<string, string> = {}) {
  const { oidc } = readConfig({ CODER_OIDC_CLIENT_ID: 'x', CODER_OIDC_ISSUER_URL: 'https://idp.test', ...env });
  if (!oidc) throw new Error('OpenID Connect is off');
  return oidc;
}

describe('a claim', () => {
  const claims = {
    realm_access: { roles: ['a'], 'odd.name': 1 },
    'resource.roles': ['flat'],
    resource: { roles: ['nested'] },
    list: [{ name: 'x' }],
    nothing: null,
  };

  it.each([
    ['realm_access.roles', ['a']],
    ['resource.roles', ['flat']],
    ['nothing', null],
    ['nothing.at.all', undefined],
    ['realm_access.odd.name', undefined],
    ['list.0.name', undefined],
    ['list.length', undefined],
    ['realm_access.constructor', undefined],
    ['__proto__.toString', undefined],
    ['', undefined],
    ['.', undefined],
  ])('called %j is %j', (name, value) => {
    expect(claim(claims, name)).toEqual(value);
  });

  it.each<[Record<string, unknown>, string, boolean]>([
    [{ _claim_names: { groups: 'src1' } }, 'groups', true],
    [{ _claim_names: { realm_access: 'src1' } }, 'realm_access.roles', true],
    [{ _claim_names: { groups: 'src1' }, groups: [] }, 'groups', false],
    [{ _claim_names: { teams: 'src1' } }, 'groups', false],
    [{ _claim_names: 'groups' }, 'groups', false],
    [{ hasgroups: true }, 'groups', true],
    [{ hasgroups: 'true' }, 'groups', true],
    [{ hasgroups: false }, 'groups', false],
    [{ hasgroups: true }, 'roles', false],
    [{}, 'groups', false],
  ])('%j keeps %s elsewhere: %j', (all, name, expected) => {
    expect(isElsewhere(all, name)).toBe(expected);
  });
});

describe('the address', () => {
  const emailOf = (claims: Record<string, unknown>, config = settings()) => addressOf([claims], config).email;

  it('is the configured claim, or the username if that is one', () => {
    expect(emailOf({ email: 'a@b.test' })).toBe('a@b.test');
    expect(emailOf({ mail: 'a@b.test', email: 'c@d.test' }, settings({ CODER_OIDC_EMAIL_FIELD: 'mail' }))).toBe(
      'a@b.test',
    );
    expect(emailOf({ email: '', preferred_username: 'e@f.test' })).toBe('e@f.test');
    expect(emailOf({ email: '  ', preferred_username: 'e@f.test ' })).toBe('e@f.test');
  });

  it('is that of the strongest source that has one', () => {
    expect(addressOf([{}, { email: 'a@b.test', email_verified: true }], settings())).toEqual({
      email: 'a@b.test',
      isVerified: true,
    });
    const both = [{ email: 'a@b.test' }, { email: 'c@d.test', email_verified: true }];
    expect(addressOf(both, settings())).toEqual({ email: 'a@b.test', isVerified: false });
    const denied = [
      { email: 'a@b.test', email_verified: false },
      { email: 'a@b.test', email_verified: true },
    ];
    expect(addressOf(denied, settings()).isVerified).toBe(false);
  });

  it.each([{}, { email: '' }, { preferred_username: 'plain' }, { preferred_username: `${'a'.repeat(3000)}@b.test` }])(
    'is missing in %j',
    (claims) => {
      expect(() => emailOf(claims)).toThrow('No email found in OIDC payload!');
    },
  );

  it.each([
    [42, 'number'],
    [null, 'null'],
    [['a@b.test'], 'array'],
  ])('is refused as %j', (email, type) => {
    expect(() => emailOf({ email })).toThrow(`Email in OIDC payload isn't a string. Got: ${type}`);
  });

  it.each([
    [true, true],
    [1, true],
    ['1', true],
    ['t', true],
    ['True', true],
    ['true', true],
    [false, false],
    [0, false],
    ['0', false],
    ['yes', false],
    ['tRuE', false],
    [null, false],
    [{}, false],
    [undefined, false],
  ])('counts as verified by %j: %j', (value, expected) => {
    expect(isEmailVerified({ email_verified: value })).toBe(expected);
  });

  it('must belong to an allowed domain, which is what follows the last @, without case', () => {
    const config = settings({ CODER_OIDC_EMAIL_DOMAIN: '@corp.test,second.test' });
    const check = (email: string) => () => requireGoodAddress({ email, isVerified: true }, config);
    for (const email of ['a@corp.test', 'a@CORP.Test', 'a@second.test']) expect(check(email)).not.toThrow();
    for (const email of ['a@sub.corp.test', 'a@corp.test@evil.test', 'noat', 'corp.test'])
      expect(check(email)).toThrow('Unauthorized email');
  });
});

describe('the allow list of groups', () => {
  const config = settings({ CODER_OIDC_GROUP_FIELD: 'groups', CODER_OIDC_ALLOWED_GROUPS: 'staff,admins' });

  it.each<[unknown, number | undefined]>([
    [['x', 'staff'], undefined],
    ['admins', undefined],
    [['Staff'], 403],
    [[], 403],
    ['', 403],
    [undefined, 403],
    ['staff,admins', 400],
    [['staff', 5], 400],
    [{ staff: true }, 400],
    [null, 400],
  ])('%j: %j', (groups, status) => {
    expect(groupRefusal(groups === undefined ? {} : { groups }, config)?.status).toBe(status);
  });

  it('does not concern deployments without one', () => {
    expect(groupRefusal({}, settings())).toBeUndefined();
  });
});

describe('the profile', () => {
  it('trims and cuts the name, and takes claims of a wrong type as absent', () => {
    expect(
      profileOf({ preferred_username: 'x', name: '  Petra  ', picture: 'https://img.test/p' }, settings()),
    ).toEqual({
      username: 'x',
      name: 'Petra',
      avatarUrl: 'https://img.test/p',
    });
    expect(profileOf({ preferred_username: 5, name: {}, picture: null }, settings())).toEqual({
      username: '',
      name: '',
      avatarUrl: '',
    });
    expect(profileOf({ name: 'n'.repeat(200) }, settings()).name).toHaveLength(128);
  });

  it('is not taken from what every object inherits', () => {
    const config = settings({ CODER_OIDC_USERNAME_FIELD: 'constructor', CODER_OIDC_USER_ROLE_FIELD: 'toString' });
    expect(profileOf({}, config).username).toBe('');
    expect(valuesOf({}, 'toString')).toEqual([]);
  });
});
