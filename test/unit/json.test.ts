// JSON and bodies as clients of this API may write them, and how much of both there may be.
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { decodeBody } from '../../src/codersdk/decode.ts';
import { goBool, goInt64, goList, goMap, goString, required, ruledString } from '../../src/codersdk/wire.ts';
import { JsonObject, JsonSyntaxError, MAX_DEPTH, MAX_VALUES, parseFirstJson } from '../../src/golang/json.ts';

describe('the first JSON value', () => {
  it.each<[string, unknown]>([
    ['null', null],
    [' true ', true],
    ['7', 7n],
    ['-9223372036854775808', -9223372036854775808n],
    ['1.5', 1.5],
    ['1e3', 1000],
    [`${'9'.repeat(100_000)}`, Number.POSITIVE_INFINITY],
    ['"a\\"b\\\\c\\u00e9\\n"', 'a"b\\cé\n'],
    ['"\\\\"', '\\'],
    ['["\\\\\\"", "", "b\\\\"]', ['\\"', '', 'b\\']],
    [
      ' \t\r\n[\n{\t"a"\r:\n"b" ,"c" : 1 } ]',
      [
        Object.assign(new JsonObject(), {
          fields: [
            ['a', 'b'],
            ['c', 1n],
          ],
        }),
      ],
    ],
    ['[1, "two", [], {}]', [1n, 'two', [], new JsonObject()]],
    ['7 and what follows', 7n],
  ])('%.40j', (text, value) => expect(parseFirstJson(text)).toEqual(value));

  it('keeps the fields of an object in order, repeated ones too', () => {
    const { fields } = parseFirstJson('{"a":1,"A":2,"__proto__":3}') as JsonObject;
    expect(fields).toEqual([
      ['a', 1n],
      ['A', 2n],
      ['__proto__', 3n],
    ]);
  });

  it.each(['', '  ', '{', '[1,', '[1 2]', '{"a"}', '{a:1}', '"a', '"a\\', '"a\nb"', '"\\x"', '01x', '-', 'nul', '}'])(
    '%j is none',
    (text) => {
      if (text === '01x') expect(parseFirstJson(text)).toBe(0n);
      else expect(() => parseFirstJson(text)).toThrow(JsonSyntaxError);
    },
  );

  test('has a depth and a number of values', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseFirstJson(nested(MAX_DEPTH))).toBeInstanceOf(Array);
    expect(() => parseFirstJson(nested(MAX_DEPTH + 2))).toThrow('exceeded max depth');
    const many = (values: number) => `[${Array(values).fill('0').join(',')}]`;
    expect(parseFirstJson(many(MAX_VALUES - 1))).toHaveLength(MAX_VALUES - 1);
    expect(() => parseFirstJson(many(MAX_VALUES))).toThrow(`more than ${MAX_VALUES} values`);
  });

  test('takes time in proportion to its length', () => {
    const text = 'x'.repeat(4_000_000);
    expect(parseFirstJson(`"${text}"`)).toBe(text);
    expect(parseFirstJson(`"${'\\n'.repeat(2_000_000)}"`)).toHaveLength(2_000_000);
    expect(() => parseFirstJson(`"${text}`)).toThrow(JsonSyntaxError);
    expect(parseFirstJson(`${' '.repeat(4_000_000)}1`)).toBe(1n);
  });
});

describe('a body', () => {
  const Body = z.object({
    name: required(goString(8)),
    login: ruledString(4).refine((text) => text.length <= 4, { params: { tag: 'login' } }),
    count: goInt64(),
    on: goBool(),
    words: goList(goString(4), 3),
    marks: goMap(goBool(), 2, 9),
  });
  const decode = (text: string) => decodeBody(Body, text);
  const EMPTY = { name: 'a', login: '', count: 0n, on: false, words: [], marks: {} };

  it.each<[string, object]>([
    ['{"name":"a"}', EMPTY],
    ['{"NAME":"b","Name":"a","unknown":[1,{"x":2}]} trailing', EMPTY],
    ['{"name":"a","on":null,"words":null,"marks":null,"count":null}', EMPTY],
    ['{"name":"a","words":["x",null]}', { ...EMPTY, words: ['x', ''] }],
    ['{"name":"a","marks":{"x":true,"__proto__":null}}', { ...EMPTY, marks: { x: true } }],
    ['{"name":"äääa"}', { ...EMPTY, name: 'äääa' }],
  ])('%s', (text, value) => expect(decode(text)).toEqual({ value }));

  it.each([
    ['{"name":1}', 'field name: expected string, received number'],
    ['{"on":"true"}', 'field on: expected boolean, received string'],
    ['{"count":1.0}', 'field count: expected integer, received number'],
    [`{"count":${'1'.repeat(30)}}`, 'field count: expected integer, received number'],
    ['{"words":{}}', 'field words: expected array, received object'],
    ['{"words":[0,0,0]}', 'field words: expected string, received number'],
    ['{"marks":[]}', 'field marks: expected object, received array'],
    ['{"marks":{"x":1}}', 'field marks.x: expected boolean, received number'],
    ['[]', 'field (body): expected object, received array'],
    ['{"name":"a"', 'unexpected EOF'],
  ])('%.60s is of the wrong form', (text, syntax) => expect(decode(text)).toEqual({ syntax }));

  it.each([
    ['{}', [['name', 'required', '']]],
    ['{"name":"ääääa"}', [['name', 'max', 'ääääa…']]],
    [`{"name":"${'x'.repeat(100)}"}`, [['name', 'max', `${'x'.repeat(64)}…`]]],
    ['{"name":"a","login":"12345"}', [['login', 'login', '12345']]],
    [
      '{"words":["12345","12345"],"name":""}',
      [
        ['name', 'required', ''],
        ['words', 'max', '12345…'],
      ],
    ],
    ['{"name":"a","words":[1,2,3,4]}', [['words', 'max', '4 items']]],
    ['{"name":"a","marks":{"a":true,"b":true,"c":true}}', [['marks', 'max', '3 entries']]],
    ['{"name":"a","marks":{"1234567890":true}}', [['marks', 'max', '1234567890…']]],
    ['{"name":"a\\u0000"}', [['name', 'text', '']]],
    ['{"name":"\\ud800"}', [['name', 'text', '']]],
    ['{"name":"a","marks":{"\\u0000":true}}', [['marks', 'text', '']]],
  ])('%.60s breaks rules', (text, problems) => {
    expect(decode(text)).toEqual({ problems: problems.map(([field, tag, value]) => ({ field, tag, value })) });
  });
});
