// A hot standby: reads are served, writes are refused by name, and nothing is lost when it takes over.
import { afterAll, describe, expect, test } from 'vitest';
import { call, missing, OWNER, signIn, startLoad } from '../support/load.ts';
import { ownServer, systemPrograms } from '../support/own-postgres.ts';
import { cleanUp, startServer, until } from '../support/server.ts';

afterAll(cleanUp);

const programs = systemPrograms();
const MINUTES = { timeout: 300_000 };
const LIMITS = { CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true' };
const key = { CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64') };
const READ_ONLY = { message: 'The database is read-only right now.' };

// Without PostgreSQL's own programs on the system there is nothing to make a standby with.
describe.skipIf(programs === undefined)('a standby', () => {
  test('serves reads, refuses writes, and is not ready until it is promoted', MINUTES, async () => {
    const primary = await ownServer(programs ?? '');
    const atPrimary = await startServer({ CODER_PG_CONNECTION_URL: primary.url, ...LIMITS, ...key });
    await call(atPrimary.url, 'POST', '/api/v2/users/first', { body: OWNER });
    const token = await signIn(atPrimary.url);
    const standby = await primary.standby();
    const server = await startServer({ CODER_PG_CONNECTION_URL: standby.url, ...LIMITS, ...key });
    const users = await until(async () => {
      const answer = await call(server.url, 'GET', '/api/v2/users', { token });
      return answer.status === 200 ? answer : undefined;
    }, 'the session has arrived');
    expect(users.body.count).toBe(1);
    expect(await call(server.url, 'GET', '/readyz')).toMatchObject({ status: 503, body: READ_ONLY });
    const write = () =>
      call(server.url, 'PUT', '/api/v2/users/me/profile', { token, body: { username: 'ada', name: 'A' } });
    expect(await write()).toMatchObject({ status: 503, body: READ_ONLY });
    const login = await call(server.url, 'POST', '/api/v2/users/login', { body: OWNER });
    expect(login).toMatchObject({ status: 503, body: READ_ONLY });
    expect(await atPrimary.stop()).toMatchObject({ code: 0 });
    primary.crash();
    standby.promote();
    await until(async () => (await call(server.url, 'GET', '/readyz')).status === 200, 'the standby has taken over');
    expect(await write()).toMatchObject({ status: 200, body: { name: 'A' } });
    expect(await server.stop()).toMatchObject({ code: 0 });
  });

  test(
    'takes over under load: with both hosts in the URL no acknowledged write that it had is lost',
    MINUTES,
    async () => {
      const primary = await ownServer(programs ?? '');
      const standby = await primary.standby();
      const hosts = `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`;
      const url = `postgres://app@${hosts}/postgres?target_session_attrs=read-write`;
      const server = await startServer({ CODER_PG_CONNECTION_URL: url, ...LIMITS, ...key });
      await call(server.url, 'POST', '/api/v2/users/first', { body: OWNER });
      const token = await signIn(server.url);
      const load = startLoad(server.url, token, 4);
      await until(() => load.count() > 60, 'enough was written', 120_000);
      await load.stop();
      // All that was acknowledged has reached the standby before the primary is lost.
      const atStandby = await startServer({ CODER_PG_CONNECTION_URL: standby.url, ...LIMITS, ...key });
      await until(
        async () => (await missing(atStandby.url, token, load)).length === 0,
        'the standby has it all',
        60_000,
      );
      await atStandby.stop();
      const more = startLoad(server.url, token, 4);
      await until(() => more.count() > 5, 'writing goes on');
      primary.crash();
      standby.promote();
      const before = more.count();
      await until(() => more.count() > before + 20, 'writing goes on at the other server', 60_000);
      await more.stop();
      expect([...more.statuses.keys()].filter((status) => ![201, 503].includes(status))).toEqual([]);
      expect(await missing(server.url, token, load)).toEqual([]);
      expect(await call(server.url, 'GET', '/readyz')).toMatchObject({ status: 200 });
      expect(await server.stop()).toMatchObject({ code: 0 });
    },
  );
});
