// Comments name their proof, and every proof they name is in the repository: recordings, differences, decisions.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** Recordings by the name that comments use: `users-get`, `sso/oidc-flow`, `data/validation-emails`. */
const recordings = new Map(
  globSync('test/golden/**/*.json', { cwd: root }).map((file) => [
    file.replace(/^test\/golden\/(scenarios\/)?|\.json$/g, ''),
    read(file),
  ]),
);

interface Citation {
  file: string;
  name: string;
}

/** All that follows `Golden:` up to the end of the comment or the first word that is no recording, comma by comma. */
function citationsIn(file: string): Citation[] {
  // A comment may go on in the next line.
  const text = read(file).replace(/\n\s*(\*|\/\/)(?!\/) ?/g, ' ');
  return [...text.matchAll(/\bgolden:\s+([^)@;]*?)(?=[)@;]|\*\/|\.\s|\n|$)/gi)].flatMap(([, list = '']) =>
    list.split(/,\s*/).map((name) => ({ file, name: name.trim().replace(/\.$/, '') })),
  );
}

/** Whether a citation is a recording, one of its steps or cases, or `some-recordings-*`. */
function exists(name: string): boolean {
  if (recordings.has(name)) return true;
  if (name.endsWith('*')) return [...recordings.keys()].some((known) => known.startsWith(name.slice(0, -1)));
  const slash = name.lastIndexOf('/');
  const step = name.slice(slash + 1);
  return recordings.get(name.slice(0, slash))?.includes(`"${step}"`) === true;
}

const sources = globSync('{src,test,bench,scripts}/**/*.ts', { cwd: root }).filter(
  (file) => !file.endsWith('citations.test.ts'),
);

describe('what comments cite', () => {
  it('finds citations, and tells true ones from others', () => {
    expect(sources.flatMap(citationsIn).length).toBeGreaterThan(100);
    expect(['users-get', 'users-*', 'sso/oidc-flow', 'keys-list/own-expired-yes'].filter(exists)).toHaveLength(4);
    expect(['users-got', 'keys-list/nothing', 'nope-*', 'the documentation'].filter(exists)).toEqual([]);
  });

  it('are recordings below test/golden and steps in them', () => {
    const missing = sources.flatMap(citationsIn).filter(({ name }) => !exists(name));
    expect(missing.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  });

  it('are numbers in the list of deliberate differences', () => {
    const known = new Set([...read('docs/differences.md').matchAll(/^(\d+)\. /gm)].map(([, number]) => number));
    const cited = sources.flatMap((file) =>
      [...read(file).matchAll(/docs\/differences\.md (\d+)/g)].map(([, number]) => ({ file, number })),
    );
    expect(cited.length).toBeGreaterThan(10);
    expect(cited.filter(({ number }) => !known.has(number ?? ''))).toEqual([]);
  });

  it('are decision records that exist', () => {
    const cited = sources.flatMap((file) => [...read(file).matchAll(/docs\/decisions\/(\d{4})/g)].map(([, n]) => n));
    const missing = cited.filter((n) => globSync(`docs/decisions/${n}-*.md`, { cwd: root }).length === 0);
    expect(missing).toEqual([]);
  });

  it('cannot mean two decision records: each has a number of its own, which its title repeats', () => {
    const records = globSync('docs/decisions/*.md', { cwd: root });
    const numbers = records.map((file) => Number(/(\d{4})-[^/]*$/.exec(file)?.[1]));
    expect(records.map((file) => Number(/^# (\d+)\. /.exec(read(file))?.[1]))).toEqual(numbers);
    expect(new Set(numbers).size).toBe(records.length);
  });

  it('are files of this repository', () => {
    const paths = sources.flatMap((file) =>
      [
        ...read(file).matchAll(
          /(?:^|\s)(?:\/\/|\*).*?\b((?:src|docs|test|migrations)\/[\w./-]+\.(?:ts|md|sql|json))/gm,
        ),
      ].map(([, path = '']) => ({ file, path })),
    );
    expect(paths.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });
});
