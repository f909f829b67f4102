// The HTTPS listener: TLS, who may connect, and the choice between HTTP/2 and HTTP/1.1. Others answer the requests.
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { TlsConfig } from '../config/tls.ts';
import type { Certificates } from './certificates.ts';

const HANDSHAKE_MS = 10_000;

export interface TlsListener {
  /** @returns where it listens, as an address to open. @throws what listening throws */
  listen(): Promise<string>;
  /** Reads the certificates anew; open connections keep theirs. One that cannot serve is said, and the old ones stay. */
  reload(): void;
  /** Takes no new connection; resolves when the last one has ended. */
  close(): Promise<void>;
  /** Ends every connection at once. */
  cut(): void;
}

/** Takes over a connection whose client has been let in. */
type Accept = (socket: TLSSocket) => void;

/** Whether a client may go on, by its certificate. What `require-and-verify` refuses does not get this far. */
function isWelcome(socket: TLSSocket, clientAuth: TlsConfig['clientAuth']): boolean {
  if (clientAuth !== 'require-any' && clientAuth !== 'verify-if-given') return true;
  const isGiven = Object.keys(socket.getPeerCertificate()).length > 0;
  return clientAuth === 'require-any' ? isGiven : !isGiven || socket.authorized;
}

/**
 * Makes the listener; it listens when told to.
 * @param accept where connections go by the protocol that was agreed on; HTTP/1.1 for clients that name none
 */
export function createTlsListener(
  config: TlsConfig,
  certificates: Certificates,
  accept: Record<'h2' | 'http/1.1', Accept>,
  log: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>,
): TlsListener {
  const server = createServer({
    ...certificates.options(),
    ALPNProtocols: ['h2', 'http/1.1'],
    SNICallback: (name, done) => done(null, certificates.contextFor(name)),
    handshakeTimeout: HANDSHAKE_MS,
    requestCert: config.clientAuth !== 'none',
    rejectUnauthorized: config.clientAuth === 'require-and-verify',
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // Anybody can make a handshake fail: not worth more than this.
  server.on('tlsClientError', (err, socket) => {
    log.debug({ reason: err.message }, 'a TLS handshake failed');
    socket.destroy();
  });
  server.on('secureConnection', (socket) => {
    if (!isWelcome(socket, config.clientAuth)) return void socket.destroy();
    accept[socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1'](socket);
  });

  return {
    async listen() {
      server.listen({ ...config.address });
      await once(server, 'listening');
      const { address, port, family } = server.address() as AddressInfo;
      return `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },
    reload() {
      try {
        certificates.reload();
        server.setSecureContext(certificates.options());
        log.info('the certificates were read anew');
      } catch (err) {
        log.error({ reason: (err as Error).message }, 'the new certificates cannot serve, the ones in use stay');
      }
    },
    async close() {
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
