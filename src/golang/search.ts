// The search language of `q`: free text, `key:value`, quotes; and how single values are read. Golden: users-search

import { parseBoolean } from './booleans.ts';
import { parseGoInt } from './numbers.ts';
import { quoted } from './quote.ts';
import { parseDay, parseRfc3339 } from './times.ts';
import { parseUuid, uuidProblem } from './uuids.ts';

export interface QueryProblem {
  field: string;
  detail: string;
}

/** What a query says, by key; free text is under the key given to `parseQuery`. Query parameters have this form too. */
export type QueryTerms = Map<string, string[]>;

/** The first value of a key; "" when it is missing. */
export const firstTerm = (terms: QueryTerms, key: string): string => terms.get(key)?.[0] ?? '';

/** Splits at a character outside double quotes. */
function splitOutsideQuotes(text: string, at: string): string[] {
  const parts: string[] = [];
  let current = '';
  let quoted = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    if (char === at && !quoted) {
      parts.push(current);
      current = '';
    } else current += char;
  }
  return [...parts, current].filter((part) => part !== '');
}

/** The text without the quotes around it, in one pass from each end. */
function unquoted(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === '"') start += 1;
  while (end > start && text[end - 1] === '"') end -= 1;
  return text.slice(start, end);
}

/**
 * Reads a query: lower-cased as a whole, split at spaces outside quotes, words without a colon joined to one text.
 * @param freeText the key under which free text counts; undefined where the operation knows none
 */
export function parseQuery(query: string, freeText: string): { terms: QueryTerms } | { problem: QueryProblem } {
  const terms: QueryTerms = new Map();
  const add = (key: string, value: string) => {
    const values = terms.get(key);
    if (values) values.push(value);
    else terms.set(key, [value]);
  };
  const words: string[] = [];
  const problem = (element: string, what: string) => ({
    problem: { field: 'q', detail: `Query element ${quoted(element)} ${what}` },
  });
  for (const element of splitOutsideQuotes(query.toLowerCase(), ' ')) {
    if (!element.includes(':')) {
      words.push(element);
      continue;
    }
    if (element.startsWith(':') || element.endsWith(':')) return problem(element, "cannot start or end with ':'");
    const [key = '', value, ...rest] = splitOutsideQuotes(element, ':');
    if (rest.length > 0) return problem(element, "can only contain 1 ':'");
    if (value === undefined) add(freeText, key);
    else add(key, unquoted(value));
  }
  if (words.length > 0) add(freeText, words.join(' '));
  return { terms };
}

/** Reads values of a query or of query parameters, collecting every problem in the order of the reads. */
export class QueryReader {
  readonly problems: QueryProblem[] = [];
  readonly #terms: QueryTerms;
  readonly #known = new Set<string>();

  constructor(terms: QueryTerms) {
    this.#terms = terms;
  }

