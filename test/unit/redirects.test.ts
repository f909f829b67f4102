import { describe, expect, it } from 'vitest';
import { localTarget, pathAndQuery } from '../../src/http/redirects.ts';

const CALLBACK = '/api/v2/users/oidc/callback';

describe('pathAndQuery', () => {
  it.each([
    ['', '/'],
    ['/users?filter=status:active', '/users?filter=status:active'],
    ['https://evil.test/deep/path?x=1#frag', '/deep/path?x=1'],
    ['https://user:pass@evil.test:8443/x', '/x'],
    ['//evil.test/deep', '/deep'],
    ['https://evil.test', '/'],
    ['settings/tokens', 'settings/tokens'],
    ['?a=b', '/?a=b'],
    ['http://[::1', '/'],
    ['//host:port/x', '/'],
    ['1:b', '/'],
    ['/a%zz', '/'],
    ['/a?b=%zz', '/a?b=%zz'],
    ['/tab\there', '/'],
    ['/a b/ü', '/a%20b/%C3%BC'],
    ['/back\\slash', '/back%5Cslash'],
  ])('%j is reduced to %j', (address, expected) => {
    expect(pathAndQuery(address)).toBe(expected);
  });
});

describe('localTarget', () => {
  it.each([
    ['/', '/'],
    ['settings', '/api/v2/users/oidc/settings'],
    ['/x/../../y/./z/', '/y/z/'],
    ['?a=b', '/?a=b'],
    ['/a?q=ü', '/a?q=%C3%BC'],
  ])('%j leads to %j', (address, expected) => {
    expect(localTarget(address, CALLBACK, '')).toBe(expected);
  });

  it.each([
    'https://evil.test',
    '//evil.test',
    '///evil.test',
    '////evil.test',
    'http://host//evil.test',
    'http://host////evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    '/./\\evil.test',
    '/..//evil.test',
    '/%09/evil.test',
    'javascript:alert(1)',
    'http:evil.test',
    'http:/evil.test',
    'x:y//evil.test',
    '/a\r\nSet-Cookie: b=c',
  ])('%j stays on this site, reduced once or twice', (address) => {
    for (const target of [localTarget(address, CALLBACK, ''), localTarget(pathAndQuery(address), CALLBACK, '')]) {
      expect(target).toMatch(/^\/(?![/\\])[!-~]*$/);
      expect(new URL(target, 'https://here.test').origin).toBe('https://here.test');
    }
  });
});
