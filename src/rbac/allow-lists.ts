// Allow lists of API keys: `type:id` entries that narrow what a key reaches, as texts and as something to match with.

import { quoted } from '../golang/quote.ts';
import { trimmed } from '../golang/space.ts';
import { isPlainUuid, parseUuid } from '../golang/uuids.ts';
import { isResource } from './policy.ts';

/** An entry ready to be stored, or the text that tells the client what is wrong with it. */
export type ParsedEntry =
  | { readonly ok: true; readonly entry: string }
  | { readonly ok: false; readonly detail: string };

/**
 * Reads one entry as a client sent it: `type:id`, either half may be `*`. The type must be a known resource and the id a
 * UUID in any spelling; the entry keeps that spelling. Golden: keys-allow-list-input
 */
export function parseAllowListEntry(text: string): ParsedEntry {
  const entry = trimmed(text);
  const colon = entry.indexOf(':');
  const type = entry.slice(0, Math.max(colon, 0));
  const id = entry.slice(colon + 1);
  if (colon < 0 || type === '' || id === '') {
    return { ok: false, detail: `invalid allow_list entry ${quoted(text)}: want <type>:<id>` };
  }
  if (type !== '*' && !isResource(type)) return { ok: false, detail: `unknown resource type ${quoted(type)}` };
  if (id !== '*' && parseUuid(id) === undefined) {
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
      } else if (isPlainUuid(id)) {
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
