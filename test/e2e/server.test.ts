// The server as a process: starting, stopping, being killed, and its embedded database with it.
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cleanUp, dataFolder, preparedFolder, run, startServer, until } from '../support/server.ts';

afterAll(cleanUp);

const FIRST_USER = { email: 'ada@example.com', username: 'ada', password: 'SomeSecurePassword!' };
const postmasterOf = (dataDir: string) =>
  Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
const setUp = (url: string) => fetch(`${url}/api/v2/users/first`, { method: 'POST', body: JSON.stringify(FIRST_USER) });
const isSetUp = async (url: string) => (await fetch(`${url}/api/v2/users/first`)).status === 200;

describe('start and stop', () => {
  test('a first start makes the database, a second start keeps its data', async () => {
    const env = { CODER_USERS_DATA_DIR: dataFolder() };
    const first = await startServer(env);
    expect(await (await fetch(`${first.url}/healthz`)).text()).toBe('OK');
    expect((await setUp(first.url)).status).toBe(201);
    // With port 0 links lead to the port that the system chose.
    const info = (await (await fetch(`${first.url}/api/v2/buildinfo`)).json()) as { dashboard_url: string };
    expect(info.dashboard_url).toBe(first.url);
    first.child.kill('SIGHUP');
    await until(() => first.log().some(({ msg }) => msg.startsWith('there are no certificates')), 'SIGHUP is told');
    expect(await isSetUp(first.url)).toBe(true);
    expect(await first.stop()).toMatchObject({ code: 0, stderr: '' });

    const second = await startServer(env);
    expect(await isSetUp(second.url)).toBe(true);
    await second.stop();
  });

  test('SIGTERM lets a request under way finish, takes no new one, ends Postgres, and does not wait for clients to hang up', async () => {
    const dataDir = await preparedFolder();
    const server = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    const postmaster = postmasterOf(dataDir);
    const { hostname, port } = new URL(server.url);
    const body = JSON.stringify(FIRST_USER);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    const head = `POST /api/v2/users/first HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`;
    socket.write(head);
    await until(() => answer.includes('100 Continue'), 'the server has begun to read the request');
    const started = Date.now();
    const stopped = server.stop();
    await until(() => server.log().some((line) => line.msg === 'SIGTERM: stopping'), 'the server stops');
    await expect(until(() => fetch(server.url).then(() => false), 'refused')).rejects.toThrow('fetch failed');
    socket.write(body);
    await until(() => answer.includes('user_id'), 'the request is answered');
    expect(answer).toContain('HTTP/1.1 201 Created');
    expect(await stopped).toMatchObject({ code: 0 });
    expect(Date.now() - started).toBeLessThan(3500);
    expect(() => process.kill(postmaster, 0)).toThrow('ESRCH');
  });

  test('SIGTERM ends the server within 8 s although a request never ends', async () => {
    const server = await startServer({ CODER_USERS_DATA_DIR: await preparedFolder() });
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write('POST /api/v2/users/first HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    const started = Date.now();
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(Date.now() - started).toBeLessThan(8000);
  });

  test('two signals at once, as npm and the terminal send them, are one; a later one ends the process, and Postgres still stops', async () => {
    const dataDir = await preparedFolder();
    const server = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    const postmaster = postmasterOf(dataDir);
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write('POST /api/v2/users/first HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    server.child.kill('SIGINT');
    server.child.kill('SIGTERM');
    await until(() => server.log().some((line) => line.msg.endsWith(': stopping')), 'the server stops');
    const started = Date.now();
    await until(() => Date.now() - started > 600 || server.child.exitCode !== null, 'a while has passed');
    expect(server.child.exitCode).toBeNull();
    expect(await server.stop('SIGINT')).toMatchObject({ code: 1 });
    expect(Date.now() - started).toBeLessThan(3000);
    await until(() => {
      try {
        process.kill(postmaster, 0);
        return !readFileSync(`/proc/${postmaster}/cmdline`, 'utf8');
      } catch {
        return true;
      }
    }, 'Postgres ends');
  });
});

describe('what a crash leaves', () => {
  test('after kill -9 the next start takes the running database over, and loses nothing', async () => {
    const dataDir = await preparedFolder();
    const killed = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    expect((await setUp(killed.url)).status).toBe(201);
    const postmaster = postmasterOf(dataDir);
    expect(await killed.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    expect(() => process.kill(postmaster, 0)).not.toThrow();

    const next = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    expect(await isSetUp(next.url)).toBe(true);
    expect(postmasterOf(dataDir)).not.toBe(postmaster);
    await next.stop();
  });

  test('a pid file whose number belongs to another program by now does not stop the start', async () => {
    const dataDir = await preparedFolder();
    const killed = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
    const content = readFileSync(pidFile, 'utf8');
    await killed.stop();
    writeFileSync(pidFile, content.replace(/^\d+/, String(process.pid)));
    const next = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    expect((await fetch(`${next.url}/healthz`)).status).toBe(200);
    await next.stop();
  });

  test('a killed first start is finished by the next one', async () => {
    const dataDir = dataFolder();
    const first = run(['server'], { CODER_USERS_DATA_DIR: dataDir, CODER_HTTP_ADDRESS: '127.0.0.1:0' });
    await until(() => first.stdout().includes('creating the database'), 'initdb begins');
    first.child.kill('SIGKILL');
    await first.finished;
    const next = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    expect((await setUp(next.url)).status).toBe(201);
    await next.stop();
  });

  test('Postgres killed under a running server is started again, and requests succeed again', async () => {
    const dataDir = await preparedFolder();
    const server = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    expect((await setUp(server.url)).status).toBe(201);
    const postmaster = postmasterOf(dataDir);
    process.kill(postmaster, 'SIGKILL');
    await until(
      () => server.log().some((line) => line.msg === 'the embedded database runs again'),
      'Postgres runs again',
    );
    await until(() => isSetUp(server.url), 'requests succeed');
    expect(postmasterOf(dataDir)).not.toBe(postmaster);
    expect(await server.stop()).toMatchObject({ code: 0 });
  });
});

describe('a start that cannot succeed ends with one plain line', () => {
  const refused = async (env: Record<string, string>, args = ['server']) => {
    const { code, stderr } = await run(args, { CODER_HTTP_ADDRESS: '127.0.0.1:0', ...env }).finished;
    expect(code).toBe(1);
    expect(stderr.trimEnd()).not.toContain('\n');
    return stderr;
  };

  test('a second server on the same data directory, while the first goes on', async () => {
    const dataDir = await preparedFolder();
    const server = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    expect(await refused({ CODER_USERS_DATA_DIR: dataDir })).toBe(
      `coder-users: Another server is running on the data directory ${dataDir}.\n`,
    );
    expect((await setUp(server.url)).status).toBe(201);
    await server.stop();
  });

  test('a port in use, with the setting to change', async () => {
    const dataDir = await preparedFolder();
    const server = await startServer({ CODER_USERS_DATA_DIR: dataDir });
    const { host } = new URL(server.url);
    const line = await refused({ CODER_USERS_DATA_DIR: await preparedFolder(), CODER_HTTP_ADDRESS: host });
    expect(line).toContain(`Cannot listen on ${host}: the address is in use by another program.`);
    expect(line).toContain('CODER_HTTP_ADDRESS');
    await server.stop();
  });

  test('data of another major version of PostgreSQL', async () => {
    const dataDir = await preparedFolder();
    await (await startServer({ CODER_USERS_DATA_DIR: dataDir })).stop();
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    expect(await refused({ CODER_USERS_DATA_DIR: dataDir })).toMatch(
      /belongs to PostgreSQL 17, this program brings PostgreSQL \d+/,
    );
  });

  test('a bad setting, by name', async () => {
    expect(await refused({ CODER_HTTP_ADDRESS: 'nowhere' })).toContain('CODER_HTTP_ADDRESS');
  });

  test('an external database with a wrong name or a refused connection, without the password', async () => {
    const line = await refused({ CODER_PG_CONNECTION_URL: 'mysql://kim:secret@db/coder' });
    expect(line).toContain('CODER_PG_CONNECTION_URL');
    expect(line).not.toContain('secret');
  });

  test('an unknown command or option has exit code 2 and points to the help', async () => {
    expect(await run(['servr']).finished).toMatchObject({
      code: 2,
      stderr: "coder-users: There is no command 'servr'. See coder-users --help.\n",
    });
    expect(await run(['migrate', '--force']).finished).toMatchObject({ code: 2 });
    const help = await run(['--help']).finished;
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const name of ['server', 'migrate', 'create-admin-user', 'reset-password', 'openapi'])
      expect(help.stdout).toContain(name);
  });
});
