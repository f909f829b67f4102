// Letter case as identity sees it: A to Z alone, whatever the locale of the machine or the database.

/**
 * The text with A-Z as a-z and everything else as it is (docs/differences.md 27): `toLowerCase` would make KELVIN SIGN a
 * "k" and let one person's address or name pass for another's. The store's `folded` is the same in SQL.
 */
export const asciiLower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
