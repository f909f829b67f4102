// The embedded database in places where a database does not like to be.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { runningEmbeddedUrl, startEmbeddedPostgres } from '../../src/embedded-postgres/supervisor.ts';
import { withClient } from '../../src/postgres/client.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coder-users-places-')));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const log = pino({ level: 'silent' });
const start = (dataDir: string) => startEmbeddedPostgres({ dataDir, log, options: { fsync: false } });

/** The folder of the socket, from the URL. */
const socketFolderOf = (url: string) => new URL(url.replace('@/', '@x/')).searchParams.get('host') ?? '';

const answer = (url: string) =>
  withClient(
    url,
    async (client) => (await client.query("select lower('ÄÖ') as folded, 'ä' ilike 'Ä' as alike")).rows[0],
  );

test('it folds letters beyond ASCII, listens on its socket alone, and only its account may enter there', async () => {
  const server = await start(join(folder, 'plain'));
  expect(await answer(server.url)).toEqual({ folded: 'äö', alike: true });
  const settings = await withClient(
    server.url,
    async (client) => (await client.query('show listen_addresses')).rows[0],
  );
  expect(settings).toEqual({ listen_addresses: '' });
  expect(statSync(socketFolderOf(server.url)).mode & 0o777).toBe(0o700);
  expect(socketFolderOf(server.url)).toBe(join(folder, 'plain', 'run'));
  await server.stop();
});

test('a path too long for a socket gets a private folder elsewhere', async () => {
  const server = await start(join(folder, 'long'.repeat(40)));
  expect(await answer(server.url)).toEqual({ folded: 'äö', alike: true });
  const socketFolder = socketFolderOf(server.url);
  expect(socketFolder.startsWith(folder)).toBe(false);
  expect(statSync(socketFolder).mode & 0o777).toBe(0o700);
  await server.stop();
  expect(existsSync(socketFolder)).toBe(false);
});

test('a data directory below a folder that nobody else may enter works, as root too', async () => {
  const closed = join(folder, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o700);
  const dataDir = join(closed, 'data');
  const first = await start(dataDir);
  await withClient(first.url, (client) => client.query('create table kept (id int); checkpoint'));
  await first.stop();
  const second = await start(dataDir);
  await withClient(second.url, (client) => client.query('select * from kept'));
  await second.stop();
});

test('its directory is locked while it runs, and free again afterwards', async () => {
  const dataDir = join(folder, 'locked');
  expect(await runningEmbeddedUrl(dataDir)).toBeUndefined();
  const server = await start(dataDir);
  await expect(start(dataDir)).rejects.toThrow(`Another server is running on the data directory ${dataDir}.`);
  expect(await runningEmbeddedUrl(dataDir)).toBe(server.url);
  await server.stop();
  expect(await runningEmbeddedUrl(dataDir)).toBeUndefined();
  await (await start(dataDir)).stop();
});
