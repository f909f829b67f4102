// Allow lists of API keys: `type:id` entries that narrow what a key reaches, as texts and as something to match with.

import { isResource } from './policy.ts';

/** The most entries that a request may carry, counted before anything is merged. Golden: keys-allow-list-input/129-entries */
export const MAX_ALLOW_LIST_ENTRIES = 128;

/** An entry ready to be stored, or the text that tells the client what is wrong with it. */
export type ParsedEntry =
  | { readonly ok: true; readonly entry: string }
  | { readonly ok: false; readonly detail: string };

// The spaces that the reference trims; unlike String.trim they include U+0085 and leave U+FEFF alone.
const SPACE = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const SURROUNDING_SPACE = new RegExp(`^${SPACE}+|${SPACE}+$`, 'gu');

const PLAIN_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEX = '[0-9a-f]';
const DASHED = `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`;
// Any one character may stand where the braces belong.
const LENIENT_UUID = new RegExp(`^(?:(?:urn:uuid:)?${DASHED}|${HEX}{32}|[\\x01-\\x7f]${DASHED}[\\x01-\\x7f])$`, 'i');

const SHORT_ESCAPES: { readonly [character: string]: string } = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** A text in double quotes with everything that cannot be printed escaped, as error details show it. */
export function quoted(text: string): string {
  const inner = text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => {
    const short = SHORT_ESCAPES[character];
    if (short !== undefined) return short;
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${inner}"`;
}

/**
 * Reads one entry as a client sent it: `type:id`, either half may be `*`. The type must be a known resource and the id a
 * UUID in any spelling; the entry keeps that spelling. Golden: keys-allow-list-input
 */
export function parseAllowListEntry(text: string): ParsedEntry {
  const entry = text.replace(SURROUNDING_SPACE, '');
  const colon = entry.indexOf(':');
  const type = entry.slice(0, Math.max(colon, 0));
  const id = entry.slice(colon + 1);
  if (colon < 0 || type === '' || id === '') {
    return { ok: false, detail: `invalid allow_list entry ${quoted(text)}: want <type>:<id>` };
  }
  if (type !== '*' && !isResource(type)) return { ok: false, detail: `unknown resource type ${quoted(type)}` };
  if (id !== '*' && !LENIENT_UUID.test(id)) {
    return { ok: false, detail: `invalid ${type} ID (must be UUID): ${quoted(id)}` };
  }
  return { ok: true, entry };
}

function halves(entry: string): readonly [type: string, id: string] {
  const colon = entry.indexOf(':');
  return [entry.slice(0, Math.max(colon, 0)), entry.slice(colon + 1)];
}

/**
 * The list to store for parsed entries: without what a wildcard covers, without repetitions, by type and then id. An
 * empty list means no restriction. Golden: keys-allow-list-input
 */
export function normaliseAllowList(entries: readonly string[]): string[] {
  if (entries.length === 0 || entries.includes('*:*')) return ['*:*'];
  const split = [...new Set(entries)].map(halves);
  const wholeTypes = new Set(split.filter(([, id]) => id === '*').map(([type]) => type));
  return split
    .filter(([type, id]) => id === '*' || !wholeTypes.has(type))
    .sort(([typeA, idA], [typeB, idB]) => compare(typeA, typeB) || compare(idA, idB))
    .map(([type, id]) => `${type}:${id}`);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A stored list as clients see it and as it matches: in lower case. Golden: keys-allow-list-input/upper-case-id-get */
export function shownAllowList(stored: readonly string[]): string[] {
  return stored.map((entry) => entry.toLowerCase());
}

/** A list prepared for matching. An entry whose id is no plainly written UUID matches nothing. */
export class AllowList {
  readonly #types = new Set<string>();
  readonly #ids = new Map<string, Set<string>>();

  /** Takes stored entries, in any letter case. */
  constructor(entries: readonly string[]) {
    for (const [type, id] of shownAllowList(entries).map(halves)) {
      if (id === '*') {
        this.#types.add(type);
      } else if (PLAIN_UUID.test(id)) {
        const ids = this.#ids.get(type) ?? new Set();
        this.#ids.set(type, ids.add(id));
      }
    }
  }

  /** Whether an object is in the list; one without an id only if its whole type is. */
  has(type: string, id: string | undefined): boolean {
    if (this.#types.has('*') || this.#types.has(type)) return true;
    return id !== undefined && (this.#ids.get(type)?.has(id) === true || this.#ids.get('*')?.has(id) === true);
  }

  /** The ids of one type that are in the list. */
  idsOf(type: string): 'all' | ReadonlySet<string> {
    if (this.#types.has('*') || this.#types.has(type)) return 'all';
    return new Set([...(this.#ids.get(type) ?? []), ...(this.#ids.get('*') ?? [])]);
  }
}
