// The ways to write who is meant by a path: `me`, an id in any form, a name in any letter case are one.
import { asciiLower } from '../golang/ascii.ts';
import { NIL_UUID, parseUuid } from '../golang/uuids.ts';

/** Names that are remembered; beyond that the one learned first is forgotten. */
const MOST_NAMES = 20_000;

export interface Spellings {
  /**
   * The one spelling of a path's segment.
   * @param parameter as registered, `:user`
   * @param caller whom `me` and the own name mean
   */
  canonical(parameter: string, text: string, caller: { id: string; username: string }): string;
  /** Remembers whose name this is; whether `canonical` did not know it. */
  learn(parameter: string, text: string, caller: { id: string; username: string }, id: string): boolean;
}

const NAMED = new Set([':user', ':organization']);
const keyOf = (parameter: string, text: string) => `${parameter} ${asciiLower(text)}`;

/** The nil UUID is a name: that of the default organization. */
function idIn(text: string): string | undefined {
  const id = parseUuid(text);
  return id === NIL_UUID ? undefined : id;
}

/** The spellings that were seen so far. Nothing is decided by them but where a request is counted. */
export function createSpellings(most = MOST_NAMES): Spellings {
  const ids = new Map<string, string>();
  return {
    canonical(parameter, text, caller) {
      if (!NAMED.has(parameter)) return text;
      if (parameter === ':user' && (text === 'me' || asciiLower(text) === asciiLower(caller.username)))
        return caller.id;
      return idIn(text) ?? ids.get(keyOf(parameter, text)) ?? asciiLower(text);
    },
    learn(parameter, text, caller, id) {
      if (this.canonical(parameter, text, caller) === id) return false;
      const key = keyOf(parameter, text);
      ids.delete(key);
      for (const oldest of ids.keys()) {
        if (ids.size < most) break;
        ids.delete(oldest);
      }
      ids.set(key, id);
      return true;
    },
  };
}
