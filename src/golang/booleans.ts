// The words for true and false.

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

/** A written boolean; undefined for every other word. Golden: users-search, keys-list/own-expired-yes */
export const parseBoolean = (text: string): boolean | undefined => WORDS.get(text);
