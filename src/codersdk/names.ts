// The rules for usernames, real names, display names and e-mail addresses.
import { asciiLower } from '../golang/ascii.ts';
import { trimmed } from '../golang/space.ts';
import { cutTo, fitsInto } from '../golang/text.ts';
import { isUndashedUuid } from '../golang/uuids.ts';
import { MAX_DISPLAY_NAME, MAX_LABEL, MAX_REAL_NAME, MAX_USERNAME } from './sizes.ts';

const USERNAME = /^[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$/;
const REFUSED_USERNAMES: ReadonlySet<string> = new Set(['new', 'create']);

// Words that GET /users/{user} can never reach, because a route of that name answers first.
const PATH_WORDS: ReadonlySet<string> = new Set(['me', 'first', 'roles', 'authmethods', 'oidc-claims', 'oauth2']);

/**
 * Whether a text can be a username: 1 to 32 ASCII letters and digits with single hyphens inside, and neither `new` nor
 * `create`. Source: POST /users; golden: data/validation-usernames
 */
export function isUsername(text: string): boolean {
  return text.length <= MAX_USERNAME && USERNAME.test(text) && !REFUSED_USERNAMES.has(text);
}

/** Whether a route of this name answers first: a word of the API's own paths, in any letter case. */
export const isPathWord = (text: string): boolean => PATH_WORDS.has(asciiLower(text));

/**
 * Whether an account of this name could not be reached by name: a word of the API's own paths in any letter case, or 32
 * hex digits, which are read as a UUID. Refused, as rule `username`, for new accounts and new names; accounts that have
 * such a name already keep it.
 */
export function isReservedUsername(text: string): boolean {
  return isPathWord(text) || isUndashedUuid(text);
}

/**
 * Whether a text can be the real name of a user: at most 128 bytes of UTF-8 without surrounding white space; it may be
 * empty. Golden: data/validation-names
 */
export function isRealName(text: string): boolean {
  return fitsInto(text, MAX_REAL_NAME) && trimmed(text) === text;
}

/** A real name from an identity provider made acceptable: trimmed and cut to 128 bytes, never inside a character. */
export function realNameOf(text: string): string {
  return trimmed(cutTo(trimmed(composed(cutTo(text, MAX_LABEL))), MAX_REAL_NAME));
}

/** Whether a text can be a display name: at most 64 bytes on one line without surrounding white space; it may be empty. */
export function isDisplayName(text: string): boolean {
  return fitsInto(text, MAX_DISPLAY_NAME) && trimmed(text) === text && !text.includes('\n');
}

// GREEK QUESTION MARK, GREEK VARIA and KELVIN SIGN: composing a text turns them into `;`, a backtick and `K`.
const POSING_AS_ASCII = /[\u037e\u1fef\u212a]/;

/**
 * A text in its composed form (NFC), in which two ways to write one character are the same. One that is too long for any
 * name stays as it is: marks in the wrong order take quadratic time.
 */
export const composed = (text: string): string => (text.length > MAX_LABEL ? text : text.normalize('NFC'));

/**
 * An address in its composed form. One with a character that would become an ASCII one stays as it is, which is no
 * address: it must not turn into somebody else's (docs/differences.md 27).
 */
export const composedAddress = (text: string): string => (POSING_AS_ASCII.test(text) ? text : composed(text));

const BEYOND_ASCII = '\\u00a0-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\uffef';
const ATOM = `[a-zA-Z0-9!#$%&'*+\\-/=?^_\`{|}~${BEYOND_ASCII}]+`;
const QUOTED = `"(?:[\\t !#-\\[\\]-~${BEYOND_ASCII}]|\\\\[\\t -~${BEYOND_ASCII}])+"`;
const LETTER = `a-zA-Z${BEYOND_ASCII}`;
const LABEL = `[${LETTER}0-9](?:[${LETTER}0-9~\\-]*[${LETTER}0-9])?`;
const LAST_LABEL = `[${LETTER}](?:[${LETTER}0-9~\\-]*[${LETTER}])?`;
const EMAIL = new RegExp(`^(?:${ATOM}(?:\\.${ATOM})*|${QUOTED})@(?:${LABEL}\\.)+${LAST_LABEL}$`, 'u');

/**
 * Whether a text is a bare e-mail address: dotted atoms or a quoted string, then a domain of at least two labels of which
 * the last begins and ends with a letter. No length limit. An address that poses as
 * another one is none (docs/differences.md 27). Golden: data/validation-emails
 */
export function isEmail(text: string): boolean {
  return EMAIL.test(text) && !POSING_AS_ASCII.test(text);
}
