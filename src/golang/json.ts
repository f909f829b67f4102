// Reads JSON text as clients of this API may write it: only the first value counts, whatever follows it is ignored.

/** An object as written: fields in order, repeated ones included, since the last one wins whatever its letter case. */
export class JsonObject {
  readonly fields: [name: string, value: Json][] = [];
}

/** Numbers written as plain integers are bigint (64-bit fields must not lose digits), longer and all others number. */
export type Json = null | boolean | number | bigint | string | Json[] | JsonObject;

/** The text is not JSON; the message says where. */
export class JsonSyntaxError extends Error {}

/** How deep values may stand in each other, and how many there may be in all (docs/differences.md 24). */
export const MAX_DEPTH = 1000;
export const MAX_VALUES = 10_000;
/** The longest 64-bit integer with its sign. No field takes a longer one, so its digits are not worth converting. */
const MAX_INTEGER_LENGTH = 20;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Where the text that begins at `from` ends: the first quote that no backslash stands for; -1 without one. */
function closingQuote(text: string, from: number): number {
  const quote = text.indexOf('"', from);
  if (quote <= from || text.charCodeAt(quote - 1) !== BACKSLASH) return quote;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return -1;
}

/**
 * The first JSON value of a text.
 * @throws JsonSyntaxError `EOF` for a blank text, else the place of the fault (golden: session-first-user).
 */
export function parseFirstJson(text: string): Json {
  let at = 0;
  let values = 0;

  const skipSpace = (): void => {
    if (!isSpace(text.charCodeAt(at))) return;
    SPACE.lastIndex = at;
    at += SPACE.exec(text)?.[0].length ?? 0;
  };
  const fail = (): never => {
    throw new JsonSyntaxError(at >= text.length ? 'unexpected EOF' : `invalid character at offset ${at}`);
  };
  const string = (): string => {
    if (text[at] !== '"') return fail();
    const end = closingQuote(text, at + 1);
    if (end < 0) return fail();
    try {
      const value = JSON.parse(text.slice(at, end + 1)) as string;
      at = end + 1;
      return value;
    } catch {
      return fail();
    }
  };
  const word = <T>(literal: string, value: T): T => {
    if (!text.startsWith(literal, at)) return fail();
    at += literal.length;
    return value;
  };
  const number = (): number | bigint => {
    NUMBER.lastIndex = at;
    const literal = NUMBER.exec(text)?.[0];
    if (literal === undefined) return fail();
    at += literal.length;
    return literal.length > MAX_INTEGER_LENGTH || /[.eE]/.test(literal) ? Number(literal) : BigInt(literal);
  };
  /** Whether another element follows; takes the comma or the closing bracket. */
  const more = (close: string): boolean => {
    skipSpace();
    const next = text[at];
    if (next !== ',' && next !== close) return fail();
    at += 1;
    return next === ',';
  };
  const isEmpty = (close: string): boolean => {
    at += 1;
    skipSpace();
    if (text[at] !== close) return false;
    at += 1;
    return true;
  };
  const value = (depth: number): Json => {
    if (depth > MAX_DEPTH) throw new JsonSyntaxError('exceeded max depth');
    values += 1;
    if (values > MAX_VALUES) throw new JsonSyntaxError(`more than ${MAX_VALUES} values`);
    skipSpace();
    switch (text[at]) {
      case '{': {
        const object = new JsonObject();
        if (isEmpty('}')) return object;
        do {
          skipSpace();
          const name = string();
          skipSpace();
          if (text[at] !== ':') return fail();
          at += 1;
          object.fields.push([name, value(depth + 1)]);
        } while (more('}'));
        return object;
      }
      case '[': {
        const list: Json[] = [];
        if (isEmpty(']')) return list;
        do list.push(value(depth + 1));
        while (more(']'));
        return list;
      }
      case '"':
        return string();
      case 't':
        return word('true', true);
      case 'f':
        return word('false', false);
      case 'n':
        return word('null', null);
      default:
        return number();
    }
  };

  skipSpace();
  if (at >= text.length) throw new JsonSyntaxError('EOF');
  return value(0);
}

/** A value as JSON.parse would give it: of repeated fields the last, numbers as such. */
export function plainJson(json: Json): unknown {
  if (typeof json === 'bigint') return Number(json);
  if (Array.isArray(json)) return json.map(plainJson);
  if (!(json instanceof JsonObject)) return json;
  return Object.fromEntries(json.fields.map(([name, value]) => [name, plainJson(value)]));
}
