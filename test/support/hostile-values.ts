// Values that break software: texts, numbers, JSON of every wrong kind, search patterns, bytes that are no text.
import type { ApiDocument } from '../../src/http/openapi.ts';
import { resolved, type Schema } from './places.ts';
import { pick } from './random.ts';

export type Random = () => number;

/** A number from 0 up to, not including, `end`. */
export const below = (random: Random, end: number): number => Math.floor(random() * end);

const LENGTHS = [1, 31, 32, 33, 127, 129, 255, 256, 1023, 1025, 2049, 4097, 9000] as const;
/** Texts that mean something to some layer below. */
const TEXTS = [
  '',
  ' ',
  '\t\r\n',
  'me',
  'ME',
  'first',
  'null',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfffy',
  '\ufeff',
  '\ufffe',
  '\u202eabc',
  '\u212a',
  '\u0130',
  'ﬀ',
  '🏳️‍🌈',
  `a${'\u0301'.repeat(300)}${'\u0323'.repeat(300)}`,
  `'; drop table users; --`,
  `"`,
  `\\`,
  `\\u0000`,
  '%',
  '%00',
  '%s%n',
  '$1',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'toString',
  '00000000-0000-0000-0000-000000000000',
  '{00000000-0000-0000-0000-000000000000}',
  'urn:uuid:00000000-0000-0000-0000-000000000000',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '294277-01-01T00:00:00Z',
  '-1',
  '1e309',
  '1h1h1h',
  '9223372036854775808ns',
  'a@b',
  'a@b@c',
  '"a b"@example.com',
  'user:read',
  'coder:all',
  '*:*',
  '*',
  'user:*',
  'owner',
  'data:text/html,x',
  'http://127.0.0.1:1/',
  'https://[::1]:99999/',
] as const;

/** A hostile text. */
export function hostileText(random: Random): string {
  if (random() < 0.25)
    return pick(random, ['x', '"', '\\', ' ', 'é', '💥', '\u0000', 'a:']).repeat(pick(random, LENGTHS));
  return pick(random, TEXTS);
}

const FIELDS = [
  'status',
  'role',
  'name',
  'email',
  'github_com_user_id',
  'last_seen_before',
  'created_after',
  'user_id',
];
const MORE_FIELDS = [
  'resource_type',
  'action',
  'date_from',
  'date_to',
  'login_type',
  'is_service_account',
  'build_reason',
  '',
];

/** A search text: words, fields, quotes that do not end, and lists with holes. */
export function hostileSearch(random: Random): string {
  const word = () => {
    const field = pick(random, [...FIELDS, ...MORE_FIELDS, hostileText(random).slice(0, 40)]);
    const value = pick(random, [
      'active',
      'member,,',
      ',',
      '"',
      '"a b',
      '""',
      'x"""y',
      '2026-13-45',
      '%',
      '_',
      hostileText(random),
    ]);
    return `${field}${pick(random, [':', '::', '=', ' : ', ''])}${value}`;
  };
  return Array.from({ length: 1 + below(random, 12) }, word).join(pick(random, [' ', '  ', '\t', '+', ',']));
}

const NUMBERS = [
  ...['0', '-0', '-1', '1.5', '1e1', '1e400', '-1e400', '1E-400', '9007199254740993', '9223372036854775807'],
  ...[
    '9223372036854775808',
    '-9223372036854775809',
    '00',
    '+1',
    '.5',
    '0x10',
    '1_000',
    'NaN',
    'Infinity',
    '2147483648',
  ],
] as const;
const NO_VALUES = [
  '',
  '"',
  "'a'",
  '"\\x"',
  '"\\ud800"',
  '"\\u12"',
  '"a\nb"',
  'undefined',
  'nul',
  'True',
  '{',
  '[',
  '[,]',
  '{,}',
];

