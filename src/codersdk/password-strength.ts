// The rule for new passwords: hard enough to guess, and not longer than the hash takes.

const MIN_BITS = 52;
const MAX_BYTES = 64;
// Nothing beyond this can turn a weak password into an accepted one; it keeps the work bounded.
const MAX_JUDGED_CHARACTERS = 4096;

const SPECIALS = [
  { pattern: /[!@$&*]/, size: 5 },
  { pattern: /[_\-., ]/, size: 5 },
  { pattern: /["#%'()+/:;<=>?[\\\]^{|}~]/, size: 22 },
] as const;
const LOWER = { pattern: /[a-z]/, size: 26 };
const UPPER = { pattern: /[A-Z]/, size: 26 };
const DIGIT = { pattern: /[0-9]/, size: 10 };
const CLASSES = [...SPECIALS, LOWER, UPPER, DIGIT];

const ROWS = ['0123456789', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'abcdefghijklmnopqrstuvwxyz'];
const SEQUENCES = [...ROWS, ...ROWS.map((row) => [...row].reverse().join(''))].map((row) => [...row]);

/** How many characters the password seems to be drawn from: each class that occurs, and each other character once. */
function alphabetSize(characters: readonly string[]): number {
  const text = characters.join('');
  const others = new Set(characters.filter((character) => !CLASSES.some(({ pattern }) => pattern.test(character))));
  return CLASSES.reduce((sum, { pattern, size }) => (pattern.test(text) ? sum + size : sum), others.size);
}

/** Keeps two of each run of equal characters. */
function withoutRepetition(characters: readonly string[]): string[] {
  return characters.filter((character, i) => character !== characters[i - 1] || character !== characters[i - 2]);
}

/**
 * Drops what continues a sequence beyond two hits. One pass compares the letters of the sequence, again and again from
 * its first, with the character at hand; the run of hits goes on from pass to pass, and after each pass one character is
 * kept unseen. Both look like slips but decide which passwords are accepted; golden: data/validation-passwords
 */
function withoutSequence(characters: readonly string[], sequence: readonly string[]): string[] {
  const kept: string[] = [];
  let next = 0;
  let run = 0;
  const keep = () => {
    const character = characters[next];
    if (character !== undefined) kept.push(character);
    next += 1;
  };
  while (next < characters.length) {
    for (const letter of sequence) {
      if (next >= characters.length) break;
      if (characters[next] !== letter) {
        run = 0;
        continue;
      }
      run += 1;
      if (run > 2) next += 1;
      else keep();
    }
    keep();
  }
  return kept;
}

/** The bits that guessing has to get right, as the reference counts them. */
function bits(characters: readonly string[]): number {
  const alphabet = alphabetSize(characters);
  if (alphabet === 0) return 0;
  const thinned = SEQUENCES.reduce(withoutSequence, withoutRepetition(characters));
  return Buffer.byteLength(thinned.join('')) * Math.log2(alphabet);
}

function advice(text: string): string {
  const hints: string[] = [];
  if (!SPECIALS.every(({ pattern }) => pattern.test(text))) hints.push('including more special characters');
  if (!LOWER.pattern.test(text)) hints.push('using lowercase letters');
  if (!UPPER.pattern.test(text)) hints.push('using uppercase letters');
  if (!DIGIT.pattern.test(text)) hints.push('using numbers');
  const list = hints.length > 0 ? `${hints.join(', ')} or ` : '';
  return `insecure password, try ${list}using a longer password`;
}

/**
 * What is wrong with a new password, in words for its user, or undefined if nothing is: it needs 52 bits, and then at
 * most 64 bytes. Source: POST /users/validate-password; golden: data/validation-passwords
 */
export function passwordProblem(password: string): string | undefined {
  if (bits([...password].slice(0, MAX_JUDGED_CHARACTERS)) < MIN_BITS) return advice(password);
  if (Buffer.byteLength(password) > MAX_BYTES) return `password must be no more than ${MAX_BYTES} characters`;
  return undefined;
}
