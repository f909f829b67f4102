// WebSockets beside HTTP: a request to upgrade runs through all hooks like any other before its connection is handed over.
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { ApiError } from '../errors.ts';

/** What clients send is not read; nothing long is taken. */
const MAX_MESSAGE_BYTES = 1024;
/** A client that leaves as much unread is cut off. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** A client that answers no ping until the next one is gone. */
const PING_MS = 30_000;

const isUpgrade = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';

/** What a request to upgrade came with. */
const waiting = new WeakMap<IncomingMessage, { socket: Duplex; head: Buffer }>();
const sockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: MAX_MESSAGE_BYTES });

/** The end of the server that a client watches through. */
export interface Channel {
  /** Sends a text; a client that reads too slowly is cut off. */
  send(text: string): void;
  /** @param code of RFC 6455 7.4 */
  close(code: number, reason: string): void;
  onClose(listener: () => void): void;
}

const failed = (status: number, detail: string) =>
  new ApiError(status, 'Failed to upgrade connection to websocket.', {
    detail,
    ...(status === 426 && { headers: { upgrade: 'websocket' } }),
  });

/** @throws ApiError 426 for a request that does not ask to be upgraded, 403 for one that a page of another site sent */
export function requireUpgrade({ raw }: FastifyRequest, isForeign: boolean): void {
  if (!waiting.has(raw)) throw failed(426, 'The request does not ask for a WebSocket.');
  if (isForeign) throw failed(403, 'The page that asks is of another site.');
}

function channelOf(socket: WebSocket): Channel {
  let isAlive = true;
  const ping = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, PING_MS).unref();
  socket.on('pong', () => {
    isAlive = true;
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => clearInterval(ping));
  return {
    send(text) {
      if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate();
      else socket.send(text);
    },
    close: (code, reason) => socket.close(code, reason),
    onClose: (listener) => void socket.on('close', listener),
  };
}

/** Answers a request with 101 and hands its connection over; whatever is wrong with the handshake is refused. */
export function upgrade({ raw }: FastifyRequest, reply: FastifyReply, opened: (channel: Channel) => void): void {
  const way = waiting.get(raw);
  if (way === undefined) throw failed(426, 'The request does not ask for a WebSocket.');
  reply.hijack();
  const { socket, head } = way;
  const response = reply.raw;
  response.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0]);
  sockets.handleUpgrade(raw, socket, head, (webSocket) => opened(channelOf(webSocket)));
  // As far as requests are counted and timed this one is over: its answer is 101, written by somebody else.
  response.writeHead(101);
  response.emit('finish');
  response.emit('close');
}

/** Lets requests to upgrade reach their routes. Others that name a protocol are answered as if they did not. */
export function useWebSockets(app: FastifyInstance): void {
  const server = app.server as Server & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean };
  server.shouldUpgradeCallback = isUpgrade;
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
    response.once('finish', () => {
      if (response.socket === null) return;
      response.detachSocket(response.socket);
      socket.end();
    });
    waiting.set(request, { socket, head });
    server.emit('request', request, response);
  });
}
