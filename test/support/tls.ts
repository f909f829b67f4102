// A test app behind the product's own HTTPS listener, and clients that speak to it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll } from 'vitest';
import type { Pair } from './certificates.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder for the files of one test file. */
export function pemFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'coder-users-tls-'));
  folders.push(folder);
  const put = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    folder,
    put,
    /** Writes pairs, in place of what was there; the settings that name them. */
    settings(pairs: Readonly<Record<string, Pair>>) {
      const files = Object.entries(pairs).map(([name, { cert, key }]) => [
        put(`${name}.pem`, cert),
        put(`${name}.key`, key),
      ]);
      return {
        CODER_TLS_ENABLE: 'true',
        CODER_TLS_ADDRESS: '127.0.0.1:0',
        CODER_TLS_CERT_FILE: files.map(([cert]) => cert).join(','),
        CODER_TLS_KEY_FILE: files.map(([, key]) => key).join(','),
      };
    },
  };
}

/** A connection after its handshake; rejects when there is none. */
export async function shakeHands(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ...options });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return socket;
}

export interface Http2Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

/** One request on a connection of HTTP/2; rejects when its stream ends without an answer. */
export function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    let head: Record<string, unknown> | undefined;
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (received) => {
      head = { ...received };
    });
    stream.on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (head) resolve({ status: Number(head[':status']), headers: head, body: text });
      else reject(new Error(`no answer (${stream.rstCode})`));
    });
    if (body !== undefined) stream.end(body);
  });
}

/** A connection of HTTP/2; `with` its errors, which tests of floods provoke. */
export async function openHttp2(
  url: string,
  options: Parameters<typeof connectHttp2>[1] = {},
): Promise<ClientHttp2Session> {
  const session = connectHttp2(url, { maxSendHeaderBlockLength: 1 << 20, ...options });
  session.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => session.once('connect', () => resolve()).once('error', reject));
  return session;
}
