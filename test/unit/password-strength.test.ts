// The judgement on new passwords, over the recorded table and at its limits.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { passwordProblem } from '../../src/codersdk/password-strength.ts';

interface Row {
  password: string;
  status: number;
  valid?: boolean;
  details?: string;
}
const file = new URL('../golden/data/validation-passwords.json', import.meta.url);
const rows = (JSON.parse(readFileSync(file, 'utf8')) as { cases: Row[] }).cases.filter((row) => row.status === 200);

describe('a new password', () => {
  test('is judged as recorded, with the recorded words', () => {
    expect(rows.length).toBeGreaterThan(150);
    const judged = rows.map(({ password }) => ({ password, details: passwordProblem(password) ?? '' }));
    expect(judged).toEqual(rows.map(({ password, details }) => ({ password, details })));
    for (const row of rows) expect(passwordProblem(row.password) === undefined, row.password).toBe(row.valid);
  });

  test('that is empty gets every hint', () => {
    expect(passwordProblem('')).toBe(
      'insecure password, try including more special characters, using lowercase letters, using uppercase letters, using numbers or using a longer password',
    );
  });

  test('with every kind of character is only told to be longer', () => {
    expect(passwordProblem('aA1!_#')).toBe('insecure password, try using a longer password');
  });

  test('of exactly 52 bits is enough: 13 bytes from an alphabet of 16', () => {
    const thirteen = '1 5 8 2 7 4é';
    expect(Buffer.byteLength(thirteen)).toBe(13);
    expect(passwordProblem(thirteen)).toBeUndefined();
    expect(passwordProblem(thirteen.slice(1))).toMatch(/^insecure/);
  });

  test('may have 64 bytes, not 65, whatever its number of characters', () => {
    const strong = 'kD7mWp4XhT_gBz!q'.repeat(4);
    expect(passwordProblem(strong)).toBeUndefined();
    expect(passwordProblem(`${strong}x`)).toBe('password must be no more than 64 characters');
    expect(passwordProblem(`${strong.slice(0, 62)}é`)).toBeUndefined();
    expect(passwordProblem(`${strong.slice(0, 63)}é`)).toBe('password must be no more than 64 characters');
  });

  // What is not looked at takes no time: a megabyte costs no more than this beginning.
  test('is judged by its first 4096 characters, whatever follows', () => {
    const strong = 'kD7mWp4XhT_gBz!q'.repeat(65536);
    expect(passwordProblem(strong)).toBe('password must be no more than 64 characters');
    expect(passwordProblem('a'.repeat(4096) + strong)).toMatch(/^insecure password/);
    expect(passwordProblem('a'.repeat(4000) + strong)).toBe('password must be no more than 64 characters');
  });
});
