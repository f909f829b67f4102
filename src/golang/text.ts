// Text as such: what can be stored, and how long it is.

/** True for text that can be stored and sent back: no U+0000, no half of a surrogate pair. */
export const isCleanText = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

/** Whether a text has at most so many bytes of UTF-8. */
export const fitsInto = (text: string, bytes: number): boolean =>
  text.length * 3 <= bytes || (text.length <= bytes && Buffer.byteLength(text) <= bytes);

/** The beginning of a text, whole characters of at most so many bytes of UTF-8. */
export function cutTo(text: string, bytes: number): string {
  if (fitsInto(text, bytes)) return text;
  let length = 0;
  let end = 0;
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > bytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** What a terminal would obey, what would end a line, and what turns the direction of the text behind it. */
const CONTROLS = /(?!\n)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** A text for a terminal, whoever wrote it: line ends stay, other controls are shown as escapes. */
export const printable = (text: string): string =>
  text.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
