// Backups under load, again and again, and restores that are killed at any moment.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { withClient } from '../../src/postgres/client.ts';
import { call, missing, OWNER, signIn, startLoad } from '../support/load.ts';
import { emptyDatabase } from '../support/postgres.ts';
import { cleanUp, dataFolder, preparedFolder, run, startServer, until } from '../support/server.ts';

afterAll(cleanUp);

const MINUTES = { timeout: 600_000 };
const WRITES_A_SECOND = 200;

async function loaded() {
  const dataDir = await preparedFolder();
  const env = { CODER_USERS_DATA_DIR: dataDir, CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true' };
  const server = await startServer(env);
  await call(server.url, 'POST', '/api/v2/users/first', { body: OWNER });
  const token = await signIn(server.url);
  return { dataDir, env, server, token };
}

test(
  'five backups beside as many writes as the server takes: what was answered before each is in it',
  MINUTES,
  async () => {
    const { dataDir, env, server, token } = await loaded();
    const load = startLoad(server.url, token, 16);
    const started = performance.now();
    for (let round = 1; round <= 5; round++) {
      await until(() => load.count() > round * 400, 'enough was written', 120_000);
      const before = load.acknowledged();
      const file = join(dirname(dataDir), `${round}.sql.gz`);
      expect(await run(['backup', '--with-keys', '--output', file], env).finished).toMatchObject({ code: 0 });
      const elsewhere = dataFolder();
      expect(await run(['restore', file], { CODER_USERS_DATA_DIR: elsewhere }).finished).toMatchObject({ code: 0 });
      const copy = await startServer({ ...env, CODER_USERS_DATA_DIR: elsewhere });
      expect(await missing(copy.url, token, before)).toEqual([]);
      expect(await signIn(copy.url)).not.toBe('undefined');
      await copy.stop();
    }
    const rate = load.count() / ((performance.now() - started) / 1000);
    await load.stop();
    console.log(`${Math.round(rate)} writes a second (${WRITES_A_SECOND} are asked for on an idle machine)`);
    expect([...load.statuses.keys()]).toEqual([201]);
  },
);

test('restores that are killed leave nothing', MINUTES, async () => {
  const { dataDir, env, server, token } = await loaded();
  const load = startLoad(server.url, token, 16);
  await until(() => load.count() > 1000, 'enough was written', 120_000);
  await load.stop();
  const file = join(dirname(dataDir), 'killed.sql.gz');
  await run(['backup', '--output', file], env).finished;
  const keys = readFileSync(join(dataDir, 'encryption-keys'), 'utf8').trim();
  const { url } = await emptyDatabase();
  const to = { CODER_PG_CONNECTION_URL: url, CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: keys };
  const tables = async () =>
    Number(
      (
        await withClient(url, (client) =>
          client.query(`select count(*) as n from pg_tables where schemaname = 'public'`),
        )
      ).rows[0].n,
    );
  let killed = 0;
  for (let pause = 150; ; pause += 50) {
    const restoring = run(['restore', file], to);
    await Promise.race([delay(pause), restoring.finished]);
    restoring.child.kill('SIGKILL');
    const { code } = await restoring.finished;
    // Killed between its commit and its end it leaves everything: the server below says whether that is so.
    if (code === 0 || (await tables()) > 0) break;
    killed += 1;
  }
  expect(killed).toBeGreaterThan(2);
  const copy = await startServer(to);
  expect(await missing(copy.url, token, load)).toEqual([]);
});
