// Names and addresses against the recorded tables, and names that the server makes up.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { alternativeUsername, randomTokenName, randomUsername, usernameOf } from '../../src/codersdk/derived-names.ts';
import {
  composed,
  isDisplayName,
  isEmail,
  isRealName,
  isReservedUsername,
  isUsername,
  realNameOf,
} from '../../src/codersdk/names.ts';

interface Row {
  status: number;
  username?: string;
  name?: string;
  email?: string;
  validations?: { field: string; detail: string }[];
}

/** The rows of a table that say something about the rule: a taken name says that it was accepted. */
function table(name: 'usernames' | 'names' | 'emails'): Row[] {
  const file = new URL(`../golden/data/validation-${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: Row[] }).cases;
}

const RANDOM_USERNAME = /^[a-z]+-[a-z]+[1-9][0-9]$/;

describe('usernames', () => {
  test.each(table('usernames'))('$username gets $status', ({ username = '', status }) => {
    expect(isUsername(username) && !isReservedUsername(username)).toBe(status !== 400);
  });

  test.each(['me', 'First', 'ROLES', 'authmethods', 'OIDC-claims', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'])(
    '%s is well formed but could not be reached by name',
    (name) => {
      expect(isUsername(name)).toBe(true);
      expect(isReservedUsername(name)).toBe(true);
    },
  );

  test.each(['login', 'logout', 'otp', 'validate-password', 'mee', 'New', 'gggggggggggggggggggggggggggggggg'])(
    '%s can be had',
    (name) => {
      expect(isUsername(name)).toBe(true);
      expect(isReservedUsername(name)).toBe(false);
    },
  );

  test('a line break at the end is not overlooked', () => {
    expect(isUsername('alice\n')).toBe(false);
  });
});

describe('real names', () => {
  test.each(table('names'))('$name gets $status', ({ name = '', status }) => {
    expect(isRealName(name)).toBe(status === 201);
  });

  test('a name from a provider is trimmed and cut until it is acceptable', () => {
    expect(realNameOf('\u0085 Ada Lovelace\u3000')).toBe('Ada Lovelace');
    expect(realNameOf(' \t ')).toBe('');
    expect(realNameOf(`a${'é'.repeat(64)}`)).toBe(`a${'é'.repeat(63)}`);
    expect(realNameOf(`${'🙂'.repeat(31)}abc d`)).toBe(`${'🙂'.repeat(31)}abc`);
  });
});

describe('display names', () => {
  test.each([
    ['', true],
    ['Coder', true],
    ['a b', true],
    ['x'.repeat(64), true],
    ['x'.repeat(65), false],
    [' a', false],
    ['a\u00a0', false],
    ['a\nb', false],
  ])('%j: %j', (text, accepted) => {
    expect(isDisplayName(text)).toBe(accepted);
  });
});

describe('e-mail addresses', () => {
  test.each(table('emails'))('$email gets $status', ({ email = '', status }) => {
    expect(isEmail(email)).toBe(status === 201);
  });

  test.each([
    ['""@example.com', false],
    ['" "@example.com', true],
    ['"a\nb"@example.com', false],
    ['.a@example.com', false],
    ['a..b@example.com', false],
    ['a@example-.com', false],
    ['a@example.com\n', false],
    ['a@b.c1d', true],
    ['a@b.c1', false],
    ['a@例え。テスト', false],
    [`${'a'.repeat(50_000)}@${'b'.repeat(50_000)}`, false],
  ])('%j: %j', (text, accepted) => {
    expect(isEmail(text)).toBe(accepted);
  });
});

describe('names that the server makes up', () => {
  test('the name of a token is adjective_surname and two digits, in lower case, and varies', () => {
    const names = Array.from({ length: 2000 }, randomTokenName);
    for (const name of names) expect(name).toMatch(/^(?=.{1,32}$)[a-z]+_[a-z]+[1-9][0-9]$/);
    expect(new Set(names).size).toBeGreaterThan(1900);
  });

  test('a random username is always acceptable', () => {
    for (let i = 0; i < 2000; i++) {
      const name = randomUsername();
      expect(name).toMatch(RANDOM_USERNAME);
      expect(isUsername(name) && !isReservedUsername(name)).toBe(true);
    }
  });

  test.each([
    ['alice', 'x@example.com', 'alice'],
    ['Alice-1', 'x@example.com', 'Alice-1'],
    [undefined, 'john.doe@example.com', 'johndoe'],
    ['', 'jo.ann_x@example.com', 'joannx'],
    ['john.doe@x', '', 'johndoe'],
    ['a b c', '', 'abc'],
    ['émile', '', 'mile'],
    ['x@y@z', '', 'xy'],
    ['Mixed.Case@x', '', 'MixedCase'],
    ['a'.repeat(32), '', 'a'.repeat(32)],
    [undefined, `${'0123456789abcdef'.repeat(2)}@example.com`, '0123456789abcdef'.repeat(2)],
  ])('claim %j with address %j makes %s', (claim, email, username) => {
    expect(usernameOf(claim, email)).toBe(username);
  });

  test.each(['new', 'two--dashes', 'x'.repeat(33), '日本', 'me', 'ROLES', 'me@example.com', '-a', 'a'.repeat(33)])(
    'claim %j cannot be used and becomes a random name',
    (claim) => {
      expect(usernameOf(claim, 'someone@example.com')).toMatch(RANDOM_USERNAME);
    },
  );

  test('a taken name gets an addition, or becomes random when that would be too long', () => {
    for (let i = 0; i < 200; i++) {
      expect(alternativeUsername('bob')).toMatch(/^bob-[a-z]+[1-9][0-9]$/);
      expect(alternativeUsername('b'.repeat(30))).toMatch(RANDOM_USERNAME);
      expect(isUsername(alternativeUsername('sixteen-letters1'))).toBe(true);
    }
  });
});

// Putting marks into their order takes quadratic time, so it is only done for what could be a name.
test('a text that is too long for any name is not composed', () => {
  expect(composed('e\u0301')).toBe('\u00e9');
  const marks = `a${'\u0301'.repeat(10_000)}${'\u0323'.repeat(10_000)}`;
  expect(composed(marks)).toBe(marks);
  expect(realNameOf(marks).length).toBeLessThan(128);
});