/** JSON text of a value that does not belong where it stands, or none at all. */
function wrongJson(random: Random): string {
  switch (below(random, 9)) {
    case 0:
      return pick(random, NUMBERS);
    case 1:
      return '9'.repeat(pick(random, LENGTHS));
    case 2:
      return pick(random, ['null', 'true', 'false', '{}', '[]', '[null]', '[[]]', '{"":null}']);
    case 3: {
      const depth = pick(random, [3, 50, 99, 101, 1000, 10_000]);
      return random() < 0.5 ? '['.repeat(depth) + ']'.repeat(depth) : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    }
    case 4:
      return `[${`${pick(random, ['0', '""', 'null', '{}', '[]', '"user:read"'])},`.repeat(pick(random, LENGTHS))}0]`;
    case 5:
      return `{${Array.from({ length: pick(random, LENGTHS) }, (_, i) => `"k${i % 700}":${i}`).join(',')}}`;
    case 6:
      return pick(random, NO_VALUES);
    default:
      return JSON.stringify(hostileText(random));
  }
}

function rightText(random: Random, { enum: values, format }: Schema): string {
  if (Array.isArray(values)) return String(pick(random, values));
  if (format === 'uuid')
    return pick(random, ['00000000-0000-0000-0000-000000000000', '1a6a6bea-ee0a-43e2-9e7c-eabdb53730e4']);
  return pick(random, [
    'abc',
    'dark',
    'user:read',
    'auditor',
    `n${below(random, 400)}`,
    `n${below(random, 400)}@example.com`,
  ]);
}

/**
 * JSON text that follows a schema, but for some places.
 * @param wrong how many of a hundred places hold what does not belong there
 */
export function jsonFor(random: Random, document: ApiDocument, whole: Schema, wrong: number): string {
  if (below(random, 100) < wrong) return wrongJson(random);
  const schema = resolved(document, whole);
  const inner = (one: Schema) => jsonFor(random, document, one, wrong);
  switch (schema.type) {
    case 'boolean':
      return pick(random, ['true', 'false']);
    case 'integer':
      return pick(random, ['0', '1', '60', '3600000000000', ...NUMBERS]);
    case 'array':
      return `[${Array.from({ length: below(random, 4) }, () => inner(schema.items as Schema)).join(',')}]`;
    case 'object': {
      const fields = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
        .filter(() => random() < 0.85)
        .map(([name, value]) => `${JSON.stringify(name)}:${inner(value)}`);
      const values = schema.additionalProperties as Schema | undefined;
      if (typeof values === 'object') fields.push(`${JSON.stringify(hostileText(random))}:${inner(values)}`);
      const [first] = fields;
      if (first !== undefined && below(random, 100) < wrong) fields.push(first, '"__proto__":{"a":1}');
      return `{${fields.join(pick(random, [',', ',', ', ', ',\n']))}}`;
    }
    default:
      return JSON.stringify(rightText(random, schema));
  }
}

/** Bytes that are no UTF-8, or should not be there. */
const BYTES = [
  '\xff',
  '\xc0\x80',
  '\xed\xa0\x80',
  '\xf4\x90\x80\x80',
  '\xe2\x82',
  '\x00',
  '\xef\xbb\xbf',
  '\x1b',
  '\x7f',
  '}',
];

/** A hostile byte sequence, each character a byte. */
export const hostileBytes = (random: Random): string => pick(random, BYTES);

/** Body bytes: the text as it is, or damaged. */
export function damaged(random: Random, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (random() < 0.7) return bytes;
  const at = below(random, bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (below(random, 5)) {
    case 0:
      return before;
    case 1:
      return Buffer.concat([Buffer.from('\xef\xbb\xbf', 'latin1'), bytes]);
    case 2:
      return Buffer.concat([bytes, Buffer.from(pick(random, ['{}', 'x', ',', '\x00', ' '.repeat(5000)]))]);
    case 3:
      return Buffer.concat([bytes, Buffer.alloc(pick(random, [65_536, 300_000]), ' ')]);
    default:
      return Buffer.concat([before, Buffer.from(hostileBytes(random), 'latin1'), after]);
  }
}
