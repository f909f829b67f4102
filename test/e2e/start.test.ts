// What a start says and refuses: one line when ready, one line when it cannot be, nothing left behind.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SETTINGS } from '../../src/config/documentation.ts';
import { packageRoot } from '../../src/package-root.ts';
import { withClient } from '../../src/postgres/client.ts';
import { newAuthority } from '../support/certificates.ts';
import { emptyDatabase } from '../support/postgres.ts';
import { cleanUp, dataFolder, preparedFolder, run, startServer } from '../support/server.ts';
import { pemFolder } from '../support/tls.ts';

afterAll(cleanUp);

const anywhere = { CODER_HTTP_ADDRESS: '127.0.0.1:0' };

describe('the log of a start', () => {
  test('says once that the server is ready, and ends with the signal and the end, in this order', async () => {
    const server = await startServer({ CODER_USERS_DATA_DIR: await preparedFolder() });
    expect(server.log().filter(({ msg }) => /listening|ready/i.test(msg))).toHaveLength(1);
    await server.stop();
    expect(
      server
        .log()
        .map(({ msg }) => msg)
        .slice(-2),
    ).toEqual(['SIGTERM: stopping', 'stopped']);
  });
});

describe('health', () => {
  test('follows the address that the server listens on, and fails when nobody answers there', async () => {
    const server = await startServer({ CODER_USERS_DATA_DIR: await preparedFolder(), CODER_HTTP_ADDRESS: '0.0.0.0:0' });
    const settings = { CODER_HTTP_ADDRESS: `0.0.0.0:${new URL(server.url).port}` };
    expect(await run(['health'], settings).finished).toMatchObject({ code: 0, stdout: 'OK\n', stderr: '' });
    await server.stop();
    const { code, stderr } = await run(['health'], settings).finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^coder-users: http:\/\/127\.0\.0\.1:\d+\/healthz does not answer: [^\n]+\n$/);
  });
});

describe('health of a server', () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  test.each([['on every address of the machine', ''], ...(hasIpv6 ? [['on an address of IPv6', '[::1]']] : [])])(
    '%s is found, with HTTPS and redirects beside it',
    async (_, host) => {
      const settings = {
        ...pemFolder().settings({ main: newAuthority().issue(['users.example']) }),
        CODER_ACCESS_URL: 'https://users.example',
        CODER_REDIRECT_TO_ACCESS_URL: 'true',
      };
      const dataDir = await preparedFolder();
      const server = await startServer({ ...settings, CODER_USERS_DATA_DIR: dataDir, CODER_HTTP_ADDRESS: `${host}:0` });
      const address = { ...settings, CODER_HTTP_ADDRESS: `${host}:${new URL(server.url).port}` };
      expect(await run(['health'], address).finished).toMatchObject({ code: 0, stdout: 'OK\n', stderr: '' });
      await server.stop();
      expect(await run(['health'], address).finished).toMatchObject({ code: 1, stdout: '' });
    },
  );
});

describe('help', () => {
  const WITHOUT_DATABASE = new Set(['openapi', 'health']);

  test('lists every command, each of which says what it does and shows how, on standard output, with exit code 0', async () => {
    const { stdout: overview } = await run(['--help']).finished;
    const names = [...overview.matchAll(/^ {2}(\S+(?: \S+)?) {2,}\S/gm)].map(([, name = '']) => name);
    expect(names).toEqual(expect.arrayContaining(['server', 'migrate', 'rotate']));
    const helps = await Promise.all(names.map((name) => run([...name.split(' '), '--help']).finished));
    for (const [at, name] of names.entries()) {
      expect(helps[at]).toMatchObject({ code: 0, stderr: '' });
      expect(helps[at]?.stdout).toContain(`Usage: coder-users ${name}`);
      expect(helps[at]?.stdout).toMatch(new RegExp(`^Examples:\n {2}coder-users ${name}`, 'm'));
      if (!WITHOUT_DATABASE.has(name)) expect(helps[at]?.stdout).toContain('--postgres-url URL');
    }
    const table = readFileSync(join(packageRoot, 'README.md'), 'utf8');
    expect(names.filter((name) => !new RegExp(`^\\| \`${name}[ \`]`, 'm').test(table))).toEqual([]);
  });

  test('of the server lists every setting', async () => {
    const { stdout } = await run(['server', '--help']).finished;
    const names = SETTINGS.flatMap(({ settings }) => settings.map(({ name }) => name));
    expect(names.filter((name) => !stdout.includes(`${name} (`))).toEqual([]);
  });

  test.each([
    [['migrate', '--force'], 'coder-users migrate --help'],
    [['server', 'rotate', '--force'], 'coder-users rotate --help'],
    [['--force'], 'coder-users server --help'],
    [['reset-password'], 'coder-users reset-password --help'],
    [['create-admin-user'], 'coder-users create-admin-user --help'],
    [['toString'], 'coder-users --help'],
    [['server', 'toString'], 'coder-users server --help'],
  ])('after wrong arguments (%j) it is named: %s', async (args, hint) => {
    const { code, stdout, stderr } = await run(args).finished;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^coder-users: [^\n]+\n$/);
    expect(stderr.trimEnd().endsWith(`See ${hint}.`)).toBe(true);
  });
});

