// Runs once per test run: finds or starts a PostgreSQL server and migrates the template that test files clone.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { TestProject } from 'vitest/node';
import { endLeftovers } from '../../src/embedded-postgres/processes.ts';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/supervisor.ts';
import { withClient } from '../../src/postgres/client.ts';
import { migrate } from '../../src/store/migrate.ts';

export interface TestServer {
  /** URL of a database from which others may be created. */
  readonly adminUrl: string;
  /** The migrated database to clone. */
  readonly template: string;
  /** What the names of all databases of this run begin with. */
  readonly prefix: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestServer;
    /** A folder of the run, which every account may enter: for what one test file makes and others use. */
    shared: string;
  }
}

const FOLDER = 'coder-users-test-';

/** The URL of another database on the same server. */
export function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl.replace(/^postgres(ql)?:\/\/([^@/]*)@?\//, 'postgres://$2@localhost/'));
  url.pathname = `/${database}`;
  return url.href;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends the servers of test runs that were killed. */
async function endForgotten(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(FOLDER))) {
    if (isAlive(Number(name.slice(FOLDER.length).split('-')[0]))) continue;
    const folder = join(realpathSync(tmpdir()), name);
    await endLeftovers(join(folder, 'postgres'));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ownServer(): Promise<{ adminUrl: string; stop: () => Promise<void> }> {
  await endForgotten();
  const dataDir = mkdtempSync(join(tmpdir(), `${FOLDER}${process.pid}-`));
  // A root process hands Postgres to another account, which is to enter here.
  chmodSync(dataDir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir, log: pino({ level: 'silent' }), options: { fsync: false } });
  return {
    adminUrl: server.url,
    stop: async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function dropAll(adminUrl: string, prefix: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'select datname as name from pg_database where starts_with(datname, $1)',
      [prefix],
    );
    for (const { name } of rows) await client.query(`drop database if exists ${name} with (force)`);
  });
}

/** TEST_PG_URL names a server on which databases may be created; without it a private one is started. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_PG_URL;
  const { adminUrl, stop } = given === undefined ? await ownServer() : { adminUrl: given, stop: async () => undefined };
  const prefix = `test_${randomBytes(4).toString('hex')}_`;
  const template = `${prefix}template`;
  await withClient(adminUrl, (client) => client.query(`create database ${template} template template0`));
  await migrate(urlOf(adminUrl, template));
  project.provide('postgres', { adminUrl, template, prefix });
  const shared = mkdtempSync(join(tmpdir(), `${FOLDER}${process.pid}-`));
  chmodSync(shared, 0o755);
  project.provide('shared', shared);
  return async () => {
    rmSync(shared, { recursive: true, force: true });
    if (given !== undefined) await dropAll(adminUrl, prefix);
    await stop();
  };
}
