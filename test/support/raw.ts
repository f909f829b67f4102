// Requests as bytes on a socket: what no client library would send.
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

interface RawAnswer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** Makes an app listen on a free port of this machine. */
export async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

/** A connection that sends `text`; what comes back until the other side closes it. */
export function openRaw(port: number, text: string): { socket: Socket; closed: Promise<string> } {
  const socket = connect({ host: '127.0.0.1', port });
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk;
  });
  socket.write(Buffer.from(text, 'latin1'));
  const closed = new Promise<string>((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
  return { socket, closed };
}

/** Reads an answer of HTTP/1.1 as text. */
export function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers = lines.map((one): [string, string] => {
    const [name = '', ...value] = one.split(':');
    return [name.toLowerCase(), value.join(':').trim()];
  });
  return { status: Number(line.split(' ')[1]), headers: new Map(headers), body: rest.join('\r\n\r\n') };
}

/** Sends one request, given by its request line, header lines and body, and reads the answer. */
export async function sendRaw(port: number, line: string, headers: string[] = [], body = ''): Promise<RawAnswer> {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const head = [line, 'Host: 127.0.0.1', 'Connection: close', ...length, ...headers].join('\r\n');
  return parseAnswer(await openRaw(port, `${head}\r\n\r\n${body}`).closed);
}
