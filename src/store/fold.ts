// Letter case folded for search, as the database's fold_case does it: alike on every database, whatever its locale.

/** Characters that search takes for others beside their letter case; the dot is what Turkish leaves above an i. */
const SPECIAL: Readonly<Record<string, string>> = { İ: 'i', ς: 'σ', '\u0307': '' };

function foldedCharacter(character: string): string {
  const special = SPECIAL[character];
  if (special !== undefined) return special;
  const lower = character.toLowerCase();
  return [...lower].length === 1 ? lower : character;
}

/**
 * Text as the columns hold it that are searched: composed (NFC), each letter in its lower case by itself.
 * Names and addresses of accounts are told apart by `folded` instead, which knows A-Z alone (docs/differences.md 27).
 */
export const foldCase = (text: string): string => Array.from(text.normalize('NFC'), foldedCharacter).join('');
