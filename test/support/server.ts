// Real server processes, from the bundle that is shipped, each on a port of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inject } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

const folders: string[] = [];
const processes: ChildProcess[] = [];
/** What `scripts/build.ts` makes; test/support/built.ts sees to it that it is there. */
const PROGRAM = join(packageRoot, 'dist', 'main.js');

/** The path of a data directory that does not exist yet; removed when the file ends. */
export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coder-users-e2e-'));
  folders.push(folder);
  // A root process hands Postgres to another account, which is to enter here as it would in a usual place.
  chmodSync(folder, 0o755);
  return join(folder, 'data');
}

let prepared: Promise<string> | undefined;

/** What all copies are made from: the first file of the run that asks makes it. */
async function prepare(): Promise<string> {
  const shared = join(inject('shared'), 'data');
  if (existsSync(shared)) return shared;
  const original = dataFolder();
  await (await startServer({ CODER_USERS_DATA_DIR: original })).stop();
  try {
    renameSync(original, shared);
    return shared;
  } catch {
    // Another file was faster.
    return original;
  }
}

/** A data directory with a migrated database of its own: a copy, since making one takes a second or two. */
export async function preparedFolder(): Promise<string> {
  prepared ??= prepare();
  const folder = dataFolder();
  // Unlike Node's own copy this keeps the owner, which Postgres looks at.
  execFileSync('cp', ['-a', await prepared, folder]);
  return folder;
}

/** Ends what is left of the processes, and removes folders; for `afterAll`. */
export async function cleanUp(): Promise<void> {
  for (const child of processes) if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  for (const child of processes) await ended(child);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
}

/** Waits until `condition` gives something other than undefined or false. */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string,
  milliseconds = 20_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await delay(20);
  }
}

interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly finished: Promise<Finished>;
}

/** Starts the program in a folder that is not the package's. */
export function run(args: string[], env: Record<string, string> = {}, input = ''): Running {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, ...env },
    stdio: 'pipe',
  });
  processes.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, stdout: () => stdout, finished };
}

export interface RunningServer extends Running {
  readonly url: string;
  /** The lines of the log so far. */
  log(): { msg: string }[];
  stop(signal?: NodeJS.Signals): Promise<Finished>;
}

/** Starts a server and waits until it is ready. */
export async function startServer(env: Record<string, string>): Promise<RunningServer> {
  const running = run(['server'], { CODER_HTTP_ADDRESS: '127.0.0.1:0', ...env });
  const log = () =>
    running
      .stdout()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as { msg: string; address?: string });
  let failure: Finished | undefined;
  void running.finished.then((finished) => {
    failure = finished;
  });
  const url = await until(() => {
    if (failure) throw new Error(`the server did not start: ${failure.stderr}`);
    return log().find((line) => line.msg.startsWith('ready:'))?.address;
  }, 'the server is ready');
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    running.child.kill(signal);
    return running.finished;
  };
  return { ...running, url, log, stop };
}
