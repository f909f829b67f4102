// PostgreSQL servers of the system's own programs, for tests that need what the embedded one has not: standbys.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { chooseAccount } from '../../src/embedded-postgres/account.ts';
import { freePort } from './ports.ts';

const INSTALLED = '/usr/lib/postgresql';
const NEEDED = ['initdb', 'pg_ctl', 'pg_basebackup'];

/** The folder of the newest PostgreSQL programs of the system; undefined without any that can make a standby. */
export function systemPrograms(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined;
  const folders = readdirSync(INSTALLED).map((version) => join(INSTALLED, version, 'bin'));
  return folders.filter((folder) => NEEDED.every((name) => existsSync(join(folder, name)))).at(-1);
}

export interface OwnServer {
  readonly port: number;
  readonly url: string;
  /** Copies this server into a standby that follows it. */
  standby(): Promise<OwnServer>;
  promote(): void;
  /** Stops it at once, as a crash does. */
  crash(): void;
}

/** Starts servers in a folder of their own; they end with the test. */
export async function ownServer(programs: string): Promise<OwnServer> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coder-users-own-')));
  chmodSync(folder, 0o755);
  const account = chooseAccount(folder, undefined);
  const as = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  const run = (name: string, ...args: string[]) =>
    execFileSync(join(programs, name), args, { ...as, cwd: folder, env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
  const started: string[] = [];
  onTestFinished(() => {
    for (const data of started)
      spawnSync(join(programs, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop'], { ...as, cwd: folder });
    rmSync(folder, { recursive: true, force: true });
  });
  if (account !== undefined) chownSync(folder, account.uid, account.gid);

  async function start(data: string): Promise<OwnServer> {
    const port = await freePort();
    appendFileSync(
      join(data, 'postgresql.conf'),
      `port = ${port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n`,
    );
    run('pg_ctl', '-D', data, '-l', join(data, 'log'), '-w', 'start');
    started.push(data);
    return {
      port,
      url: `postgres://app@127.0.0.1:${port}/postgres`,
      async standby() {
        const copy = `${data}-standby`;
        run('pg_basebackup', '-h', '127.0.0.1', '-p', String(port), '-U', 'app', '-D', copy, '-R', '-c', 'fast');
        return start(copy);
      },
      promote: () => void run('pg_ctl', '-D', data, '-w', 'promote'),
      crash: () => void run('pg_ctl', '-D', data, '-m', 'immediate', 'stop'),
    };
  }

  const data = join(folder, 'primary');
  mkdirSync(data);
  if (account !== undefined) chownSync(data, account.uid, account.gid);
  run('initdb', '-D', data, '-U', 'app', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync');
  return start(data);
}
