// One area of the recordings against a real listener: an empty database and a server of its own for each scenario.
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startApp, type TestApp } from './app.ts';
import { replay, type Send } from './golden.ts';
import type { Sent } from './golden-compare.ts';
import { areaOf, counts, readScenario, scenarioNames } from './golden-steps.ts';
import { freePort } from './ports.ts';

const sender =
  (port: number): Send =>
  ({ method, path, body, headers }) =>
    new Promise<Sent>((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path,
          headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () =>
            resolve({
              statusCode: answer.statusCode ?? 0,
              headers: answer.headers,
              text: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });

/**
 * Tests that a client cannot tell this server from the recorded one.
 * @param instead what to do where a recording waited, rather than wait
 */
export function replayArea(area: string, instead?: (t: TestApp, ms: number) => Promise<void>): void {
  const names = scenarioNames().filter((name) => areaOf(name) === area);
  describe(`what was recorded of ${area}`, () => {
    it.each(names)('%s', { timeout: 120_000 }, async (name) => {
      const scenario = readScenario(name);
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const t = await startApp({ empty: true, mail: false, env: { CODER_ACCESS_URL: url, ...scenario.env } });
      await t.app.listen({ host: '127.0.0.1', port });
      const listener = sender(port);
      const send: Send = async (request) => {
        const sent = await listener(request);
        // What an answer does not wait for must not be taken for a change that the next one made.
        if (sent.statusCode < 400) await t.app.deps.behind.settled();
        return sent;
      };
      const watched: Send = (request) => t.watch(`${request.method} ${request.path}`, () => send(request));
      const { compared, failures } = await replay(scenario, url, watched, instead && ((ms) => instead(t, ms)));
      await t.close();
      expect(failures).toEqual([]);
      expect({ [name]: compared }).toEqual({ [name]: counts[name] });
    });
  });
}
