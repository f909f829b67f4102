// What a newcomer does: a fresh folder, a Node.js and an npm of some version, `npm ci`, `npm start`, first user, sign-in.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../../src/package-root.ts';
import { freePort } from './ports.ts';

/** What is at the top of a working folder and not in a checkout. */
const NOT_IN_A_CHECKOUT = new Set(['node_modules', 'dist', 'data', 'coverage', '.git']);
const START_MS = 120_000;
const STOP_MS = 30_000;

export type Environment = Record<string, string>;

/** A throw-away folder that every account can enter. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coder-users-newcomer-'));
  chmodSync(folder, 0o755);
  return folder;
}

/** Copies the sources as a checkout has them: nothing installed, nothing built. */
function checkOut(folder: string): void {
  for (const name of readdirSync(packageRoot)) {
    if (!NOT_IN_A_CHECKOUT.has(name)) cpSync(join(packageRoot, name), join(folder, name), { recursive: true });
  }
}

/** Set by npm for its scripts, by vitest for its workers, or for a server of somebody's own. */
const NOT_A_NEWCOMERS = /^(npm_(?!config_(cache|registry)$)|VITEST|CODER_|NODE_(ENV|OPTIONS|PATH|COMPILE_CACHE)$)/;

/** The environment of this machine without what our own npm script, launcher and test runner have put into it. */
export function plainEnvironment(): Environment {
  const env = Object.entries(process.env).filter(([name]) => !NOT_A_NEWCOMERS.test(name));
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return { ...(Object.fromEntries(env) as Environment), PATH: folders.join(delimiter) };
}

/** Runs a command to its end. @throws Error with its output when it fails */
export async function run(
  command: string,
  args: string[],
  cwd: string,
  env: Environment,
  account: { uid?: number; gid?: number } = {},
): Promise<string> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], ...account });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

/**
 * An environment in which `node` and `npm` have the wanted versions; without a version, the machine's own.
 * @param folder where they are installed from the registry
 */
async function withTools(folder: string, wanted: { node?: string; npm?: string }): Promise<Environment> {
  const env = plainEnvironment();
  const packages = [
    ...(wanted.node === undefined ? [] : [`node-${process.platform}-${process.arch}@${wanted.node}`]),
    ...(wanted.npm === undefined ? [] : [`npm@${wanted.npm}`]),
  ];
  if (packages.length === 0) return env;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  await run('npm', ['install', '--no-audit', '--no-fund', ...packages], folder, env);
  // npm's own launcher takes whatever npm is found from its Node.js, so both come through links of our own.
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const node = join(folder, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  const npm = join(folder, 'node_modules/npm/bin');
  const exec = (program: string, args: string) => `#!/bin/sh\nexec ${program} ${args} "$@"\n`;
  if (wanted.node !== undefined) writeFileSync(join(bin, 'node'), exec(`'${node}'`, ''), { mode: 0o755 });
  if (wanted.npm !== undefined) {
    writeFileSync(join(bin, 'npm'), exec('node', `'${join(npm, 'npm-cli.js')}'`), { mode: 0o755 });
    writeFileSync(join(bin, 'npx'), exec('node', `'${join(npm, 'npx-cli.js')}'`), { mode: 0o755 });
  }
  const first = wanted.node === undefined ? [bin] : [bin, dirname(node)];
  return { ...env, PATH: [...first, env.PATH].join(delimiter) };
}

async function post(url: string, body: object): Promise<Response> {
  return fetch(url, { method: 'POST', body: JSON.stringify(body) });
}

const OWNER = { email: 'ada@example.com', username: 'ada', password: 'SomeSecurePassword!' };

/** Asks until the server says that it lives. @returns milliseconds since `begun` */
async function firstAnswer(url: string, child: ChildProcess, begun: number, output: () => string): Promise<number> {
  while (performance.now() - begun < START_MS) {
    if (child.exitCode !== null) throw new Error(`the start ended with ${child.exitCode}:\n${output()}`);
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return performance.now() - begun;
    await delay(50);
  }
  throw new Error(`no answer within ${START_MS / 1000} s:\n${output()}`);
}

/** Whether any process of the group is left. */
function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts a server with `command`, makes the first user, signs in, reads the account back, and ends it with Ctrl-C, which
 * reaches every process of the terminal's group.
 * @param where `account`: the account to run under, as a root process may choose
 * @param meanwhile what else to do while the server runs, with its environment
 * @returns milliseconds until the first answer
 * @throws Error with the output when a step fails, or when the database is still there after the end
 */
export async function startAndSignIn(
  [command = '', ...args]: string[],
  where: { cwd: string; env: Environment; dataDir: string; account?: number | undefined },
  meanwhile: (env: Environment) => Promise<unknown> = async () => undefined,
): Promise<number> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const begun = performance.now();
  const env = { ...where.env, CODER_HTTP_ADDRESS: `127.0.0.1:${port}`, CODER_USERS_DATA_DIR: where.dataDir };
  const child = spawn(command, args, {
    cwd: where.cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(where.account !== undefined && { uid: where.account, gid: where.account }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const group = child.pid ?? 0;
  try {
    const taken = await firstAnswer(url, child, begun, () => output);
    const made = await post(`${url}/api/v2/users/first`, OWNER);
    if (made.status !== 201) throw new Error(`first user: ${made.status} ${await made.text()}\n${output}`);
    const login = await post(`${url}/api/v2/users/login`, OWNER);
    const { session_token = '' } = (await login.json()) as { session_token?: string };
    const me = await fetch(`${url}/api/v2/users/me`, { headers: { 'Coder-Session-Token': session_token } });
    const { username } = (await me.json()) as { username?: string };
    if (username !== OWNER.username) throw new Error(`sign-in: ${login.status}, ${me.status}\n${output}`);
    await meanwhile(env);
    return taken;
  } finally {
    if (groupLives(group)) process.kill(-group, 'SIGINT');
    // The database has a process group of its own; its pid file goes when it has ended.
    const isOver = () => !groupLives(group) && !existsSync(join(where.dataDir, 'postgres', 'postmaster.pid'));
    const deadline = performance.now() + STOP_MS;
    while (!isOver() && performance.now() < deadline) await delay(50);
    if (groupLives(group)) process.kill(-group, 'SIGKILL');
    // biome-ignore lint/correctness/noUnsafeFinally: what outlives Ctrl-C is what is to be told
    if (!isOver()) throw new Error(`the server or its database outlived Ctrl-C:\n${output}`);
  }
}

export interface Walk {
  readonly installSeconds: number;
  readonly firstAnswerSeconds: number;
}

/**
 * The whole way with one pair of versions, in a folder that is removed again.
 * @param check what else to run between the two commands, as npm scripts
 * @throws Error when a step fails, or npm complains of a Node.js version
 */
export async function walk(wanted: { node?: string; npm?: string }, check: string[] = []): Promise<Walk> {
  const scratch = scratchFolder();
  try {
    const env = await withTools(join(scratch, 'tools'), wanted);
    const cwd = join(scratch, 'checkout');
    checkOut(cwd);
    const begun = performance.now();
    const output = await run('npm', ['ci'], cwd, env);
    const installSeconds = (performance.now() - begun) / 1000;
    if (output.includes('EBADENGINE')) throw new Error(`npm complains:\n${output}`);
    for (const script of check) await run('npm', ['run', script], cwd, env);
    const firstAnswer = await startAndSignIn(['npm', 'start'], { cwd, env, dataDir: join(scratch, 'data') });
    return { installSeconds, firstAnswerSeconds: firstAnswer / 1000 };
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}
