// Whole numbers written as text in queries: what is accepted, and the words for what is not.
import { quoted } from './quote.ts';

/** The digits of the largest 64-bit integer; leading zeros do not count. */
const MAX_DIGITS = 19;

/** A decimal integer of `bits` bits with optional sign; a text says what is wrong with it. */
export function parseGoInt(text: string, bits: 32 | 64): bigint | string {
  const fail = (what: string) => `strconv.ParseInt: parsing ${quoted(text)}: ${what}`;
  const [, sign, digits] = /^([+-]?)0*(\d*)$/.exec(text) ?? [];
  if (digits === undefined || (digits === '' && !text.endsWith('0'))) return fail('invalid syntax');
  // The number of digits decides first: converting them takes longer the more there are.
  if (digits.length > MAX_DIGITS) return fail('value out of range');
  const value = BigInt(`${sign === '-' ? '-' : ''}${digits || '0'}`);
  const limit = 1n << BigInt(bits - 1);
  return value >= limit || value < -limit ? fail('value out of range') : value;
}
