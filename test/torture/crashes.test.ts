// Crashes under load: whatever is killed, every acknowledged write is there afterwards, its audit entry included.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { call, missing, OWNER, signIn, startLoad } from '../support/load.ts';
import { cleanUp, preparedFolder, type RunningServer, startServer, until } from '../support/server.ts';

afterAll(cleanUp);

const ENOUGH = 150;
const MINUTES = { timeout: 300_000 };

async function setUp(): Promise<{
  env: Record<string, string>;
  server: RunningServer;
  token: string;
  dataDir: string;
}> {
  const dataDir = await preparedFolder();
  const env = { CODER_USERS_DATA_DIR: dataDir, CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true' };
  const server = await startServer(env);
  await call(server.url, 'POST', '/api/v2/users/first', { body: OWNER });
  return { env, server, token: await signIn(server.url), dataDir };
}
const postmasterOf = (dataDir: string) =>
  Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
const answered = (statuses: ReadonlyMap<number, number>) => [...statuses.keys()].sort((a, b) => a - b);

test('kill -9 of the server, three times in a row', MINUTES, async () => {
  const { env, server: first, token } = await setUp();
  let server = first;
  const load = startLoad(server.url, token);
  for (let round = 1; round <= 3; round++) {
    await until(() => load.count() > round * ENOUGH, 'enough was written', 120_000);
    await server.stop('SIGKILL');
    server = await startServer(env);
    load.to(server.url);
  }
  await load.stop();
  expect(answered(load.statuses).filter((status) => ![0, 201].includes(status))).toEqual([]);
  expect(await missing(server.url, token, load)).toEqual([]);
  await server.stop();
});

test('kill -9 of Postgres, three times in a row', MINUTES, async () => {
  const { server, token, dataDir } = await setUp();
  const load = startLoad(server.url, token);
  for (let round = 1; round <= 3; round++) {
    await until(() => load.count() > round * ENOUGH, 'enough was written', 120_000);
    const postmaster = postmasterOf(dataDir);
    process.kill(postmaster, 'SIGKILL');
    await until(
      async () => (await call(server.url, 'GET', '/readyz')).status === 200 && postmasterOf(dataDir) !== postmaster,
      'Postgres runs again',
      120_000,
    );
  }
  await load.stop();
  expect(answered(load.statuses).filter((status) => ![201, 503].includes(status))).toEqual([]);
  expect(await missing(server.url, token, load)).toEqual([]);
  expect(await server.stop()).toMatchObject({ code: 0 });
});

test(
  'an orderly restart during a storm of logins and writes: who was answered with a session has one',
  MINUTES,
  async () => {
    const { env, server: first, token } = await setUp();
    let server = first;
    const load = startLoad(server.url, token);
    const sessions: string[] = [];
    const refused = new Set<number>();
    let storming = true;
    const storm = Array.from({ length: 8 }, async () => {
      while (storming) {
        const { status, body } = await call(server.url, 'POST', '/api/v2/users/login', { body: OWNER });
        if (status === 201) sessions.push(String(body.session_token));
        else refused.add(status);
      }
    });
    for (let round = 1; round <= 2; round++) {
      await until(() => sessions.length > round * 20 && load.count() > round * 40, 'the storm blows', 120_000);
      const begun = Date.now();
      expect(await server.stop()).toMatchObject({ code: 0 });
      expect(Date.now() - begun).toBeLessThan(8000);
      server = await startServer(env);
      load.to(server.url);
    }
    storming = false;
    await Promise.all([...storm, load.stop()]);
    expect([...refused].filter((status) => ![0, 503].includes(status))).toEqual([]);
    expect(answered(load.statuses).filter((status) => ![0, 201, 503].includes(status))).toEqual([]);
    for (const session of sessions)
      expect((await call(server.url, 'GET', '/api/v2/users/me', { token: session })).status).toBe(200);
    expect(await missing(server.url, token, load)).toEqual([]);
    await server.stop();
  },
);
