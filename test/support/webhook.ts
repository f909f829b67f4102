// A receiver of webhooks on loopback that keeps what it is given, and can be told how to answer.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  id: string;
  type: string;
  body: { msg_id: string; title: string; body: string; payload: Record<string, unknown> };
}

export interface Webhook {
  url: string;
  received: Received[];
  close(): Promise<unknown>;
}

/** Starts one. @param answer the status for the nth post, from 1 on; without it 200 */
export async function startWebhook(answer: (nth: number) => number = () => 200): Promise<Webhook> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { 'x-message-id': id, 'content-type': type } = request.headers;
    received.push({ id: String(id), type: String(type), body: JSON.parse(Buffer.concat(chunks).toString()) });
    response.writeHead(answer(received.length)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=1`,
    received,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
