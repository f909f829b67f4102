// A small SMTP relay on loopback that keeps what it is given, and can be told to refuse commands.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As sent, dot-unstuffed. */
  readonly raw: string;
  /** The same with quoted-printable line breaks and escapes undone. */
  readonly decoded: string;
}

export interface SmtpRelay {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** Credentials of AUTH PLAIN as `identity\0user\0password`. */
  readonly credentials: readonly string[];
  connections(): number;
  close(): Promise<void>;
}

export interface SmtpOptions {
  /** Gives the answer to a command line (such as `451 later`) instead of accepting it. */
  readonly answer?: (line: string) => string | undefined;
  /** Offers STARTTLS with this certificate, and takes no mail before. */
  readonly tls?: { cert: string; key: string };
}

const addressIn = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? '';

function decode(raw: string): string {
  const bytes = raw
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Starts a relay on a free port. */
export async function startSmtp(options: SmtpOptions = {}): Promise<SmtpRelay> {
  const mails: ReceivedMail[] = [];
  const credentials: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  const serve = (socket: Socket, isEncrypted: boolean) => {
    socket.on('error', () => socket.destroy());
    socket.setEncoding('latin1');
    let buffer = '';
    let from = '';
    let to: string[] = [];
    let inData = false;
    const reply = (text: string) => socket.write(`${text}\r\n`);
    const onLine = (line: string): void => {
      const verb = line.slice(0, 4).toUpperCase();
      const special = options.answer?.(line);
      if (special !== undefined) reply(special);
      else if (verb === 'EHLO') reply(isEncrypted ? '250-relay\r\n250 AUTH PLAIN' : '250-relay\r\n250 STARTTLS');
      else if (!isEncrypted && verb === 'STAR') {
        socket.removeAllListeners('data');
        reply('220 go on');
        serve(new TLSSocket(socket, { isServer: true, ...options.tls }), true);
      } else if (!isEncrypted && verb !== 'QUIT') reply('530 STARTTLS first');
      else if (verb === 'AUTH') {
        credentials.push(Buffer.from(line.split(' ')[2] ?? '', 'base64').toString('utf8'));
        reply('235 welcome');
      } else if (verb === 'MAIL') {
        from = addressIn(line);
        to = [];
        reply('250 sender taken');
      } else if (verb === 'RCPT') {
        to.push(addressIn(line));
        reply('250 recipient taken');
      } else if (verb === 'DATA') {
        inData = true;
        reply('354 go on');
      } else if (verb === 'QUIT') {
        reply('221 bye');
        socket.end();
      } else reply('502 not known here');
    };
    socket.on('data', (chunk) => {
      buffer += chunk;
      for (;;) {
        const end = buffer.indexOf(inData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const part = buffer.slice(0, end);
        buffer = buffer.slice(end + (inData ? 5 : 2));
        if (inData) {
          inData = false;
          const raw = part.replace(/^\.\./gm, '.');
          mails.push({ from, to, raw, decoded: decode(raw) });
          reply('250 kept');
        } else onLine(part);
      }
    });
    if (!(socket instanceof TLSSocket)) reply('220 relay');
  };
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, options.tls === undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    credentials,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
