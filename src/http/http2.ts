// HTTP/2 in front of the same routes: requests look like those of HTTP/1.1, and a connection may take no more than there.
import {
  constants,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import {
  CHECK_MS,
  MAX_HEAD_BYTES,
  MAX_HEADERS,
  REFUSAL_HEADERS,
  REQUEST_MS,
  refusalOf,
  refuseExpectation,
  refuseTunnel,
} from './connections.ts';

/** A connection is kept without a request as long as one of HTTP/1.1. */
const TIMES = { requestMs: REQUEST_MS, idleMs: 72_000, checkMs: CHECK_MS };

const LIMITS = {
  settings: {
    maxConcurrentStreams: 100,
    // `checkHead` refuses in words what is larger than its bounds; beyond these, only the stream ends.
    maxHeaderListSize: 2 * MAX_HEAD_BYTES,
  },
  maxHeaderListPairs: 4 * MAX_HEADERS,
  /** In megabytes: what a connection may make this process hold. */
  maxSessionMemory: 4,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  // Requests that a client takes back cost work all the same: so many at once, so many a second, then its connection ends.
  streamResetBurst: 200,
  streamResetRate: 50,
};

interface Connection {
  readonly socket: Duplex;
  /** Open streams and when each began. */
  readonly streams: Map<ServerHttp2Stream, number>;
  idleSince: number;
  used: boolean;
}

export interface Http2 {
  /** Serves a connection on which HTTP/2 was agreed. */
  accept(socket: Duplex): void;
  /** Tells every client to open no more streams; each connection ends with its last one. */
  close(): void;
}

/** Whether a client has sent the whole of its request. */
const isComplete = (stream: ServerHttp2Stream) => stream.endAfterHeaders || stream.state.remoteClose === 1;

/** What a request of HTTP/1.1 has under another name, or must say of itself. */
function likeHttp1({ headers, stream }: Http2ServerRequest): void {
  headers.host ??= headers[':authority'];
  // A body needs no length here, by which Fastify would know of it.
  if (!stream.endAfterHeaders) headers['content-type'] ??= 'text/plain';
}

/** Makes the server of HTTP/2 connections of an app. It never listens itself. */
export function createHttp2(app: FastifyInstance, times = TIMES): Http2 {
  const connections = new Map<ServerHttp2Session, Connection>();
  const route = app.routing as unknown as (request: Http2ServerRequest, response: Http2ServerResponse) => void;

  const server = createServer(LIMITS, (request, response) => {
    likeHttp1(request);
    // A body that nobody wants any more must not be sent to its end.
    response.once('finish', () => {
      if (!isComplete(request.stream)) request.stream.close(constants.NGHTTP2_NO_ERROR);
    });
    route(request, response);
  });
  server.on('checkExpectation', refuseExpectation);
  server.on('connect', refuseTunnel);
  const serve = (session: ServerHttp2Session, socket: Duplex) => {
    const connection: Connection = { socket, streams: new Map(), idleSince: performance.now(), used: false };
    connections.set(session, connection);
    session.once('close', () => connections.delete(session));
    session.on('stream', (stream) => {
      connection.used = true;
      connection.streams.set(stream, performance.now());
      // What becomes of it, `close` says; without a listener an error would end the process.
      stream.on('error', () => undefined);
      stream.once('close', () => {
        connection.streams.delete(stream);
        connection.idleSince = performance.now();
      });
    });
  };
  server.on('sessionError', () => undefined);

  function cutSlow(streams: Connection['streams'], now: number): void {
    for (const [stream, since] of streams) {
      if (now - since <= times.requestMs) break;
      if (isComplete(stream)) continue;
      // An answer that has begun says all there is to say.
      if (!stream.headersSent && !stream.destroyed) {
        stream.respond({ ':status': 408, ...REFUSAL_HEADERS });
        stream.end(refusalOf('The request was not complete in time.'));
      }
      streams.delete(stream);
      stream.close(constants.NGHTTP2_NO_ERROR);
    }
  }

  const sweep = setInterval(() => {
    const now = performance.now();
    for (const [session, { socket, streams, idleSince, used }] of connections) {
      cutSlow(streams, now);
      // Whatever else it sends meanwhile: a connection without a request is idle.
      if (streams.size === 0 && now - idleSince > (used ? times.idleMs : times.requestMs)) {
        // Whoever was told and stays is cut: an orderly end waits for the other side, for ever if need be.
        if (session.closed) socket.destroy();
        else session.close();
      }
    }
  }, times.checkMs).unref();

  return {
    accept(socket) {
      const begin = (session: ServerHttp2Session) => serve(session, socket);
      server.once('session', begin);
      server.emit('connection', socket);
      server.off('session', begin);
    },
    close: () => {
      clearInterval(sweep);
      for (const session of connections.keys()) session.close();
    },
  };
}
