// A connection that sends bytes as they are, again and again, and reads one answer for each message of them.
import { connect, type Socket } from 'node:net';

export interface WireAnswer {
  status: number;
  /** Names in lower case; the last of several. */
  headers: ReadonlyMap<string, string>;
  body: Buffer;
}

const HEAD_END = '\r\n\r\n';
const BODILESS = new Set([204, 304]);

/** The body in chunks from `at` on; undefined while its end is missing. */
function unchunked(bytes: Buffer, at: number): { body: Buffer; end: number } | undefined {
  const parts: Buffer[] = [];
  for (let from = at; ; ) {
    const lineEnd = bytes.indexOf('\r\n', from);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', from, lineEnd), 16);
    const end = lineEnd + 2 + size + 2;
    if (bytes.length < end) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), end };
    parts.push(bytes.subarray(lineEnd + 2, end - 2));
    from = end;
  }
}

/** The first answer in what came; `rest` is what follows it. Undefined while it is not complete. */
export function firstAnswer(bytes: Buffer, isHead: boolean): { answer: WireAnswer; rest: Buffer } | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const [line = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const at = headEnd + HEAD_END.length;
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
  if (status < 200) return firstAnswer(bytes.subarray(at), isHead);
  const headers = new Map(
    lines.map((one): [string, string] => {
      const colon = one.indexOf(':');
      return [one.slice(0, colon).toLowerCase(), one.slice(colon + 1).trim()];
    }),
  );
  const ends = (body: Buffer, end: number) => ({ answer: { status, headers, body }, rest: bytes.subarray(end) });
  if (isHead || BODILESS.has(status)) return ends(Buffer.alloc(0), at);
  if (headers.get('transfer-encoding') === 'chunked') {
    const chunks = unchunked(bytes, at);
    return chunks && ends(chunks.body, chunks.end);
  }
  const end = at + Number(headers.get('content-length') ?? 0);
  return bytes.length < end ? undefined : ends(bytes.subarray(at, end), end);
}

/** How long an answer may take before it counts as none: longer than the server leaves itself. */
const PATIENCE_MS = 65_000;

export class Wire {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  /**
   * Sends one message and reads its answer.
   * @param isHead the answer has no body
   * @returns undefined when the connection ended without an answer, 'silence' when nothing came
   */
  async send(message: Buffer, isHead = false): Promise<WireAnswer | undefined | 'silence'> {
    const reused = this.#socket;
    const answer = await this.#exchange(message, isHead);
    // A server may close a connection between two requests (RFC 9112 9.3.1); once more, then on a fresh one.
    return answer === undefined && reused !== undefined ? this.#exchange(message, isHead) : answer;
  }

  /** Sends bytes that are not one whole request; what came back when the server hung up, or after `waitMs`. */
  async throwAt(bytes: Buffer, waitMs: number): Promise<Buffer> {
    const socket = connect({ host: this.#host, port: this.#port });
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.write(bytes, () => {
      if (waitMs === 0) socket.destroy();
    });
    if (waitMs > 0) socket.setTimeout(waitMs, () => socket.destroy());
    await closed;
    return Buffer.concat(parts);
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #exchange(message: Buffer, isHead: boolean): Promise<WireAnswer | undefined | 'silence'> {
    this.#socket ??= connect({ host: this.#host, port: this.#port, noDelay: true });
    const socket = this.#socket;
    return new Promise((resolve) => {
      let received = Buffer.alloc(0);
      const done = (answer: WireAnswer | undefined | 'silence', keep: boolean) => {
        clearTimeout(timer);
        socket.removeAllListeners();
        socket.on('error', () => undefined);
        if (!keep) this.close();
        resolve(answer);
      };
      const timer = setTimeout(() => done('silence', false), PATIENCE_MS);
      socket.on('data', (part: Buffer) => {
        received = Buffer.concat([received, part]);
        const found = firstAnswer(received, isHead);
        if (found) done(found.answer, found.rest.length === 0 && found.answer.headers.get('connection') !== 'close');
      });
      socket.on('error', () => done(undefined, false));
      socket.on('close', () => done(undefined, false));
      socket.write(message);
    });
  }
}
