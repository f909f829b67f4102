// After npm ci and npm install: makes the lockfile one that no npm complains about, and builds where that is possible.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { become, findRuntime } from '../bin/runtime.js';

/**
 * npm warns of each package that says it needs a newer Node.js than the one that runs npm. Ours run on the Node.js that
 * comes along, whatever runs npm: what they say about it is left out of the lockfile, and there is nothing to warn of.
 */
function dropEngines() {
  const file = new URL('../package-lock.json', import.meta.url);
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const entries = Object.entries(lock.packages).filter(([path, { engines }]) => path !== '' && engines !== undefined);
  for (const [, entry] of entries) delete entry.engines;
  if (entries.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}

dropEngines();
const { path, problem } = findRuntime();
if (problem !== undefined) {
  // No failure: what is installed may be for something else than running the program.
  console.error(problem);
} else {
  become(path, [fileURLToPath(new URL('build.ts', import.meta.url)), '--if-possible']);
}
