// Traces against a receiver of OTLP over HTTP: spans by route pattern below the caller's, with what was done inside.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanUp, preparedFolder, type RunningServer, run, startServer, until } from '../support/server.ts';

interface Field {
  readonly number: number;
  readonly bytes: Buffer;
}

/** Reads the fields of a protobuf message that hold bytes: messages, texts, ids. */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag & 7;
    const length = kind === 2 ? varint() : kind === 1 ? 8 : kind === 5 ? 4 : 0;
    if (kind === 0) varint();
    else fields.push({ number: tag >>> 3, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

const inside = (message: Buffer, ...path: number[]): Buffer[] =>
  path.reduce(
    (found, number) =>
      found.flatMap((one) =>
        fieldsOf(one)
          .filter((f) => f.number === number)
          .map((f) => f.bytes),
      ),
    [message],
  );
const text = (message: Buffer, ...path: number[]) => inside(message, ...path)[0]?.toString() ?? '';
const hex = (message: Buffer, number: number) => inside(message, number)[0]?.toString('hex') ?? '';

interface Span {
  trace: string;
  id: string;
  parent: string;
  name: string;
  attributes: Record<string, string>;
}

/** Field numbers: opentelemetry/proto/trace/v1/trace.proto. */
const spanOf = (span: Buffer): Span => ({
  trace: hex(span, 1),
  id: hex(span, 2),
  parent: hex(span, 4),
  name: text(span, 5),
  attributes: Object.fromEntries(inside(span, 9).map((pair) => [text(pair, 1), text(pair, 2, 1)])),
});

const bodies: Buffer[] = [];
const headers: Record<string, unknown>[] = [];
let receiver: Server;
let server: RunningServer;

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url === '/v1/traces' && request.method === 'POST') {
      bodies.push(Buffer.concat(chunks));
      headers.push(request.headers);
    }
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  server = await startServer({
    CODER_USERS_DATA_DIR: await preparedFolder(),
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=ours',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  });
});
afterAll(async () => {
  await cleanUp();
  receiver.close();
});

const spans = () => bodies.flatMap((body) => inside(body, 1, 2, 2)).map(spanOf);
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

test('a request is a span by its route below that of the caller, with statements, look-ups and hashes below it', async () => {
  const ada = { email: 'ada@example.com', username: 'ada', password: 'SomeSecurePassword!' };
  const call = (path: string, init: RequestInit) => fetch(server.url + path, init);
  await call('/api/v2/users/first', { method: 'POST', body: JSON.stringify(ada) });
  const login = await call('/api/v2/users/login', { method: 'POST', body: JSON.stringify(ada) });
  const { session_token: token } = (await login.json()) as { session_token: string };
  const traceparent = `00-${TRACE}-${CALLER}-01`;
  const name = { username: 'ada', name: 'A name that is nobody else’s' };
  const put = await call('/api/v2/users/ada/profile', {
    method: 'PUT',
    headers: { 'coder-session-token': token, traceparent },
    body: JSON.stringify(name),
  });
  expect(put.status).toBe(200);

  const mine = await until(() => {
    const own = spans().filter(({ trace }) => trace === TRACE);
    return own.some(({ parent }) => parent === CALLER) ? own : undefined;
  }, 'the trace has come');
  const root = mine.find(({ parent }) => parent === CALLER);
  expect(root?.name).toBe('PUT /api/v2/users/:user/profile');
  expect(root?.attributes['http.route']).toBe('/api/v2/users/:user/profile');
  const below = mine.filter(({ parent }) => parent === root?.id).map(({ name }) => name);
  expect(below).toEqual(expect.arrayContaining(['session lookup', 'begin', 'select', 'update', 'insert', 'commit']));

  const signIn = spans().find(({ name }) => name === 'POST /api/v2/users/login');
  const inSignIn = spans().filter(({ trace, parent }) => trace === signIn?.trace && parent === signIn?.id);
  expect(inSignIn.map(({ name }) => name)).toContain('hash password');
  // Whose request it was and what it held is nobody's business.
  const all = Buffer.concat(bodies).toString('latin1');
  expect(all).not.toMatch(/ada@example|SomeSecurePassword|nobody else|users\/ada/);
  expect(all).not.toContain(token);
  expect(headers[0]?.['x-team']).toBe('ours');
  expect(inside(bodies[0] as Buffer, 1, 1, 1).map((pair) => [text(pair, 1), text(pair, 2, 1)])).toEqual(
    expect.arrayContaining([
      ['service.name', 'coder-users'],
      ['deployment.environment.name', 'test'],
    ]),
  );
});

test('what is left is sent at the end, and a collector that is away changes nothing', async () => {
  const before = bodies.length;
  await fetch(`${server.url}/healthz`);
  expect(await server.stop()).toMatchObject({ code: 0 });
  expect(bodies.length).toBeGreaterThanOrEqual(before);
  expect(spans().map(({ name }) => name)).toContain('GET /healthz');

  const alone = await startServer({
    CODER_USERS_DATA_DIR: await preparedFolder(),
    CODER_TRACE_ENABLE: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  expect((await fetch(`${alone.url}/healthz`)).status).toBe(200);
  expect(await alone.stop()).toMatchObject({ code: 0 });
});

test('a protocol that is not spoken stops the start', async () => {
  const { code, stderr } = await run(['server'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  }).finished;
  expect(code).toBe(1);
  expect(stderr).toContain('OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" is not http/protobuf');
});
