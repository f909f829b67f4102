// Proxies with the configurations of the operating guide: the real programs where they are installed, and what they send.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from './ports.ts';
import { until } from './server.ts';

/** Whether a program can be run here. */
export const isInstalled = (program: string): boolean => spawnSync(program, ['version']).error === undefined;

function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coder-users-proxy-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Whether something listens. */
const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** Runs a proxy until the test ends. @throws Error with what it said when it does not start */
async function startProgram(program: string, args: string[], folder: string, port: number): Promise<void> {
  const env = { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  await until(() => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`);
    return listens(port);
  }, `${program} listens`);
}

/** @throws Error with its output when a program does not accept its configuration */
function check(program: string, args: string[], folder: string): void {
  const { status, stderr, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder },
  });
  if (status !== 0) throw new Error(`${program} refuses the configuration:\n${stdout}${stderr}`);
}

const nginxFile = (server: string) => `
daemon off;
pid nginx.pid;
worker_processes 1;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
${server}
}
`;

/** nginx with a `server` block of the guide, without its TLS. @returns the port that it listens on */
export async function startNginx(block: string): Promise<number> {
  const folder = scratchFolder();
  const port = await freePort();
  const plain = block
    .replace(/listen 443 ssl[^;]*;/, `listen 127.0.0.1:${port};`)
    .replaceAll(/^\s*ssl_\w+ .*;\n/gm, '');
  writeFileSync(join(folder, 'nginx.conf'), nginxFile(plain));
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'];
  check('nginx', ['-t', ...args], folder);
  await startProgram('nginx', args, folder, port);
  return port;
}

/** Caddy with a site of the guide, without its TLS. @returns the port that it listens on */
export async function startCaddy(site: string): Promise<number> {
  const folder = scratchFolder();
  const port = await freePort();
  writeFileSync(join(folder, 'Given'), `${site}\n`);
  check('caddy', ['adapt', '--adapter', 'caddyfile', '--config', join(folder, 'Given')], folder);
  const plain = site.replace(/^\S+ \{/, `http://:${port} {`);
  writeFileSync(join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https off\n}\n${plain}\n`);
  await startProgram('caddy', ['run', '--adapter', 'caddyfile', '--config', 'Caddyfile'], folder, port);
  return port;
}

/** What a proxy makes of a client's headers. */
export type Rewrite = (headers: IncomingHttpHeaders, clientAddress: string) => IncomingHttpHeaders;

/** What the `proxy_set_header` lines of an nginx configuration make. @throws Error for a variable that is not known here */
export function nginxHeaders(block: string): Rewrite {
  const lines = [...block.matchAll(/proxy_set_header (\S+) (\S+);/g)];
  return (headers, address) => {
    const values: Record<string, string | undefined> = {
      $http_host: headers.host,
      $remote_addr: address,
      $scheme: 'https',
      '""': '',
    };
    const set = lines.map(([, name = '', value = '']) => {
      if (!(value in values)) throw new Error(`what ${value} is, is not known here`);
      return [name.toLowerCase(), values[value]];
    });
    return { ...headers, ...Object.fromEntries(set) };
  };
}

/** As their documentation has it for clients that are no trusted proxies: what a client sent is replaced. */
export const caddyHeaders: Rewrite = (headers, address) => ({
  ...headers,
  'x-forwarded-for': address,
  'x-forwarded-proto': 'https',
  'x-forwarded-host': headers.host,
});
export const traefikHeaders: Rewrite = (headers, address) => ({
  ...caddyHeaders(headers, address),
  'x-forwarded-port': '443',
  'x-forwarded-server': 'traefik',
  'x-real-ip': address,
});

/** A proxy of our own that sends what `rewrite` makes. @returns the port that it listens on */
export async function startRewriter(target: string, rewrite: Rewrite): Promise<number> {
  const server = createServer({ maxHeaderSize: 65_536 }, (incoming, outgoing) => {
    const { method, url, headers, socket } = incoming;
    const options = { method, path: url, headers: rewrite(headers, socket.remoteAddress ?? ''), setHost: false };
    const onward = request(target, options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}
