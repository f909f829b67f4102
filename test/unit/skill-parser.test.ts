// The text of a skill: what is read from its front matter, and the first thing that is wrong with it.
import { describe, expect, test } from 'vitest';
import { ApiError } from '../../src/errors.ts';
import { parseSkill } from '../../src/services/skill-parser.ts';

const skill = (frontMatter: string, body = 'text') => `---\n${frontMatter}\n---\n${body}`;

function refusal(content: string): { status: number; message: string; detail: string | undefined } {
  try {
    parseSkill(content);
  } catch (err) {
    if (err instanceof ApiError) return { status: err.status, message: err.message, detail: err.detail };
    throw err;
  }
  throw new Error('the text was accepted');
}

const nameOf = (yaml: string) => parseSkill(skill(`name: ${yaml}`)).name;
const NO_NAME = "invalid skill name: frontmatter must contain a 'name' field: invalid skill name";
const NO_STRING = 'parse skill frontmatter: frontmatter field "description" must be a string';

describe('what is read', () => {
  test('name and description; other fields are ignored', () => {
    const content = skill('name: deploy\ndescription: How to\nlicense: MIT\nmeta:\n  a: [1, 2]');
    expect(parseSkill(content)).toEqual({ name: 'deploy', description: 'How to' });
  });

  test('a missing description is empty', () => {
    expect(parseSkill(skill('name: a'))).toEqual({ name: 'a', description: '' });
  });

  test.each([
    ['one byte order mark', `\ufeff${skill('name: a')}`],
    ['line ends of Windows', '---\r\nname: a\r\n---\r\ntext\r\n'],
    ['white space around the delimiters', '  ---\t\nname: a\n\u00a0---  \ntext'],
    ['more dashes in the body', skill('name: a', 'x\n---\ny')],
    ['a comment in the front matter', skill('# hello\nname: a # there')],
  ])('%s is fine', (_, content) => {
    expect(parseSkill(content).name).toBe('a');
  });

  test.each([
    ['"a: b"', 'a: b'],
    ["'it''s'", "it's"],
    ['>\n  one\n  two', 'one two'],
    ['|\n  one\n  two\n\n', 'one\ntwo'],
    ['|+\n  one\n\n', 'one'],
    ['one\n  two', 'one two'],
    ['"12"', '12'],
    ['!!str 12', '12'],
    ['yes', 'yes'],
    ['12 monkeys', '12 monkeys'],
    ['""', ''],
  ])('the description %j reads %j', (yaml, description) => {
    expect(parseSkill(skill(`name: a\ndescription: ${yaml}`)).description).toBe(description);
  });

  test('an alias stands for what it names', () => {
    expect(parseSkill(skill('base: &b hello\nname: a\ndescription: *b')).description).toBe('hello');
  });

  test('an alias may stand for a map or a list', () => {
    expect(nameOf('a\nm: &m {x: y}\nl: &l [1]\nn: [*m, *l]')).toBe('a');
  });

  test.each(['yes', 'on', 'off', 'y', 'n', '0x', '1a', '0b12', '2024-13-01', '1e999', '"12"', "'true'", '!!str 7'])(
    'the name %s is a string',
    (yaml) => {
      expect(nameOf(yaml)).toBe(yaml.replace('!!str ', '').replace(/["']/g, ''));
    },
  );
});

describe('a name that is no string counts as missing', () => {
  test.each([
    ...['12', '-1', '+1', '017', '0x1f', '0o17', '0b11', '089', '1_000', '1.5', '.5', '1e3', '.inf', '.nan'],
    ...['true', 'False', 'TRUE', 'null', '~', '', '2024-01-01', '2024-1-2', '2001-12-14t21:59:43.10-05:00'],
    ...['[a]', '{a: b}', '""', '"\\n"', '!!int "5"'],
  ])('%s', (yaml) => {
    expect(refusal(skill(`name: ${yaml}`))).toEqual({ status: 400, message: 'Invalid skill name.', detail: NO_NAME });
  });

  test.each(['', 'description: d', 'Name: a', 'null', '# only a comment'])('front matter %j', (frontMatter) => {
    expect(refusal(skill(frontMatter)).detail).toBe(NO_NAME);
  });

  test('front matter without a line', () => {
    expect(refusal('---\n---\ntext').detail).toBe(NO_NAME);
  });
});

describe('a description that is there must be a string', () => {
  test.each(['', '~', '5', 'true', '2024-01-01', '[a]', '{}'])('%j', (yaml) => {
    expect(refusal(skill(`name: a\ndescription: ${yaml}`))).toMatchObject({
      message: 'Invalid skill content.',
      detail: NO_STRING,
    });
  });
});

describe('delimiters', () => {
  test.each(['', 'text', '\n---\nname: a\n---\nx', '----\nname: a\n---\nx', '\ufeff\ufeff---\nname: a\n---\nx'])(
    '%j has no opening one',
    (content) => {
      expect(refusal(content).detail).toBe('parse skill frontmatter: missing opening frontmatter delimiter');
    },
  );

  test.each(['---', '---\nname: a\n', '---\nname: a\n----\n'])('%j has no closing one', (content) => {
    expect(refusal(content).detail).toBe('parse skill frontmatter: missing closing frontmatter delimiter');
  });
});

describe('front matter that is no YAML map', () => {
  test.each([
    'name: [a',
    'name: "a',
    'name: a\nname: b',
    'name: a\nmeta:\n  x: 1\n  x: 2',
    '- a',
    'just text',
    'name: a\ndescription: a: b',
    'name: a\n\tx: y',
    'name: *nothing',
    'name: a\n? [x]\n: y',
    'name: @a',
  ])('%j', (frontMatter) => {
    const { status, message, detail } = refusal(skill(frontMatter));
    expect([status, message]).toEqual([400, 'Invalid skill content.']);
    expect(detail).toMatch(/^parse skill frontmatter: parse frontmatter YAML: [^\n]+$/);
  });
});

describe('front matter made to cost much', () => {
  test.each([
    ['deep lists', `x: ${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'more than 4000 tokens'],
    ['deep maps', `x: ${'{a: '.repeat(9000)}${'}'.repeat(9000)}`, 'more than 4000 tokens'],
    ['deep dashes', `x:\n  ${'- '.repeat(30_000)}a`, 'more than 4000 tokens'],
    ['nothing but commas', `x: [${','.repeat(60_000)}`, 'more than 4000 tokens'],
    ['nothing but wrong escapes', `x: "${'\\x'.repeat(30_000)}"`, 'more than 4000 tokens'],
    ['nothing but directives', '%\n'.repeat(30_000), 'more than 4000 tokens'],
    ['a long run of blanks', `x: a${' '.repeat(60_000)}b`, 'too many blanks in a row'],
  ])('%s are refused', (_, yaml, fault) => {
    expect(refusal(skill(`name: a\n${yaml}`)).detail).toBe(
      `parse skill frontmatter: parse frontmatter YAML: yaml: ${fault}`,
    );
  });

  test('hundreds of keys are read', () => {
    const keys = Array.from({ length: 700 }, (_, index) => `k${index}: `).join('\n');
    expect(parseSkill(skill(`name: a\n${keys}`)).name).toBe('a');
  });
});

describe('form and sizes', () => {
  test.each(['Deploy', 'a_b', '-a', 'a-', 'a--b', 'a b', 'é'])('the name %j has the wrong form', (name) => {
    expect(refusal(skill(`name: ${JSON.stringify(name)}`)).detail).toBe(
      `invalid skill name: "${name}" must match ^[a-z0-9]+(-[a-z0-9]+)*$: invalid skill name`,
    );
  });

  test('a name may have 256 bytes', () => {
    expect(nameOf('a'.repeat(256))).toHaveLength(256);
    expect(refusal(skill(`name: ${'a'.repeat(257)}`)).detail).toContain('is 257 bytes, maximum is 256 bytes');
  });

  test('a description may have 4096 bytes of UTF-8', () => {
    const describe = (text: string) => skill(`name: a\ndescription: ${text}`);
    expect(parseSkill(describe('é'.repeat(2048))).description).toHaveLength(2048);
    expect(refusal(describe(`${'é'.repeat(2048)}x`))).toEqual({
      status: 400,
      message: 'Skill description is too large.',
      detail: 'skill description is too large: got 4097 bytes, maximum is 4096 bytes: skill description is too large',
    });
  });

  test('the whole may have 65536 bytes of UTF-8', () => {
    const start = skill('name: a', '');
    const room = 65_536 - Buffer.byteLength(start);
    expect(parseSkill(start + 'x'.repeat(room)).name).toBe('a');
    expect(refusal(`${start}${'x'.repeat(room - 1)}é`)).toMatchObject({
      message: 'Skill content is too large.',
      detail: 'skill is too large: got 65537 bytes, maximum is 65536 bytes: skill is too large',
    });
  });

  test.each(['', ' \n\t\u2003', '<!-- a -->', '<!-- a\nb --> <!---->\n'])('the body %j is empty', (body) => {
    expect(refusal(skill('name: a', body)).message).toBe('Skill body is required.');
  });

  test('a comment that does not end is text', () => {
    expect(parseSkill(skill('name: a', '<!-- a')).name).toBe('a');
  });
});

test('of several faults the first in order is told: size, delimiters, YAML, name, description, form, sizes, body', () => {
  const long = 'd'.repeat(4097);
  const faults = [
    ['x'.repeat(65_537), 'Skill content is too large.'],
    ['name: 5', 'Invalid skill content.'],
    [skill('name: 5\ndescription: 5', ''), 'Invalid skill name.'],
    [skill('name: A\ndescription: 5', ''), 'Invalid skill content.'],
    [skill(`name: A\ndescription: ${long}`, ''), 'Invalid skill name.'],
    [skill(`name: a\ndescription: ${long}`, ''), 'Skill description is too large.'],
    [skill('name: a', ''), 'Skill body is required.'],
  ] as const;
  expect(faults.map(([content]) => refusal(content).message)).toEqual(faults.map(([, message]) => message));
});
