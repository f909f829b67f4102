// Every recording below test/golden stands there once.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '../golden');
const read = (file: string): unknown => JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));

describe('recordings', () => {
  it('stand once, however they are laid out', () => {
    const files = globSync('**/*.json', { cwd: FOLDER }).sort();
    const first = new Map<string, string>();
    const twice: string[] = [];
    for (const file of files) {
      const content = JSON.stringify(read(file));
      const earlier = first.get(content);
      if (earlier === undefined) first.set(content, file);
      else twice.push(`${file} is ${earlier}`);
    }
    expect(files.length).toBeGreaterThan(80);
    expect(twice).toEqual([]);
  });
});
