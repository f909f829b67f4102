// node scripts/with-node.js COMMAND [ARGUMENT...]: runs a command with the project's own Node.js first on its PATH.
import { delimiter, dirname, join } from 'node:path';
import { become, findRuntime } from '../bin/runtime.js';

const [command = 'node', ...args] = process.argv.slice(2);
const { path, problem } = findRuntime();

if (problem !== undefined) {
  console.error(problem);
  process.exitCode = 1;
} else {
  const tools = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../node_modules/.bin');
  const PATH = [dirname(path), tools, process.env.PATH].join(delimiter);
  become(command, args, { env: { ...process.env, PATH } });
}
