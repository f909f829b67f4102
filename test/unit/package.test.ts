// What package.json and the lockfile promise to every npm from 9 on.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

interface Entry {
  resolved?: string;
  engines?: object;
  hasInstallScript?: boolean;
}

const read = (name: string) => JSON.parse(readFileSync(join(packageRoot, name), 'utf8'));
const manifest = read('package.json') as { allowScripts: Record<string, boolean>; scripts: Record<string, string> };
const lock = read('package-lock.json') as { packages: Record<string, Entry> };
const entries = Object.entries(lock.packages).filter(([path]) => path !== '');
const paths = (wanted: (entry: Entry) => boolean) =>
  entries.filter(([, entry]) => wanted(entry)).map(([path]) => path.replace(/.*node_modules\//, ''));

it('no package in the lockfile asks for a Node.js of its own: npm would warn of it (npm run prepare)', () => {
  expect(paths(({ engines }) => engines !== undefined)).toEqual([]);
});

it('no package in the lockfile names a host', () => {
  expect(paths(({ resolved }) => resolved !== undefined)).toEqual([]);
});

it('every package with an install script is listed as reviewed', () => {
  const withScript = [...new Set(paths(({ hasInstallScript = false }) => hasInstallScript))];
  expect(withScript.filter((name) => !(name in manifest.allowScripts))).toEqual([]);
});

it('no script relies on a `node` that npm may or may not link', () => {
  for (const [name, script] of Object.entries(manifest.scripts)) {
    for (const command of script.split(' && ')) {
      expect(command, name).toMatch(/^(exec )?node (scripts\/[\w-]+|bin\/coder-users)\.js\b|^npm (run|test) /);
    }
  }
});
