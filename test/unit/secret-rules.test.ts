// The rules of user secrets: names, values, variables, paths, and the limits of a user.
import { describe, expect, test } from 'vitest';
import {
  changeProblems,
  envNameProblem,
  filePathProblem,
  limitProblem,
  newSecretProblems,
  secretNameProblem,
  secretValueProblem,
} from '../../src/services/secret-rules.ts';

const blank = { name: 'n', value: 'v', description: '', env_name: '', file_path: '' };
const fields = (problems: { field: string }[]) => problems.map(({ field }) => field);

describe('the name of a secret', () => {
  test.each(['a', 'a b', 'ä', 'a%b', '../x'.replaceAll('/', '\\'), 'ä'.repeat(1024)])('%j is fine', (name) => {
    expect(secretNameProblem(name)).toBeUndefined();
  });

  test.each([
    ['', 'Name is required.'],
    ['ä'.repeat(1025), 'Name must not exceed 2048 bytes.'],
    [' \t\u2003', 'Name is required.'],
    ['a ', 'Name must not have leading or trailing whitespace.'],
    ['\u00a0a', 'Name must not have leading or trailing whitespace.'],
    ['\u0085a', 'Name must not have leading or trailing whitespace.'],
    [' a/b', 'Name must not have leading or trailing whitespace.'],
    ['a/b', 'Name must not contain /, ?, or #.'],
    ['a?', 'Name must not contain /, ?, or #.'],
    ['#a', 'Name must not contain /, ?, or #.'],
    ['a\u0000', 'Name must not contain null bytes.'],
    ['a\ud800', 'Name must be valid Unicode text'],
  ])('%j is refused: %s', (name, problem) => {
    expect(secretNameProblem(name)).toBe(problem);
  });

  test('a byte order mark is no white space', () => {
    expect(secretNameProblem('\ufeffa')).toBeUndefined();
  });
});

describe('the value of a secret', () => {
  test('may have 24576 bytes, counted in UTF-8', () => {
    expect(secretValueProblem('x'.repeat(24_576))).toBeUndefined();
    expect(secretValueProblem('ä'.repeat(12_288))).toBeUndefined();
    expect(secretValueProblem(`${'ä'.repeat(12_288)}x`)).toBe('secret value must not exceed 24576 bytes');
  });

  test('may hold line ends and spaces, but no NUL and no half of a character', () => {
    expect(secretValueProblem(' a\r\n\tb ')).toBeUndefined();
    expect(secretValueProblem('a\u0000')).toBe('secret value must not contain null bytes');
    expect(secretValueProblem('\udc00')).toBe('secret value must be valid Unicode text');
  });
});

describe('the environment variable of a secret', () => {
  test.each(['', '_', 'A', 'a1', 'CODERX', 'GIT', 'LC', 'MY_PATH', 'A'.repeat(256)])('%j is fine', (name) => {
    expect(envNameProblem(name)).toBeUndefined();
  });

  const FORM = 'must start with a letter or underscore, followed by letters, digits, or underscores';
  const CODER = 'environment variable names starting with CODER_ are reserved for internal use';
  test.each([
    ['1A', FORM],
    ['A-B', FORM],
    ['A B', FORM],
    ['Ä', FORM],
    ['A\n', FORM],
    ['A\u0000', FORM],
    ['-'.repeat(257), 'environment variable name must not exceed 256 bytes'],
    ['ä'.repeat(129), 'environment variable name must not exceed 256 bytes'],
    ['path', 'PATH is a reserved environment variable name'],
    ['Xdg_State_Home', 'XDG_STATE_HOME is a reserved environment variable name'],
    [
      'cs_disable_getting_started_override',
      'CS_DISABLE_GETTING_STARTED_OVERRIDE is a reserved environment variable name',
    ],
    ['coder', CODER],
    ['Coder_Agent', CODER],
    ['GIT_X', 'environment variables starting with GIT_ are reserved'],
    ['lc_all', 'environment variables starting with LC_ are reserved'],
    ['LD_', 'environment variables starting with LD_ are reserved'],
    ['dyld_x', 'environment variables starting with DYLD_ are reserved'],
  ])('%j is refused: %s', (name, problem) => {
    expect(envNameProblem(name)).toBe(problem);
  });
});

describe('the file path of a secret', () => {
  test.each(['', '/', '~/', '/a b', '~/../x', `/${'a'.repeat(4095)}`])('%j is fine', (path) => {
    expect(filePathProblem(path)).toBeUndefined();
  });

  test.each([
    ['a', 'file path must start with ~/ or /'],
    ['~', 'file path must start with ~/ or /'],
    ['~bob/x', 'file path must start with ~/ or /'],
    [' /a', 'file path must start with ~/ or /'],
    ['/a\u0000', 'file path must not contain null bytes'],
    [`/${'a'.repeat(4096)}`, 'file path must not exceed 4096 bytes'],
  ])('%j is refused: %s', (path, problem) => {
    expect(filePathProblem(path)).toBe(problem);
  });
});

describe('the fields together', () => {
  test('every bad one is told, in the order name, value, variable, path', () => {
    const all = { name: '', value: '', description: 'a\u0000', env_name: '1', file_path: 'x' };
    expect(fields(newSecretProblems(all))).toEqual(['name', 'value', 'env_name', 'file_path', 'description']);
    expect(newSecretProblems(blank)).toEqual([]);
  });

  test('a change may empty the value, a new secret may not be without', () => {
    expect(changeProblems({ value: '' })).toEqual([]);
    expect(newSecretProblems({ ...blank, value: '' })).toEqual([{ field: 'value', detail: 'Value is required.' }]);
  });

  test('a change is judged by what it sends', () => {
    expect(changeProblems({ description: 'x' })).toEqual([]);
    expect(fields(changeProblems({ file_path: 'x', value: '\u0000', env_name: '-' }))).toEqual([
      'value',
      'env_name',
      'file_path',
    ]);
  });
});

describe('the limits of a user', () => {
  const most = { count: 50, bytes: 204_800, envBytes: 24_576 };
  const words = (totals: typeof most) => limitProblem(totals)?.message;

  test('all of them may be reached to the byte', () => {
    expect(limitProblem(most)).toBeUndefined();
  });

  test('one more is too much, the number of secrets being told first, then all bytes', () => {
    expect(words({ count: 51, bytes: 204_801, envBytes: 24_577 })).toBe('User secrets limit reached.');
    expect(words({ ...most, bytes: 204_801, envBytes: 24_577 })).toBe('User secrets value-bytes limit reached.');
    expect(words({ ...most, envBytes: 24_577 })).toBe('Environment-injected user secrets bytes limit reached.');
  });
});
