// The image: what its Dockerfile makes starts for an account without rights, on an external database, and says that it lives.
import { rmSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildImage, nodeFolder } from '../support/dockerfile.ts';
import { plainEnvironment, run, scratchFolder, startAndSignIn } from '../support/newcomer.ts';
import { emptyDatabase } from '../support/postgres.ts';

const MINUTES = 60_000;

/** Nobody's, or the one that may use the socket of a database. */
function accountFor(databaseUrl: string): number {
  const folder = new URL(databaseUrl).searchParams.get('host');
  return folder === null ? 65_534 : statSync(folder).uid;
}

// The steps ask the registry, and give files to another account.
describe.runIf(process.env.CI && process.getuid?.() === 0)('the steps of the Dockerfile', () => {
  test(
    'make an image that serves a first user, for an account that cannot write to it',
    async () => {
      const scratch = scratchFolder();
      try {
        const bin = nodeFolder(scratch);
        const image = await buildImage(scratch, bin);
        const { url } = await emptyDatabase();
        const [command = '', ...args] = image.cmd;
        const cwd = join(image.root, image.workdir);
        const account = accountFor(url);
        const base = plainEnvironment();
        const env = { ...base, ...image.env, PATH: [bin, base.PATH].join(delimiter), CODER_PG_CONNECTION_URL: url };
        expect(account).not.toBe(0);
        await startAndSignIn(
          [command, ...args],
          { cwd, env, account, dataDir: join(scratch, 'unused') },
          async (server) => {
            const [check = '', ...checkArgs] = image.healthcheck;
            expect(await run(check, checkArgs, cwd, server, { uid: account })).toBe('OK\n');
          },
        );
        const link = join(image.root, 'usr/local/bin/coder-users');
        expect(await run(link, ['--version'], '/', env)).toMatch(/^\d+\.\d+\.\d+\n$/);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    },
    15 * MINUTES,
  );
});
