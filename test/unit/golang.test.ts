// How the reference's language reads and writes single values: each rule once, as a table.
import { describe, expect, it } from 'vitest';
import { parseBoolean } from '../../src/golang/booleans.ts';
import { parseGoInt } from '../../src/golang/numbers.ts';
import { quoted } from '../../src/golang/quote.ts';
import { trimmed } from '../../src/golang/space.ts';
import { parseRfc3339, utcTimeText } from '../../src/golang/times.ts';
import { isPlainUuid, NIL_UUID, parseUuid } from '../../src/golang/uuids.ts';

describe('booleans', () => {
  it.each(['1', 't', 'T', 'true', 'TRUE', 'True'])('%s is true', (word) => expect(parseBoolean(word)).toBe(true));
  it.each(['0', 'f', 'F', 'false', 'FALSE', 'False'])('%s is false', (word) => expect(parseBoolean(word)).toBe(false));
  it.each(['', 'yes', 'tRUE', ' true', '01', 'constructor'])('%j is neither', (word) =>
    expect(parseBoolean(word)).toBeUndefined(),
  );
});

describe('UUIDs', () => {
  const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
  it.each([
    id,
    id.toUpperCase(),
    id.replaceAll('-', ''),
    `urn:uuid:${id}`,
    `URN:UUID:${id.toUpperCase()}`,
    `{${id}}`,
    `x${id}!`,
  ])('%s is one', (text) => expect(parseUuid(text)).toBe(id));
  it.each([
    '',
    id.slice(1),
    `${id}0`,
    `ä${id}ä`,
    `{${id.replaceAll('-', '')}}`,
    `urn:uuid:${id.replaceAll('-', '')}`,
    id.replace('-', '_'),
    'g'.repeat(32),
  ])('%s is none', (text) => expect(parseUuid(text)).toBeUndefined());
  it('are stored in lower case with dashes', () => {
    expect([isPlainUuid(id), isPlainUuid(NIL_UUID), isPlainUuid(id.toUpperCase())]).toEqual([true, true, false]);
  });
});

describe('quoted text', () => {
  it.each([
    ['plain', '"plain"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['tab\tline\nend\r', '"tab\\tline\\nend\\r"'],
    ['\u0007\b\f\v', '"\\a\\b\\f\\v"'],
    ['\u0000\u001b\u007f', '"\\x00\\x1b\\x7f"'],
    ['é 日本 🙂', '"é 日本 🙂"'],
    ['\u00a0\u200b\ufeff', '"\\u00a0\\u200b\\ufeff"'],
    ['\u{e0001}', '"\\U000e0001"'],
  ])('%j is %s', (text, written) => expect(quoted(text)).toBe(written));
});

describe('white space', () => {
  it.each(['\t', '\n', '\v', '\f', '\r', ' ', '\u0085', '\u00a0', '\u1680', '\u2003', '\u2028', '\u3000'])(
    '%j is dropped around a text and kept in it',
    (space) => expect(trimmed(`${space}a${space}b${space}`)).toBe(`a${space}b`),
  );
  // Quadratic time would be minutes here.
  it('is looked for from the ends, however much of it is inside', () => {
    const text = `x${' '.repeat(300_000)}x`;
    expect(trimmed(` ${text} `)).toBe(text);
  });
  it.each(['\ufeff', '\u200b', '\u180e', '\u001c'])('%j is none', (char) => expect(trimmed(char)).toBe(char));
});

describe('numbers', () => {
  it.each([
    ['0', 0n],
    ['-7', -7n],
    ['+7', 7n],
    ['007', 7n],
    ['2147483647', 2147483647n],
    ['-2147483648', -2147483648n],
    ['2147483648', 'strconv.ParseInt: parsing "2147483648": value out of range'],
    ['ten', 'strconv.ParseInt: parsing "ten": invalid syntax'],
    ['1.0', 'strconv.ParseInt: parsing "1.0": invalid syntax'],
    ['', 'strconv.ParseInt: parsing "": invalid syntax'],
    ['+', 'strconv.ParseInt: parsing "+": invalid syntax'],
    ['-0', 0n],
    [`${'0'.repeat(50)}7`, 7n],
    ['9'.repeat(20), `strconv.ParseInt: parsing "${'9'.repeat(20)}": value out of range`],
  ])('%j', (text, value) => expect(parseGoInt(text, 32)).toBe(value));
});

describe('times', () => {
  it.each([
    ['2026-06-01T10:20:30Z', '2026-06-01T10:20:30Z'],
    ['2026-06-01T10:20:30,5+02:00', '2026-06-01T10:20:30.5+02:00'],
  ])('%s is read', (text, read) => expect(parseRfc3339(text)).toEqual({ text: read }));
  it.each([
    ['2026-13-01T00:00:00Z', 'parsing time "2026-13-01T00:00:00Z": month out of range'],
    ['2026-02-30T00:00:00Z', 'parsing time "2026-02-30T00:00:00Z": day out of range'],
    ['2026', 'parsing time "2026" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "-"'],
    ['2026-06-01T10:20:30Zx', 'parsing time "2026-06-01T10:20:30Zx": extra text: "x"'],
  ])('%s is refused', (text, error) => expect(parseRfc3339(text)).toEqual({ error }));
  it('shows an instant in messages', () => {
    expect(utcTimeText('2026-06-01T10:20:30.12Z')).toBe('2026-06-01 10:20:30.12 +0000 UTC');
  });
});
