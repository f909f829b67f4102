// The search language of `q`: how a query is taken apart, how single values are read, and the words for what is wrong.
import { describe, expect, it, test } from 'vitest';
import { parseQuery, QueryReader } from '../../src/golang/search.ts';

/** What a query says, or the text of its problem. */
function read(query: string) {
  const parsed = parseQuery(query, 'search');
  return 'problem' in parsed ? parsed.problem.detail : Object.fromEntries(parsed.terms);
}

/** A reader of the terms of a query that can be taken apart. */
function reader(query: string): QueryReader {
  const parsed = parseQuery(query, 'search');
  if ('problem' in parsed) throw new Error(parsed.problem.detail);
  return new QueryReader(parsed.terms);
}

describe('a query', () => {
  it.each<[string, Record<string, string[]>]>([
    ['', {}],
    ['   ', {}],
    ['Bob  Builder', { search: ['bob builder'] }],
    ['Name:Bob', { name: ['bob'] }],
    ['name:"Bob Builder"', { name: ['bob builder'] }],
    ['name:""bob""', { name: ['bob'] }],
    ['status:active,dormant status:suspended', { status: ['active,dormant', 'suspended'] }],
    ['"a:b"', { search: ['"a:b"'] }],
    ['name:"a:b"', { name: ['a:b'] }],
    ['back\\slash name:\\', { search: ['back\\slash'], name: ['\\'] }],
    ['tab\there', { search: ['tab\there'] }],
    [`name:x${'"'.repeat(100)}x`, { name: [`x${'"'.repeat(100)}x`] }],
  ])('%j', (query, terms) => expect(read(query)).toEqual(terms));

  it.each([
    [':x', 'Query element ":x" cannot start or end with \':\''],
    ['status:', 'Query element "status:" cannot start or end with \':\''],
    ['a:b:c', 'Query element "a:b:c" can only contain 1 \':\''],
    ['a\\b:c:d', 'Query element "a\\\\b:c:d" can only contain 1 \':\''],
    ['a\tb:', 'Query element "a\\tb:" cannot start or end with \':\''],
    ['"a b":c:d', 'Query element "\\"a b\\":c:d" can only contain 1 \':\''],
  ])('%j is refused', (query, detail) => expect(read(query)).toBe(detail));

  // Quadratic time would be minutes here.
  test('takes time in proportion to its length', () => {
    expect(reader('a:b '.repeat(400_000)).list('a')).toHaveLength(400_000);
    const quotes = `x${'"'.repeat(300_000)}x`;
    expect(read(`name:${quotes}`)).toEqual({ name: [quotes] });
  });
});

describe('values of a list', () => {
  const WORDS = ['active', 'dormant'] as const;
  it.each<[string, string[]]>([
    ['status:active', ['active']],
    ['status:active,dormant', ['active', 'dormant']],
    ['status:active status:dormant', ['active', 'dormant']],
    ['status:""', []],
  ])('%j', (query, values) => {
    const words = reader(query);
    expect([words.oneOf('status', WORDS), words.problems]).toEqual([values, []]);
  });

  it.each([
    ['status:gone', 'has invalid values: "gone" is not a valid value'],
    ['status:active,', 'has invalid values: "" is not a valid value'],
    ['status:,', 'has invalid values: "" is not a valid value\n"" is not a valid value'],
    ['status:active,,dormant', 'has invalid values: "" is not a valid value'],
    ['status:x\\,y\t', 'has invalid values: "x\\\\" is not a valid value\n"y\\t" is not a valid value'],
    ['status:a"b', 'has invalid values: "a\\"b" is not a valid value'],
  ])('%j is refused', (query, detail) => {
    const words = reader(query);
    words.oneOf('status', WORDS);
    expect(words.problems).toEqual([{ field: 'status', detail: `Query param "status" ${detail}` }]);
  });
});

describe('single values', () => {
  it.each<[string, (words: QueryReader) => unknown, unknown]>([
    ['k:true', (words) => words.bool('k'), true],
    ['k:0', (words) => words.bool('k'), false],
    ['k:7', (words) => words.int64('k'), 7n],
    ['k:0000000000000000000000000000000000007', (words) => words.int64('k'), 7n],
    ['k:7', (words) => words.positiveInt32('k'), 7],
    ['k:ACTIVE', (words) => words.word('k', ['active']), 'active'],
    ['k:{0F8FAD5B-D9CB-469F-A165-70867728950E}', (words) => words.uuid('k'), '0f8fad5b-d9cb-469f-a165-70867728950e'],
    ['k:"2026-06-01T10:00:00+02:00"', (words) => words.time('k'), '2026-06-01T10:00:00+02:00'],
    ['k:"0001-01-01T00:00:00Z"', (words) => words.time('k'), undefined],
    ['k:""', (words) => words.text('k'), undefined],
    ['k:2026-02-28', (words) => words.day('k'), '2026-02-28'],
  ])('%j', (query, take, value) => {
    const words = reader(query);
    expect([take(words), words.problems]).toEqual([value, []]);
  });

  it.each<[string, (words: QueryReader) => unknown, string]>([
    [
      'k:y"s',
      (words) => words.bool('k'),
      'must be a valid boolean: strconv.ParseBool: parsing "y\\"s": invalid syntax',
    ],
    [
      'k:1\\',
      (words) => words.int64('k'),
      'must be a valid 64-bit integer: strconv.ParseInt: parsing "1\\\\": invalid syntax',
    ],
    ['k:-1', (words) => words.positiveInt32('k'), 'must be a valid 32-bit positive integer: value is negative'],
    ['k:x\ty', (words) => words.word('k', ['a']), 'has invalid value: "x\\ty" is not a valid value'],
    ['k:no', (words) => words.uuid('k'), 'must be a valid uuid'],
    [
      'k:2026-02-30',
      (words) => words.day('k'),
      'must be a valid date format (2006-01-02): parsing time "2026-02-30": day out of range',
    ],
    [
      'k:é"',
      (words) => words.time('k'),
      'must be a valid date format (2006-01-02T15:04:05Z07:00): parsing time "\\xc3\\x89" as "2006-01-02T15:04:05Z07:00": cannot parse "\\xc3\\x89" as "2006"',
    ],
    [
      'k:a k:b',
      (words) => words.text('k'),
      'provided more than once, found 2 times. Only provide 1 instance of this query param.',
    ],
  ])('%j is refused', (query, take, detail) => {
    const words = reader(query);
    expect(take(words)).toBeUndefined();
    expect(words.problems).toEqual([{ field: 'k', detail: `Query param "k" ${detail}` }]);
  });

  it('names keys that nothing reads', () => {
    const words = reader('a:1 b\\c:2');
    words.text('a');
    words.refuseUnknown();
    expect(words.problems).toEqual([{ field: 'b\\c', detail: '"b\\\\c" is not a valid query param' }]);
  });
});
