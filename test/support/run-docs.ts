// Runs the marked blocks of a document: in a scratch folder, by one shell, against a server of their own.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import { type Block, blocksOf, DOCUMENTS, readDocument } from './docs.ts';
import { plainEnvironment } from './newcomer.ts';
import { freePort } from './ports.ts';
import { cloneDatabase, emptyDatabase } from './postgres.ts';
import { preparedFolder, startServer } from './server.ts';
import { setUp } from './set-up.ts';

/** Where the documents have the server. */
const ADDRESS = '127.0.0.1:3000';
const METRICS_ADDRESS = '127.0.0.1:2112';

const isPartOf = (name: string) => (block: Block) => block.test?.names.includes(name) === true;

/** Document and name of every test whose words pass. */
export function testsOf(wanted: (how: readonly string[]) => boolean): [string, string][] {
  return DOCUMENTS.flatMap((path) => {
    const tests = new Map<string, string[]>();
    for (const { test } of blocksOf(readDocument(path)))
      for (const name of test?.names ?? []) tests.set(name, [...(tests.get(name) ?? []), ...(test?.how ?? [])]);
    return [...tests].filter(([, how]) => wanted(how)).map(([name]): [string, string] => [path, name]);
  });
}

/** A folder with the program under the name that the documents give it. */
function programFolder(scratch: string): string {
  const bin = join(scratch, 'bin');
  mkdirSync(bin);
  const program = `#!/bin/sh\nexec '${process.execPath}' '${join(packageRoot, 'dist', 'main.js')}' "$@"\n`;
  writeFileSync(join(bin, 'coder-users'), program, { mode: 0o755 });
  return bin;
}

/**
 * Runs all blocks of one test of a document, in order.
 * A server runs at the address that the documents name, unless the block is marked `stopped`, on a database of its own:
 * beside the tests' others, or `embedded`. `owner` says that there is one, ada. NEW_DATABASE is the address of an empty one.
 * @returns what was printed
 * @throws Error with the output when a line fails
 */
export async function runBlocks(path: string, name: string): Promise<string> {
  const blocks = blocksOf(readDocument(path)).filter(isPartOf(name));
  const how = new Set(blocks.flatMap(({ test }) => test?.how ?? []));
  const scratch = mkdtempSync(join(tmpdir(), 'coder-users-docs-'));
  chmodSync(scratch, 0o755);
  const address = `127.0.0.1:${await freePort()}`;
  const metrics = `127.0.0.1:${await freePort()}`;
  const settings: Record<string, string> = {
    CODER_HTTP_ADDRESS: address,
    CODER_PROMETHEUS_ENABLE: 'true',
    CODER_PROMETHEUS_ADDRESS: metrics,
    ...(how.has('embedded')
      ? { CODER_USERS_DATA_DIR: await preparedFolder() }
      : {
          CODER_PG_CONNECTION_URL: (await cloneDatabase()).url,
          CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
        }),
  };
  const server = how.has('stopped') ? undefined : await startServer(settings);
  if (server && how.has('owner')) await setUp(server.url, 'ada');
  const text = blocks.map((block) => `: '${path}:${block.line}'\n${block.text}`).join('\n');
  const script = `${text.replaceAll(ADDRESS, address).replaceAll(METRICS_ADDRESS, metrics)}\n`;
  const base = plainEnvironment();
  const PATH = [programFolder(scratch), base.PATH].join(delimiter);
  const child = spawn('sh', ['-eux', '-c', script], {
    cwd: scratch,
    env: { ...base, ...settings, PATH, HOME: scratch, NEW_DATABASE: (await emptyDatabase()).url },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
  }
  try {
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(`${path}, ${name}: ended with ${code}\n${output}`);
    return output;
  } finally {
    await server?.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}