  #fail(field: string, detail: string): undefined {
    this.problems.push({ field, detail: `Query param "${field}" ${detail}` });
    return undefined;
  }

  /** The one value of a key; undefined when absent or empty. */
  text(key: string): string | undefined {
    this.#known.add(key);
    const values = this.#terms.get(key) ?? [];
    if (values.length > 1) {
      return this.#fail(
        key,
        `provided more than once, found ${values.length} times. Only provide 1 instance of this query param.`,
      );
    }
    return values[0] || undefined;
  }

  /** As `text`, of something that must be there. */
  requiredText(key: string): string | undefined {
    const before = this.problems.length;
    const value = this.text(key);
    return value === undefined && this.problems.length === before
      ? this.#fail(key, 'is required and cannot be empty')
      : value;
  }

  #parsed<T>(key: string, parse: (text: string) => { value: T } | { error: string }): T | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const result = parse(text);
    return 'value' in result ? result.value : this.#fail(key, result.error);
  }

  /** All values of a key, comma lists taken apart; none when absent. Between two commas stands an empty value. */
  list(key: string): string[] {
    this.#known.add(key);
    return (this.#terms.get(key) ?? []).filter((value) => value !== '').flatMap((value) => value.split(','));
  }

  /** As `list`, each value one of `allowed`. */
  oneOf<T extends string>(key: string, allowed: readonly T[]): T[] {
    const values = this.list(key);
    const bad = values.filter((value) => !allowed.includes(value as T));
    if (bad.length > 0)
      this.#fail(key, `has invalid values: ${bad.map((value) => `${quoted(value)} is not a valid value`).join('\n')}`);
    return values as T[];
  }

  /** The one value of a key, which must be one of `allowed`. */
  word<T extends string>(key: string, allowed: readonly T[]): T | undefined {
    return this.#parsed(key, (text) => {
      const value = allowed.find((word) => word === text);
      return value === undefined ? { error: `has invalid value: ${quoted(text)} is not a valid value` } : { value };
    });
  }

  bool(key: string): boolean | undefined {
    return this.#parsed(key, (text) => {
      const value = parseBoolean(text);
      return value === undefined
        ? { error: `must be a valid boolean: strconv.ParseBool: parsing ${quoted(text)}: invalid syntax` }
        : { value };
    });
  }

  /** A whole number from 0 to 2^31 - 1. */
  positiveInt32(key: string): number | undefined {
    return this.#parsed(key, (text) => {
      const number = parseGoInt(text, 32);
      if (typeof number === 'string') return { error: `must be a valid 32-bit positive integer: ${number}` };
      return number < 0n
        ? { error: 'must be a valid 32-bit positive integer: value is negative' }
        : { value: Number(number) };
    });
  }

  /** A whole number. */
  int(key: string): number | undefined {
    return this.#parsed(key, (text) => {
      const number = parseGoInt(text, 64);
      return typeof number === 'string'
        ? { error: `must be a valid integer: ${number.replace('strconv.ParseInt', 'strconv.Atoi')}` }
        : { value: Number(number) };
    });
  }

  int64(key: string): bigint | undefined {
    return this.#parsed(key, (text) => {
      const number = parseGoInt(text, 64);
      return typeof number === 'string' ? { error: `must be a valid 64-bit integer: ${number}` } : { value: number };
    });
  }

  /** An RFC 3339 time; the zero time counts as absent. */
  time(key: string): string | undefined {
    const value = this.#parsed(key, (text) => {
      const parsed = parseRfc3339(text.toUpperCase());
      return 'error' in parsed
        ? { error: `must be a valid date format (2006-01-02T15:04:05Z07:00): ${parsed.error}` }
        : { value: parsed.text };
    });
    return value?.startsWith('0001-01-01T00:00:00') ? undefined : value;
  }

  /** A day. */
  day(key: string): string | undefined {
    return this.#parsed(key, (text) => {
      const parsed = parseDay(text);
      return 'error' in parsed
        ? { error: `must be a valid date format (2006-01-02): ${parsed.error}` }
        : { value: parsed.text };
    });
  }

  /** A UUID in any spelling, as it is stored. */
  uuid(key: string): string | undefined {
    return this.#parsed(key, (text) => {
      const value = parseUuid(text);
      return value === undefined ? { error: 'must be a valid uuid' } : { value };
    });
  }

  /** As `list`, each value a UUID in any spelling, as it is stored. */
  uuids(key: string): string[] {
    const values = this.list(key);
    const bad = values.filter((value) => parseUuid(value) === undefined);
    if (bad.length > 0) this.#fail(key, `has invalid values: ${bad.map(uuidProblem).join('\n')}`);
    return values.flatMap((value) => parseUuid(value) ?? []);
  }

  /** Notes that the value of a key is none, for a reason that only who asked can tell. */
  invalid(key: string, reason: string): void {
    this.#fail(key, `has invalid value: ${reason}`);
  }

  /** Notes every key that nothing read. Call it last. */
  refuseUnknown(): void {
    for (const key of this.#terms.keys()) {
      if (!this.#known.has(key))
        this.problems.push({ field: key, detail: `${quoted(key)} is not a valid query param` });
    }
  }
}
