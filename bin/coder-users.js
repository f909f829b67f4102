#!/usr/bin/env node
// The program for whatever Node.js starts it: hands over to the one that it needs, or says in one line what to install.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { become, findRuntime } from './runtime.js';

const main = new URL('../dist/main.js', import.meta.url);
const { path, problem } = findRuntime();

if (problem !== undefined) {
  console.error(problem);
  process.exitCode = 1;
} else if (!existsSync(main)) {
  console.error('coder-users is not built yet: npm run build');
  process.exitCode = 1;
} else if (path === process.execPath) {
  await import(main.href);
} else {
  // Keeps the memory under load small at no loss of speed.
  become(path, ['--max-semi-space-size=4', fileURLToPath(main), ...process.argv.slice(2)], { tied: true });
}
