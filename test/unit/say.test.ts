// What commands print of others' texts, and that none prints in another way.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inOneLine } from '../../src/commands/say.ts';
import { printable } from '../../src/golang/text.ts';
import { packageRoot } from '../../src/package-root.ts';

test('a terminal obeys nothing that a name holds, and a name makes no line of its own', () => {
  const name = 'eve\u001b[2J\u009b31m\u007f\r\u202etxt\nconflict: none';
  expect(printable(inOneLine(name))).toBe('eve\\u001b[2J\\u009b31m\\u007f\\u000d\\u202etxt conflict: none');
  expect(printable('zwei\nZeilen, 日本 👩‍💻')).toBe('zwei\nZeilen, 日本 👩‍💻');
});

test('commands print through say.ts', () => {
  const folder = join(packageRoot, 'src', 'commands');
  const around = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && name !== 'say.ts' && /console\./.test(readFileSync(join(folder, name), 'utf8')),
  );
  expect(around).toEqual([]);
});
