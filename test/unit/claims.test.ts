import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import {
  emailOf,
  groupRefusal,
  isEmailVerified,
  profileOf,
  requireGoodEmail,
  valuesOf,
} from '../../src/services/sso/claims.ts';

function settings(env: Record<string, string> = {}) {
  const { oidc } = readConfig({ CODER_OIDC_CLIENT_ID: 'x', CODER_OIDC_ISSUER_URL: 'https://idp.test', ...env });
  if (!oidc) throw new Error('OpenID Connect is off');
  return oidc;
}

describe('the address', () => {
  it('is the configured claim, or the username if that is one', () => {
    expect(emailOf({ email: 'a@b.test' }, settings())).toBe('a@b.test');
    expect(emailOf({ mail: 'a@b.test', email: 'c@d.test' }, settings({ CODER_OIDC_EMAIL_FIELD: 'mail' }))).toBe(
      'a@b.test',
    );
    expect(emailOf({ email: '', preferred_username: 'e@f.test' }, settings())).toBe('e@f.test');
  });

  it.each([{}, { email: '' }, { preferred_username: 'plain' }])('is missing in %j', (claims) => {
    expect(() => emailOf(claims, settings())).toThrow('No email found in OIDC payload!');
  });

  it.each([
    [42, 'number'],
    [null, 'null'],
    [['a@b.test'], 'array'],
  ])('is refused as %j', (email, type) => {
    expect(() => emailOf({ email }, settings())).toThrow(`Email in OIDC payload isn't a string. Got: ${type}`);
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
    const check = (email: string) => () => requireGoodEmail(email, { email_verified: true }, config);
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
