// Schemathesis reads the contract document and tries the built server with what it makes of it: nothing is a server error.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { fodder } from '../support/fodder.ts';
import { cleanUp, preparedFolder, startServer } from '../support/server.ts';
import { setUp } from '../support/set-up.ts';

const TOOL = 'schemathesis==4.32.5';
const SECONDS = Number(process.env.SCHEMATHESIS_SECONDS ?? 300);
/** These end the key that the tool works with. */
const ENDS_ITS_KEY = '/users/logout|/keys/expire-all';

const folder = mkdtempSync(join(tmpdir(), 'coder-users-schemathesis-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cleanUp();
});
const execute = promisify(execFile);

/** Installs the tool into an environment of its own; the reason if that does not work. */
async function install(): Promise<string | undefined> {
  try {
    await execute('python3', ['-m', 'venv', folder]);
    await execute(join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', TOOL]);
    return undefined;
  } catch (err) {
    return `${TOOL} cannot be installed: ${String((err as { stderr?: string }).stderr ?? err).slice(-300)}`;
  }
}

/** Runs the tool; what it printed, and whether it found nothing. */
async function run(args: string[]): Promise<{ output: string; isClean: boolean }> {
  try {
    const { stdout } = await execute(join(folder, 'bin', 'schemathesis'), args, { cwd: folder, maxBuffer: 2 ** 28 });
    return { output: stdout, isClean: true };
  } catch (err) {
    const { stdout = '', stderr = String(err) } = err as { stdout?: string; stderr?: string };
    return { output: stdout + stderr, isClean: false };
  }
}

test('schemathesis finds no server error', { timeout: (SECONDS + 600) * 1000 }, async ({ skip }) => {
  const obstacle = await install();
  if (obstacle) skip(obstacle);
  const server = await startServer({
    CODER_USERS_DATA_DIR: await preparedFolder(),
    CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true',
  });
  const { keys } = await fodder(server.url, await setUp(server.url))();
  const { output, isClean } = await run([
    ...['run', join(packageRoot, 'openapi', 'openapi.json'), '--url', server.url],
    ...['--header', `Coder-Session-Token: ${keys.owner}`, '--exclude-path-regex', ENDS_ITS_KEY],
    ...['--checks', 'not_a_server_error', '--phases', 'coverage,fuzzing', '--max-time', String(SECONDS), '--seed', '8'],
    ...['--workers', '2', '--continue-on-failure', '--suppress-health-check', 'all', '--generation-database', 'none'],
    ...['--no-color', '--warnings', 'off'],
  ]);
  console.log(output.slice(-3000));
  expect(isClean, output.slice(-20_000)).toBe(true);
  const me = await fetch(`${server.url}/api/v2/users/me`, { headers: { 'coder-session-token': keys.owner } });
  expect(me.status).toBe(200);
});
