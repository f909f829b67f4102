import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OLDER_NAMES, SETTINGS, settingsAsMarkdown, settingsAsText } from '../../src/config/documentation.ts';
import { readSettings } from '../../src/config.ts';
import { packageRoot } from '../../src/package-root.ts';

const described = SETTINGS.flatMap(({ settings }) => settings.map(({ name }) => name));

/** What is read, without the second spellings that the text explains once for all. */
const read = [...readSettings({}).names].filter((name, _, all) => {
  const isFileOfSecret = name.endsWith('_FILE') && all.includes(name.slice(0, -'_FILE'.length));
  return !isFileOfSecret && !name.startsWith(OLDER_NAMES.prefix);
});

it('every setting that is read is described, and no other', () => {
  expect([...described].sort()).toEqual([...read].sort());
});

it('every older name stands for a described one', () => {
  const older = [...readSettings({}).names].filter((name) => name.startsWith(OLDER_NAMES.prefix));
  expect(older.length).toBeGreaterThan(0);
  const newer = older.map((name) => name.replace(OLDER_NAMES.prefix, OLDER_NAMES.newer).replace(/_FILE$/, ''));
  expect(newer.filter((name) => !described.includes(name))).toEqual([]);
});

it('the help of the server names each', () => {
  const help = settingsAsText();
  expect(described.filter((name) => !help.includes(`  ${name} (`))).toEqual([]);
  expect(help.split('\n').filter((line) => line.length > 120)).toEqual([]);
});

it('docs/settings.md is what `npm run docs` writes', () => {
  expect(readFileSync(join(packageRoot, 'docs/settings.md'), 'utf8')).toBe(settingsAsMarkdown());
});
