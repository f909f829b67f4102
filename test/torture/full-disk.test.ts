// A full disk: writes are refused by name, reads go on, and all is well again when there is space. Needs to mount a tmpfs.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { call, missing, OWNER, signIn, startLoad } from '../support/load.ts';
import { cleanUp, startServer, until } from '../support/server.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coder-users-disk-')));
const mounted = spawnSync('/usr/bin/mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=0755', 'tmpfs', folder]).status === 0;
chmodSync(folder, 0o755);

afterAll(async () => {
  await cleanUp();
  if (mounted) execFileSync('/usr/bin/umount', [folder]);
  rmdirSync(folder);
});

/** Fills the disk but for some pages. */
function fill(): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - 64 * 1024)));
}

// Only root may mount, and not in every container.
test.skipIf(!mounted)('a full disk under load', { timeout: 300_000 }, async () => {
  const server = await startServer({
    CODER_USERS_DATA_DIR: join(folder, 'data'),
    CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true',
  });
  await call(server.url, 'POST', '/api/v2/users/first', { body: OWNER });
  const token = await signIn(server.url);
  const load = startLoad(server.url, token, 4);
  await until(() => load.count() > 50, 'enough was written', 60_000);
  fill();
  await until(() => (load.statuses.get(503) ?? 0) > 3, 'writes are refused', 120_000);
  const said = await until(async () => {
    const { status, body } = await call(server.url, 'GET', '/readyz');
    return status === 503 && String(body.message);
  }, 'the server says that it is not ready');
  // Without space for its own log Postgres stops altogether; else it says what it lacks.
  expect(['The database is out of space.', 'The database cannot be reached right now.']).toContain(said);
  rmSync(join(folder, 'filler'));
  await until(async () => (await call(server.url, 'GET', '/readyz')).status === 200, 'there is space again', 120_000);
  const before = load.count();
  await until(() => load.count() > before + 20, 'writing goes on', 60_000);
  await load.stop();
  expect([...load.statuses.keys()].filter((status) => ![201, 503].includes(status))).toEqual([]);
  expect(await missing(server.url, token, load)).toEqual([]);
  expect(await server.stop()).toMatchObject({ code: 0 });
});
