// What a connection may take of this server: time for a request and for its answer, and the size of a request's head.
import { type Server, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';

/** Within this time a request must be complete. */
export const REQUEST_MS = 30_000;
/** Within this time it must be answered and the answer read: a minute is far beyond the slowest operation. */
const ANSWER_MS = 60_000;
export const CHECK_MS = 1000;
/** The request line and the headers may have this many bytes each. */
export const MAX_HEAD_BYTES = 64 * 1024;
/** Browsers and proxies send some twenty. */
export const MAX_HEADERS = 200;

/** Answers of the parser, before there is a request: status line, and the words for it. */
const REFUSALS: Readonly<Record<string, [status: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request was not complete in time.'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The request line and headers are too large.'],
};
const MALFORMED: [string, string] = ['400 Bad Request', 'The request is malformed.'];

/** The body of a refusal that no route makes. */
export const refusalOf = (message: string) => `${JSON.stringify({ message })}\n`;
/** What every refusal that no route makes says of itself. */
export const REFUSAL_HEADERS = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };

const headersOf = (body: string) => ({ ...REFUSAL_HEADERS, 'content-length': Buffer.byteLength(body) });

/** An answer as it goes over the wire. */
const messageOf = (status: string, headers: Record<string, string | number>, body: string): string =>
  [`HTTP/1.1 ${status}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', body].join('\r\n');

/** Answers what is no request in the documented shape, and closes the connection. */
function refuseConnection(err: NodeJS.ErrnoException, socket: Socket): void {
  if (err.code === 'ECONNRESET' || socket.destroyed) return;
  // Nothing may be mixed into an answer that is under way.
  const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse | null };
  if (socket.writable && !answer?.headersSent) {
    const [status, message] = REFUSALS[err.code ?? ''] ?? MALFORMED;
    const body = refusalOf(message);
    socket.write(messageOf(status, { ...headersOf(body), connection: 'close' }, body));
  }
  socket.destroySoon();
}

/** Answers `Expect` with anything but 100-continue (RFC 9110 10.1.1), which Node does without a word. */
export function refuseExpectation(_request: unknown, response: ServerResponse | Http2ServerResponse): void {
  const body = refusalOf('The expectation of the request cannot be met.');
  // HTTP/2 has no such header: there the stream ends, and nothing is left to be read as another request.
  if (response instanceof ServerResponse) response.setHeader('connection', 'close');
  response.statusCode = 417;
  for (const [name, value] of Object.entries(headersOf(body))) response.setHeader(name, value);
  response.end(body);
}

/** Answers CONNECT (RFC 9110 9.3.6): this is no proxy. Without a listener Node hangs up, or says nothing in HTTP/2. */
export function refuseTunnel(_request: unknown, way: Duplex | Http2ServerResponse): void {
  const body = refusalOf('This server opens no tunnels.');
  const headers = { ...headersOf(body), allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' };
  if ('writeHead' in way) {
    way.writeHead(405, headers).end(body);
    return;
  }
  // Whoever has hung up already wants to know nothing more.
  way.on('error', () => way.destroy());
  way.end(messageOf('405 Method Not Allowed', { ...headers, connection: 'close' }, body));
}

/** Gives an app the answers to requests that reach no route for what they expect, or ask to be let through. */
export function useExpectations(app: FastifyInstance): void {
  app.server.on('checkExpectation', refuseExpectation);
  app.server.on('connect', refuseTunnel);
}

/** The options of an app that bound what a connection may take. */
export const CONNECTION_OPTIONS = {
  requestTimeout: REQUEST_MS,
  http: {
    headersTimeout: REQUEST_MS,
    connectionsCheckingInterval: CHECK_MS,
    // Beyond both bounds together nothing is read on; up to there the answer names the bound.
    maxHeaderSize: 2 * MAX_HEAD_BYTES,
    // Node's own refusal has no body; `checkHead` refuses.
    requireHostHeader: false,
  },
  clientErrorHandler: refuseConnection,
} satisfies FastifyHttpOptions<Server>;

/** What stands in the request line of HTTP/1.1 are headers in HTTP/2. */
const isOfRequestLine = (name: string) => name.startsWith(':');

/**
 * @throws ApiError 414 or 431 for a request line or headers beyond their bounds, 400 without exactly one host (RFC 9112 3.2) or
 * with two that differ (RFC 9113 8.3.1)
 */
export function checkHead({ raw }: FastifyRequest): void {
  const { host, ':authority': authority } = raw.headers;
  if (raw.httpVersion !== '1.0' && host === undefined) throw new ApiError(400, 'The request has no Host header.');
  if (authority !== undefined && authority !== host) throw new ApiError(400, 'The request names two hosts.');
  const { rawHeaders } = raw;
  let [hosts, bytes] = [0, 0];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]];
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
    if (!isOfRequestLine(name)) bytes += name.length + value.length;
  }
  // Node keeps the first one; whoever passed the request on may have gone by another.
  if (hosts > 1) throw new ApiError(400, 'The request has several Host headers.');
  if ((raw.url?.length ?? 0) > MAX_HEAD_BYTES) throw new ApiError(414, 'The request line is too long.');
  if (rawHeaders.length > 2 * MAX_HEADERS) throw new ApiError(431, 'The request has too many headers.');
  if (bytes > MAX_HEAD_BYTES) throw new ApiError(431, 'The request headers are too large.');
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Says that a long answer goes on: its time begins anew. */
    answerGoesOn(response: FastifyReply['raw']): void;
  }
}

/** Cuts connections whose answer is not done in time: nobody may hold answers in memory by not reading them. */
export function useAnswerTimeout(app: FastifyInstance, withinMs = ANSWER_MS): void {
  // Node drops headers beyond a number of its own silently, among them perhaps the one that a proxy added.
  app.server.maxHeadersCount = 0;
  /** When each began, in the order of their arrival. */
  const open = new Map<ServerResponse, number>();
  app.addHook('onRequest', (_request, { raw }, done) => {
    open.set(raw, performance.now());
    raw.once('close', () => open.delete(raw));
    done();
  });
  app.decorate('answerGoesOn', (response) => {
    if (open.delete(response)) open.set(response, performance.now());
  });
  const cut = () => {
    for (const [response, since] of open) {
      if (performance.now() - since <= withinMs) break;
      open.delete(response);
      response.destroy();
    }
  };
  const timer = setInterval(cut, Math.min(CHECK_MS, withinMs)).unref();
  app.addHook('onClose', async () => clearInterval(timer));
}
