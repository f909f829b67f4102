// The addresses of a server: HTTP, HTTPS beside it where there are certificates, and an orderly end of both.
import { createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Address } from '../config/values.ts';
import type { Config } from '../config.ts';
import { createHttp2 } from '../http/http2.ts';
import { StartError } from '../start-error.ts';
import { type Certificates, createCertificates } from '../tls/certificates.ts';
import { createTlsListener, type TlsListener } from '../tls/listener.ts';

/** How much time requests under way may take to end. */
const DRAIN_MS = 4000;
const SWEEP_MS = 50;

export interface Listeners {
  readonly address: string;
  readonly tlsAddress?: string;
}

function cannotListen({ host, port }: Address, variable: string, { code, message }: NodeJS.ErrnoException): StartError {
  const reason = code === 'EADDRINUSE' ? 'the address is in use by another program' : message;
  return new StartError(`Cannot listen on ${host}:${port}: ${reason}. ${variable} sets another address.`);
}

/** Listens for a moment, so that an address that cannot be had is known before a database is made. */
async function tryAddress(address: Address, variable: string): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (err) => reject(cannotListen(address, variable, err)));
    probe.listen({ ...address }, () => probe.close(() => resolve()));
  });
}

/**
 * What can be known of the listeners before there is anything to serve.
 * @returns the certificates; undefined without TLS
 * @throws StartError for an address that cannot be had and certificates that cannot serve
 */
export async function tryListeners({ http, tls }: Config, log: Logger): Promise<Certificates | undefined> {
  await tryAddress(http, 'CODER_HTTP_ADDRESS');
  if (tls === null) return undefined;
  await tryAddress(tls.address, 'CODER_TLS_ADDRESS');
  return createCertificates(tls, log);
}

function listenTls(app: FastifyInstance, log: Logger, tls: Config['tls'], certificates: Certificates | undefined) {
  if (tls === null || certificates === undefined) return undefined;
  const http2 = createHttp2(app);
  // HTTP/1.1 goes to the server that answers it in the clear, with all of its bounds.
  const accept = { h2: http2.accept, 'http/1.1': (socket: object) => void app.server.emit('connection', socket) };
  const listener = createTlsListener(tls, certificates, accept, log);
  return {
    ...listener,
    close: () => {
      const closed = listener.close();
      http2.close();
      return closed;
    },
  };
}

/** The listeners of an app to come. `drained` is for its `preClose`: whatever listens takes nothing new and ends. */
export function createListeners({ http, tls }: Config, log: Logger, certificates: Certificates | undefined) {
  let server: FastifyInstance['server'] | undefined;
  let secure: TlsListener | undefined;

  return {
    /** Reads certificates anew where there are any. */
    reload(): void {
      if (secure) secure.reload();
      else log.info('there are no certificates to read anew: nothing has changed');
    },

    async drained(): Promise<void> {
      const ended = server?.listening && new Promise((resolve) => server?.close(resolve));
      await Promise.all([ended, secure?.close()]);
    },

    /** @param appLog the application's own: its framework's line about each address says less than our one */
    async listen(app: FastifyInstance, appLog: Logger): Promise<Listeners> {
      const { level } = appLog;
      appLog.level = 'warn';
      server = app.server;
      try {
        const address = await app.listen({ ...http });
        secure = listenTls(app, log, tls, certificates);
        if (tls === null || secure === undefined) return { address };
        return {
          address,
          tlsAddress: await secure
            .listen()
            .catch((err) => Promise.reject(cannotListen(tls.address, 'CODER_TLS_ADDRESS', err))),
        };
      } catch (err) {
        throw err instanceof StartError ? err : cannotListen(http, 'CODER_HTTP_ADDRESS', err as Error);
      } finally {
        appLog.level = level;
      }
    },

    /** Takes no new connection, lets requests under way finish, and cuts those that take too long. */
    async drain(app: FastifyInstance): Promise<void> {
      // A connection that was busy when closing began is kept alive by its client otherwise.
      const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
      const cut = setTimeout(() => {
        app.server.closeAllConnections();
        secure?.cut();
      }, DRAIN_MS);
      await app.close();
      clearInterval(sweep);
      clearTimeout(cut);
    },
  };
}
