// Names at the start what somebody has set in vain (docs/differences.md 38): a setting is honoured or named.
import { UNHONOURED_REFERENCE_SETTINGS } from './reference-settings.ts';
import type { Environment, Reader } from './values.ts';

/** A name is taken for another one misspelled up to this many letters that were changed, added or left out. */
const NEAR = 3;
const LONGEST_NAME = 100;

/** How many letters must be changed, added or left out to make one text of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const changed = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The setting that a name was probably meant to be. */
function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const ranked = [...known].map((other) => ({ other, away: distance(name, other) }));
  return ranked.filter(({ away }) => away <= NEAR).sort((a, b) => a.away - b.away)[0]?.other;
}

/**
 * One sentence on each CODER_* variable that is set and has no effect: unknown ones with the nearest name, those of the
 * reference that this server does not honour, and those of something that is switched off. Values are never shown.
 */
export function settingsWithoutEffect(env: Environment, { names, idle }: Reader): string[] {
  const set = Object.keys(env).filter((name) => name.startsWith('CODER_') && env[name]);
  return set.sort().flatMap((name) => {
    if (names.has(name)) {
      const reason = idle.find((one) => (one.names.endsWith('_') ? name.startsWith(one.names) : name === one.names));
      return reason ? [`${name} ${reason.reason}`] : [];
    }
    if (UNHONOURED_REFERENCE_SETTINGS.has(name)) return [`${name} is a setting that this server does not honour`];
    const meant = nearest(name, names);
    return [`${name} is unknown and has no effect${meant === undefined ? '' : `; did you mean ${meant}?`}`];
  });
}
