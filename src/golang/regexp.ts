// Regular expressions as the reference's language has them: time linear in the text, so no expression can hang the server.
import { RE2JS, RE2JSException } from 're2js';

/** Copies that repetitions such as `x{2,30}` may make of what they repeat, all together: each costs time and memory. */
const MAX_COPIES = 1000;

/** Decides whether a text holds what an expression looks for, anywhere in it. */
export type Matcher = (text: string) => boolean;

const copiesOf = (expression: string): number =>
  [...expression.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].reduce(
    (sum, [, least = '', most = '']) => sum + Math.max(Number(least), Number(most)),
    0,
  );

/**
 * What an expression means. Look-around and back-references do not exist. Golden: idpsync-groups
 * @returns the fault in words when it is none, or a larger one than anybody needs
 */
export function parseRegexp(expression: string): { matches: Matcher } | { fault: string } {
  if (copiesOf(expression) > MAX_COPIES) return { fault: 'error parsing regexp: expression too large' };
  try {
    const compiled = RE2JS.compile(expression);
    return { matches: (text) => compiled.matcher(text).find() };
  } catch (err) {
    if (err instanceof RE2JSException) return { fault: err.message };
    throw err;
  }
}
