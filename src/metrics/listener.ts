// The listener that Prometheus asks: GET and HEAD of /metrics on an address of its own, and nothing else.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { StartError } from '../start-error.ts';

/** Scrapers ask one at a time; whoever else finds the port must not hold memory or files. */
const BOUNDS = { requestTimeout: 10_000, headersTimeout: 5000, maxHeaderSize: 8192, keepAliveTimeout: 65_000 };
const MAX_CONNECTIONS = 32;
const PATH = /^\/metrics(?:\?.*)?$/s;

interface Metrics {
  readonly contentType: string;
  scrape(): Promise<string>;
}

async function answer({ contentType, scrape }: Metrics, request: IncomingMessage, response: ServerResponse) {
  // A body is not read, so the connection cannot be used again.
  if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined)
    response.setHeader('connection', 'close');
  if (!PATH.test(request.url ?? '')) return response.writeHead(404).end();
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return response.writeHead(405, { allow: 'GET, HEAD' }).end();
  const text = await scrape();
  response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  return response.end(request.method === 'HEAD' ? undefined : text);
}

/**
 * Listens.
 * @throws StartError when the address cannot be had
 * @returns where it listens, and how to stop
 */
export async function serveMetrics(
  { host, port }: { host: string; port: number },
  metrics: Metrics,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(BOUNDS, (request, response) => {
    answer(metrics, request, response).catch(() => response.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(
        new StartError(
          `Cannot serve metrics on ${host}:${port}: ${message}. CODER_PROMETHEUS_ADDRESS sets another address.`,
        ),
      ),
    );
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}/metrics`, close };
}
