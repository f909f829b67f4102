// Starts the processes that a benchmark measures, each on a free port of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Running {
  url: string;
  stop(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await exit;
}

/** The bare Fastify route of bench/bare.ts. */
export async function startBare(): Promise<Running> {
  const child = spawn(process.execPath, ['bench/bare.ts'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve) =>
    child.stdout.once('data', (line: Buffer) => resolve(String(line).trim())),
  );
  return { url, stop: () => stopped(child) };
}

/** This product from its bundle, with an embedded database in a throw-away directory and without rate limits. */
export async function startProduct(): Promise<Running> {
  const dataDir = await mkdtemp(join(tmpdir(), 'coder-users-bench-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ['--max-semi-space-size=4', 'dist/main.js', 'server'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      UV_THREADPOOL_SIZE: '8',
      CODER_HTTP_ADDRESS: `127.0.0.1:${port}`,
      CODER_USERS_DATA_DIR: dataDir,
      CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true',
    },
  });
  const stop = async () => {
    await stopped(child);
    await rm(dataDir, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return { url, stop };
    await delay(100);
  }
  await stop();
  throw new Error('the server did not become ready within 30 s');
}
