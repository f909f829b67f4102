// The world outside as a company network has it: names behind a proxy, certificates of an authority of its own.
import { once } from 'node:events';
import { request as ask, createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Pair } from './certificates.ts';

interface Closing {
  readonly port: number;
  close(): void;
}

async function listening(server: ReturnType<typeof createHttpServer>, sockets: Set<Socket>): Promise<Closing> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A proxy that makes tunnels to any name on this machine, and remembers to which. */
export async function startProxy(): Promise<Closing & { readonly tunnels: string[] }> {
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const server = createHttpServer((_request, response) => response.writeHead(405).end());
  server.on('connect', (request, client: Socket, head: Buffer) => {
    tunnels.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    const upstream = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream);
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
  });
  return { ...(await listening(server, sockets)), tunnels };
}

/** `https://name:port` in front of an http server of this machine, whose texts then speak of it by that name. */
export async function startFront(
  name: string,
  pair: Pair,
  origin: string,
): Promise<Closing & { readonly url: string }> {
  let url = '';
  const server = createHttpsServer(pair, (request, response) => {
    const { method = 'GET', headers } = request;
    const inner = ask(
      origin + request.url,
      { method, headers: { ...headers, host: new URL(origin).host } },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        answer.on('end', () => {
          const { 'content-length': _, 'transfer-encoding': __, ...rest } = answer.headers;
          response.writeHead(answer.statusCode ?? 500, rest).end(body.replaceAll(origin, url));
        });
      },
    );
    request.pipe(inner);
  });
  const front = await listening(server as never, new Set());
  url = `https://${name}:${front.port}`;
  return { ...front, url };
}
