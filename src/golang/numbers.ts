// Whole numbers written as text in queries: what is accepted, and the words for what is not.

/** A decimal integer of `bits` bits with optional sign; a text says what is wrong with it. */
export function parseGoInt(text: string, bits: 32 | 64): bigint | string {
  const fail = (what: string) => `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${what}`;
  if (!/^[+-]?\d+$/.test(text)) return fail('invalid syntax');
  const value = BigInt(text.replace(/^\+/, ''));
  const limit = 1n << BigInt(bits - 1);
  return value >= limit || value < -limit ? fail('value out of range') : value;
}
