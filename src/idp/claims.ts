// What providers say of people, in a form that can be kept and shown.
import { BadToken } from './provider-error.ts';

export type Claims = Record<string, unknown>;

/** A token or a user info document: more than any provider puts into one, and what is kept of each person. */
export const MAX_CLAIMS_LENGTH = 256 * 1024;
const MAX_DEPTH = 32;

/** Text without what no database and no UTF-8 can hold: U+0000 and halves of surrogate pairs become U+FFFD. */
export const cleanText = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\ufffd');

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) throw new BadToken('the claims are nested too deeply');
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [cleanText(name), clean(item, depth + 1)]));
}

/** The claims as they can be stored (docs/differences.md 28). @throws BadToken when they are nested too deeply */
export const cleanClaims = (claims: Claims): Claims => clean(claims, 0) as Claims;
