// The package as npm packs it: what is in it, that it runs with its own dependencies alone, from a folder that it cannot
// write, for another account; and, in continuous integration, from the registry and with the npm versions that failed once.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot, programVersion } from '../../src/package-root.ts';
import { plainEnvironment, run, scratchFolder, startAndSignIn, walk } from '../support/newcomer.ts';

const MINUTES = 60_000;
/** The account of nobody, where a root process may choose. */
const NOBODY = process.getuid?.() === 0 ? 65_534 : undefined;

const env = plainEnvironment();
let scratch: string;
let tarball: string;
let files: string[];

beforeAll(async () => {
  scratch = scratchFolder();
  const output = await run('npm', ['pack', '--json', '--silent', '--pack-destination', scratch], packageRoot, env);
  const json = JSON.parse(output.slice(output.search(/[[{]\s*(?:"|\{)/))) as object;
  // Newer npm versions key the list by the package's name.
  const [packed] = Object.values(json) as [{ filename: string; files: { path: string }[] }];
  tarball = join(scratch, packed.filename);
  files = packed.files.map(({ path }) => path);
}, 2 * MINUTES);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A folder with the package and its dependencies as npm installs them, none of the development packages among them. */
async function installed(): Promise<string> {
  const folder = scratchFolder();
  const target = join(folder, 'node_modules', 'coder-users');
  mkdirSync(target, { recursive: true });
  await run('tar', ['xzf', tarball, '--strip-components=1', '-C', target], scratch, env);
  const lock = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  for (const [path, { dev = false }] of Object.entries(lock.packages)) {
    if (path === '' || dev || !existsSync(join(packageRoot, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(packageRoot, path), join(folder, path), { recursive: true, verbatimSymlinks: true });
  }
  return folder;
}

test('holds what it needs to run and no sources', () => {
  for (const file of [
    'bin/coder-users.js',
    'bin/runtime.js',
    'dist/main.js',
    'dist/program.js',
    'dist/licences.txt',
    'openapi/openapi.json',
    'migrations/meta/_journal.json',
    'LICENSE',
    'README.md',
  ]) {
    expect(files).toContain(file);
  }
  expect(files.filter((file) => /\.ts$|^(src|test|scripts|bench|node_modules|data)\/|dist\/cache/.test(file))).toEqual(
    [],
  );
});

test('the bundle names the licence of every package in it', () => {
  const text = readFileSync(join(packageRoot, 'dist', 'licences.txt'), 'utf8');
  for (const name of ['fastify', 'zod', 'drizzle-orm', 'pg', 'pino'])
    expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
});

describe('installed, with nothing but its dependencies', () => {
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = await installed();
    program = join(folder, 'node_modules', 'coder-users', 'bin', 'coder-users.js');
    // Nobody may write there; for root that holds for the account that is used instead.
    await run('chmod', ['-R', 'a-w', folder], '/', env);
  }, 2 * MINUTES);
  afterAll(async () => {
    await run('chmod', ['-R', 'u+w', folder], '/', env);
    rmSync(folder, { recursive: true, force: true });
  });

  test(
    'starts for an account that may only read it, and makes the first user',
    async () => {
      const home = scratchFolder();
      try {
        if (NOBODY !== undefined) await run('chown', [String(NOBODY), home], '/', env);
        await startAndSignIn(['node', program, 'server'], {
          cwd: '/',
          env: { ...env, HOME: home },
          dataDir: join(home, 'data'),
          account: NOBODY,
        });
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    },
    3 * MINUTES,
  );

  const ended = (args: string[], signalAfter?: RegExp, signal: NodeJS.Signals = 'SIGTERM') =>
    new Promise<{ code: number | null; output: string }>((resolve, reject) => {
      const child = spawn('node', [program, ...args], {
        cwd: '/',
        env: { ...env, CODER_HTTP_ADDRESS: '127.0.0.1:0', CODER_USERS_DATA_DIR: join(scratch, 'data') },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          if (signalAfter?.test(output)) child.kill(signal);
        });
      }
      child.on('error', reject).on('close', (code) => resolve({ code, output }));
    });

  test(
    'hands exit codes on',
    async () => {
      expect(await ended(['--version'])).toEqual({ code: 0, output: `${programVersion()}\n` });
      expect((await ended(['nonsense'])).code).toBe(2);
      expect((await ended(['reset-password', 'nobody', '--postgres-url', 'postgres://127.0.0.1:1/x'])).code).toBe(1);
    },
    MINUTES,
  );

  test(
    'ends with its launcher, also when that is killed',
    async () => {
      // The output closes when the last process that has it ends.
      const { code, output } = await ended(['server'], /"ready:/, 'SIGKILL');
      expect(code).toBeNull();
      expect(output).toContain('SIGTERM: stopping');
      expect(output).toContain('"stopped"');
    },
    2 * MINUTES,
  );

  test(
    'hands SIGTERM on: the server stops in order',
    async () => {
      const { code, output } = await ended(['server'], /"ready:/);
      // With port 0 the system chose one.
      expect(output).toMatch(/"ready: open http:\/\/127\.0\.0\.1:[1-9]\d* /);
      expect(output).toContain('SIGTERM: stopping');
      expect(code).toBe(0);
    },
    2 * MINUTES,
  );
});

// These ask the registry, and mostly wait for it.
describe.runIf(process.env.CI).concurrent('from the registry', () => {
  test(
    'npx coder-users in an empty folder serves a first user',
    async () => {
      const folder = scratchFolder();
      try {
        const output = await run('npm', ['install', '--no-save', tarball], folder, env);
        expect(output).not.toContain('EBADENGINE');
        await startAndSignIn(['npx', 'coder-users'], { cwd: folder, env, dataDir: join(folder, 'data') });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    10 * MINUTES,
  );

  test.each([
    { npm: '10.8.2', checks: ['typecheck'] },
    { npm: '11.6.2', checks: [] },
  ])(
    'a fresh checkout with npm $npm: npm ci, npm start, first user, sign-in',
    async ({ npm, checks }) => {
      const { installSeconds, firstAnswerSeconds } = await walk({ npm }, checks);
      console.log(`npm ${npm}: npm ci ${installSeconds.toFixed(1)} s, first answer ${firstAnswerSeconds.toFixed(1)} s`);
    },
    15 * MINUTES,
  );
});
