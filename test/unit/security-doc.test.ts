// docs/security.md: every requirement of ASVS 4.0.3 up to level 2 stands there once, and every test that it names exists.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/security.md'), 'utf8');

/** Section -> its requirements of levels 1 and 2; numbers that are missing are of level 3 or were taken out of the standard. */
const REQUIREMENTS: Record<string, string> = {
  '1.1': '1-7',
  '1.2': '1-4',
  '1.4': '1 4 5',
  '1.5': '1-4',
  '1.6': '1-4',
  '1.7': '1-2',
  '1.8': '1-2',
  '1.9': '1-2',
  '1.10': '1',
  '1.11': '1-2',
  '1.12': '2',
  '1.14': '1-6',
  '2.1': '1-12',
  '2.2': '1-3',
  '2.3': '1-3',
  '2.4': '1-5',
  '2.5': '1-7',
  '2.6': '1-3',
  '2.7': '1-6',
  '2.8': '1-7',
  '2.9': '1-3',
  '2.10': '1-4',
  '3.1': '1',
  '3.2': '1-4',
  '3.3': '1-4',
  '3.4': '1-5',
  '3.5': '1-3',
  '3.7': '1',
  '4.1': '1-3 5',
  '4.2': '1-2',
  '4.3': '1-3',
  '5.1': '1-5',
  '5.2': '1-8',
  '5.3': '1-10',
  '5.4': '1-3',
  '5.5': '1-4',
  '6.1': '1-3',
  '6.2': '1-6',
  '6.3': '1-2',
  '6.4': '1-2',
  '7.1': '1-4',
  '7.2': '1-2',
  '7.3': '1 3 4',
  '7.4': '1-3',
  '8.1': '1-4',
  '8.2': '1-3',
  '8.3': '1-8',
  '9.1': '1-3',
  '9.2': '1-4',
  '10.2': '1-2',
  '10.3': '1-3',
  '11.1': '1-8',
  '12.1': '1-3',
  '12.2': '1',
  '12.3': '1-6',
  '12.4': '1-2',
  '12.5': '1-2',
  '12.6': '1',
  '13.1': '1 3-5',
  '13.2': '1-3 5 6',
  '13.3': '1-2',
  '13.4': '1-2',
  '14.1': '1-4',
  '14.2': '1-6',
  '14.3': '2-3',
  '14.4': '1-7',
  '14.5': '1-4',
};

const numbers = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** `1-3 5` -> the numbers. */
const listed = (ranges: string) =>
  ranges.split(' ').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return numbers(first, last);
  });

/** The ids in the first column, `2.8.1-2.8.7` written out. */
const named = [...text.matchAll(/^\| (\d[^|]*)\|/gm)].flatMap(([, column = '']) =>
  column
    .trim()
    .split(', ')
    .flatMap((entry) => {
      const [first = '', last = first] = entry.split('-');
      const section = first.slice(0, first.lastIndexOf('.'));
      return listed([first, last].map((id) => id.split('.')[2]).join('-')).map((number) => `${section}.${number}`);
    }),
);

it('names every requirement once', () => {
  const wanted = Object.entries(REQUIREMENTS).flatMap(([section, ranges]) =>
    listed(ranges).map((number) => `${section}.${number}`),
  );
  expect(named.toSorted()).toEqual(wanted.toSorted());
});

it('names tests that exist', () => {
  const cited = new Set([...text.matchAll(/`([\w/-]+\.test\.ts)`/g)].map(([, path = '']) => path));
  expect(cited.size).toBeGreaterThan(40);
  expect([...cited].filter((path) => !existsSync(join(root, 'test', path)))).toEqual([]);
});
