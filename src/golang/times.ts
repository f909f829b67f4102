// Times written as text: what queries accept, with the words for what they do not, and how messages show an instant.

/** Text in quotes as errors about times show it: every byte beyond ASCII and every control character on its own. */
const timeQuoted = (text: string): string =>
  `"${Array.from(Buffer.from(text), (byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte < 0x20 || byte >= 0x80 ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte);
  }).join('')}"`;

const MAX_OFFSET_HOURS = 15;
const LAYOUT = '2006-01-02T15:04:05Z07:00';
type Element = [name: string, pattern: RegExp, range?: [number, number, string]];
const DAY_LAYOUT = '2006-01-02';
const DAY_ELEMENTS: Element[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/, [1, 12, 'month']],
  ['-', /^-/],
  ['02', /^\d\d/, [1, 31, 'day']],
];
const ELEMENTS: Element[] = [
  ...DAY_ELEMENTS,
  ['T', /^T/],
  ['15', /^\d\d/, [0, 23, 'hour']],
  [':', /^:/],
  ['04', /^\d\d/, [0, 59, 'minute']],
  [':', /^:/],
  ['05', /^\d\d/, [0, 59, 'second']],
  ['', /^([.,]\d+)?/],
  ['Z07:00', /^(Z|[+-]\d\d:\d\d)/],
];

type Parsed = { text: string } | { error: string };

/** An RFC 3339 time in upper case, as Postgres reads it; or the words for what is wrong. */
export const parseRfc3339 = (text: string): Parsed => parse(text, LAYOUT, ELEMENTS);

/** A day (`2006-01-02`); or the words for what is wrong. Golden: audit-filter-errors */
export const parseDay = (text: string): Parsed => parse(text, DAY_LAYOUT, DAY_ELEMENTS);

function parse(text: string, layout: string, elements: readonly Element[]): Parsed {
  const fail = (what: string) => ({ error: `parsing time ${timeQuoted(text)}${what}` });
  let rest = text;
  const parts: string[] = [];
  for (const [name, pattern, range] of elements) {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) return fail(` as "${layout}": cannot parse ${timeQuoted(rest)} as "${name}"`);
    if (range && (Number(found) < range[0] || Number(found) > range[1])) return fail(`: ${range[2]} out of range`);
    parts.push(found);
    rest = rest.slice(found.length);
  }
  if (rest !== '') return fail(`: extra text: ${timeQuoted(rest)}`);
  const [year = '', , month = '', , day = ''] = parts;
  // Both are fine elsewhere but unknown to Postgres.
  if (year === '0000') return fail(': year out of range');
  if (Number(/[+-](\d\d):\d\d$/.exec(text)?.[1] ?? 0) > MAX_OFFSET_HOURS)
    return fail(': time zone offset out of range');
  if (new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() !== Number(day)) return fail(': day out of range');
  return { text: parts.join('').replace(',', '.') };
}

/** An instant (`2006-01-02T15:04:05.999999Z`) as messages have always shown it: `2006-01-02 15:04:05.999999 +0000 UTC`. */
export const utcTimeText = (instant: string): string => `${instant.replace('T', ' ').replace('Z', '')} +0000 UTC`;