describe('a start that cannot succeed', () => {
  const refused = async (env: Record<string, string>, args = ['server']) => {
    const { code, stderr } = await run(args, { ...anywhere, ...env }).finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^coder-users: [^\n]+\n$/);
    return stderr;
  };

  test.each(['/proc/coder-users', '/proc/self', '/sys/coder-users', '/dev/null', '/dev/null/data'])(
    'ends with the data directory %s',
    async (dataDir) => {
      const line = await refused({ CODER_USERS_DATA_DIR: dataDir });
      expect(line).toContain('CODER_USERS_DATA_DIR');
      expect(line).not.toContain('    at ');
    },
  );

  test('on an address in use makes no database first', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const dataDir = dataFolder();
    const line = await refused({ CODER_HTTP_ADDRESS: `127.0.0.1:${port}`, CODER_USERS_DATA_DIR: dataDir });
    expect(line).toContain(`Cannot listen on 127.0.0.1:${port}: the address is in use by another program.`);
    expect(existsSync(dataDir)).toBe(false);
    other.close();
  });
});

describe('rights in an external database', () => {
  const role = `start_test_${process.pid}`;
  let owner: string;
  let low: string;

  const asOwner = (sql: string) => withClient(owner, async (client) => (await client.query(sql)).rows);

  beforeAll(async () => {
    owner = (await emptyDatabase()).url;
    const url = new URL(owner);
    url.username = role;
    low = url.href;
    await asOwner(`create role ${role} login`);
  });
  afterAll(async () => {
    await asOwner(`drop owned by ${role}`);
    await asOwner(`drop role ${role}`);
  });

  const migrate = (url: string) => run(['migrate', '--postgres-url', url]).finished;

  test('migrate names the grants that are missing, does nothing without them, and needs no others', async () => {
    const grants = ['CREATE EXTENSION pg_trgm;', `GRANT USAGE, CREATE ON SCHEMA public TO ${role};`];
    expect(await migrate(low)).toMatchObject({
      code: 1,
      stderr: `coder-users: The database role lacks rights. As an administrator of the database: ${grants.join(' ')}\n`,
    });
    expect(await asOwner(`select from pg_tables where schemaname = 'public'`)).toEqual([]);
    for (const grant of grants) await asOwner(grant);
    expect(await migrate(low)).toMatchObject({ code: 0, stderr: '' });
  });

  test('the server names the tables that its role may not use', async () => {
    await asOwner(`reassign owned by ${role} to current_user`);
    await asOwner(`grant select on all tables in schema public to ${role}`);
    await asOwner('create table not_ours (id int)');
    const { code, stderr } = await run(['server', '--postgres-url', low], anywhere).finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^coder-users: The database role lacks rights\. [^\n]+\n$/);
    const [grant = ''] = /GRANT SELECT, INSERT, UPDATE, DELETE ON .* TO \w+;/.exec(stderr) ?? [];
    expect(grant).toContain(' users');
    expect(grant).not.toContain('not_ours');
    await asOwner(grant);
    const server = await startServer({ ...anywhere, CODER_PG_CONNECTION_URL: low });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    await server.stop();
  });

  test('the option takes the place of every other way to name a database', async () => {
    const elsewhere = 'postgres://nobody@127.0.0.1:1/nowhere';
    const env = { CODER_PG_CONNECTION_URL: elsewhere, CODER_PG_DIRECT_CONNECTION_URL: elsewhere };
    expect(await run(['migrate', '--postgres-url', owner], env).finished).toMatchObject({ code: 0 });
  });
});
