// Markdown as plain text.
import { expect, test } from 'vitest';
import { plainText } from '../../src/golang/plain-text.ts';

test.each([
  ['T **x**', 'T x'],
  ['[l](u)', 'l (u)'],
  ['a *b* `c`', 'a b c'],
  ['2 * 3 * 4 and snake_case_name', '2 * 3 * 4 and snake_case_name'],
  ['by ****.', 'by ****.'],
  ['# Head\ntext', 'Head\ntext'],
])('%j', (markdown, text) => {
  expect(plainText(markdown)).toBe(text);
});

test('takes time in proportion to its input', () => {
  for (const one of ['*', '[', '**a', '`', '[a](']) plainText(one.repeat(20_000));
}, 5000);
