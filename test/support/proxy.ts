// A listener of our own in front of the test database: it can refuse, cut and hold connections, and see start-up packets.
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, onTestFinished } from 'vitest';

/** What a client sends that would like to speak TLS. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Where the test database listens: a socket in a folder, or host and port with TEST_PG_URL. */
function upstreamOf(url: string): { path: string } | { host: string; port: number } {
  const { hostname, port, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? hostname;
  return host.startsWith('/') ? { path: join(host, '.s.PGSQL.5432') } : { host, port: Number(port || 5432) };
}

export interface DatabaseProxy {
  /** The URL of the same database through the proxy. */
  readonly url: string;
  readonly port: number;
  /** How many connections are open. */
  open(): number;
  /** How many connections were encrypted so far. */
  encrypted(): number;
  /** Cuts every connection, and refuses new ones until `restore`. */
  cut(): void;
  /** Cuts every connection; new ones are let through. */
  drop(): void;
  /** Lets nothing through any more in either direction, and closes nothing: like a network that is gone. */
  hold(): void;
  restore(): void;
  close(): Promise<void>;
}

interface Options {
  /** Speaks TLS with this certificate, as a server that offers it, or that takes nothing else. */
  tls?: { cert: string; key: string; isRequired?: boolean };
  /** Sees the first packet of a connection and may answer in the database's place. */
  onStartup?: (packet: string) => Buffer | undefined;
  /** Changes what a client says at start: user, database, options. */
  rewrites?: (parameters: Record<string, string>) => Record<string, string>;
  /** Sees what the database answers, and may end the connection instead of handing it on. */
  cutsAnswer?: (packet: Buffer) => boolean;
  /** A proxy that `beforeAll` starts outlives a test. */
  ends?: 'with the test' | 'with the file';
}

/** Starts a proxy in front of the database of a URL; it ends with the test or the file. */
export async function proxyTo(
  url: string,
  { onStartup, cutsAnswer, ends = 'with the test', tls, rewrites = (parameters) => parameters }: Options = {},
): Promise<DatabaseProxy> {
  let state: 'open' | 'cut' | 'held' = 'open';
  const pairs = new Set<[Socket, Socket]>();
  let encrypted = 0;
  const serve = (client: Socket, isEncrypted: boolean) => {
    if (isEncrypted) encrypted += 1;
    const upstream = connectTo(upstreamOf(url));
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    let first = true;
    client.on('data', (packet: Buffer) => {
      const refused = first ? onStartup?.(packet.toString('latin1')) : undefined;
      const passed = first ? rewritten(packet, rewrites) : packet;
      first = false;
      if (refused) return void client.end(refused);
      if (state !== 'held') upstream.write(passed);
    });
    upstream.on('data', (packet: Buffer) => {
      if (cutsAnswer?.(packet)) return end();
      if (state !== 'held') client.write(packet);
    });
  };
  const server = createServer((client) => {
    if (state === 'cut') return void client.destroy();
    if (!tls) return serve(client, false);
    client.on('error', () => client.destroy());
    client.once('data', (packet: Buffer) => {
      if (packet.equals(SSL_REQUEST)) {
        client.write('S');
        const secure = new TLSSocket(client, { isServer: true, cert: tls.cert, key: tls.key });
        secure.on('error', () => client.destroy());
        return serve(secure, true);
      }
      if (tls.isRequired) return client.end(refusal('28000', 'no pg_hba.conf entry for host, no encryption'));
      client.pause();
      serve(client, false);
      client.unshift(packet);
      client.resume();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const own = new URL(url);
  own.searchParams.delete('host');
  own.host = `127.0.0.1:${port}`;
  const drop = () => {
    for (const [client, upstream] of pairs) {
      client.destroy();
      upstream.destroy();
    }
  };
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      drop();
    });
  if (ends === 'with the test') onTestFinished(close);
  else afterAll(close);
  return {
    url: own.href,
    port,
    open: () => pairs.size,
    encrypted: () => encrypted,
    drop,
    cut: () => {
      state = 'cut';
      drop();
    },
    hold: () => {
      state = 'held';
    },
    restore: () => {
      state = 'open';
    },
    close,
  };
}

const PROTOCOL_3 = 196_608;

/** A start-up packet with other parameters; any other packet as it is. */
function rewritten(packet: Buffer, rewrites: NonNullable<Options['rewrites']>): Buffer {
  if (packet.length < 8 || packet.readInt32BE(4) !== PROTOCOL_3) return packet;
  const texts = packet.subarray(8).toString('utf8').split('\0');
  const parameters: Record<string, string> = {};
  for (let at = 0; texts[at]; at += 2) parameters[texts[at] ?? ''] = texts[at + 1] ?? '';
  const body = Buffer.from(`${Object.entries(rewrites(parameters)).flat().join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, body]);
}

/** An ErrorResponse of the wire protocol. */
export function refusal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.from([0x45, 0, 0, 0, 0]);
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** Refuses what PgBouncer refuses: start-up parameters that it does not track. */
export const likeAPooler = (packet: string) =>
  packet.includes('\0options\0') ? refusal('08P01', 'unsupported startup parameter: options') : undefined;
