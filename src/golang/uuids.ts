// UUIDs as clients write them, and the one that stands for nothing.
import { quoted } from './quote.ts';

/** The UUID of all zeros: "none" where an id is optional, the default organization where one is named. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

const PLAIN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UNDASHED = /^[0-9a-f]{32}$/i;

/** Whether a text is a UUID as ids are stored: lower case with dashes. */
export const isPlainUuid = (text: string): boolean => PLAIN.test(text);

/** Whether a text is 32 hex digits, which are read as a UUID wherever a name could stand. */
export const isUndashedUuid = (text: string): boolean => UNDASHED.test(text);

/**
 * A UUID in every spelling that clients may send (plain, upper case, 32 digits, urn:uuid:, 38 ASCII characters around one),
 * as lower-case text with dashes; undefined when it is none.
 */
export function parseUuid(text: string): string | undefined {
  let bare = text;
  if (bare.length === 45 && bare.slice(0, 9).toLowerCase() === 'urn:uuid:') bare = bare.slice(9);
  else if (bare.length === 38 && /^\p{ASCII}*$/u.test(bare)) bare = bare.slice(1, 37);
  if (isUndashedUuid(bare)) bare = bare.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const lower = bare.toLowerCase();
  return isPlainUuid(lower) ? lower : undefined;
}

/** What is wrong with a text that `parseUuid` does not take. */
export function uuidProblem(text: string): string {
  const { length } = new TextEncoder().encode(text);
  if (![32, 36, 38, 45].includes(length)) return `invalid UUID length: ${length}`;
  if (length === 45 && text.slice(0, 9).toLowerCase() !== 'urn:uuid:')
    return `invalid urn prefix: ${quoted(text.slice(0, 9))}`;
  return 'invalid UUID format';
}
