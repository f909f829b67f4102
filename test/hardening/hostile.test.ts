// Hostile requests at a listening server: no failure, no silence, and every refusal in the documented form.
import { beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { barrage } from '../support/barrage.ts';
import { fodder } from '../support/fodder.ts';
import { listen } from '../support/raw.ts';
import { Wire } from '../support/wire.ts';

let t: TestApp;
let url: string;
let root: string;
const failures: unknown[] = [];
beforeAll(async () => {
  t = await startApp({ onLog: (line) => Number(line.level) >= 50 && failures.push(line) });
  url = `http://127.0.0.1:${await listen(t.app)}`;
  root = (await t.owner.post('/api/v2/users/me/keys')).body.key;
});

test('three thousand requests that no client would send', { timeout: 120_000 }, async () => {
  const renew = fodder(url, root);
  const { statuses, faults } = await barrage({ url, seed: 8, requests: 3000, connections: 6, renew });
  expect(faults).toEqual([]);
  expect(failures).toEqual([]);
  // They get behind the first gate: some are served, some refused for each reason.
  for (const status of ['200', '201', '204', '400', '401', '403', '404', '405', '413'])
    expect(statuses).toHaveProperty(status);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

describe('what never reaches a route is refused in the documented form, too', () => {
  const answer = async (head: string) => {
    const wire = new Wire(url);
    const got = await wire.send(Buffer.from(`${head}\r\n\r\n`));
    wire.close();
    if (typeof got !== 'object') throw new Error('no answer');
    return [got.status, JSON.parse(got.body.toString())];
  };

  test('another expectation than to go on', async () => {
    expect(await answer('GET /api/v2/buildinfo HTTP/1.1\r\nHost: x\r\nExpect: x')).toEqual([
      417,
      { message: 'The expectation of the request cannot be met.' },
    ]);
  });

  test('several hosts', async () => {
    expect(await answer('GET /api/v2/buildinfo HTTP/1.1\r\nHost: x\r\nhost: y')).toEqual([
      400,
      { message: 'The request has several Host headers.' },
    ]);
  });

  test('a tunnel', async () => {
    for (const to of ['127.0.0.1:22', '/api/v2/users/me'])
      expect(await answer(`CONNECT ${to} HTTP/1.1\r\nHost: x`)).toEqual([
        405,
        { message: 'This server opens no tunnels.' },
      ]);
  });

  test('no host, but in HTTP/1.0, which knows none', async () => {
    expect(await answer('GET /api/v2/buildinfo HTTP/1.1')).toEqual([
      400,
      { message: 'The request has no Host header.' },
    ]);
    expect(await answer('GET /api/v2/users/first HTTP/1.0')).toMatchObject([200, { message: expect.any(String) }]);
  });
});
