// Rule 35 under floods: whatever one caller sends, `GET /users/me` of another stays quick, measured against itself. The floods
// come from processes of lower priority, so that the figure is the server's and not that of two programs on the same processors.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FloodKind, startFlood } from '../support/flood-kinds.ts';
import { fodder } from '../support/fodder.ts';
import { cleanUp, preparedFolder, type RunningServer, startServer } from '../support/server.ts';
import { setUp } from '../support/set-up.ts';
import { Wire } from '../support/wire.ts';

afterAll(cleanUp);

/** So many, or as many as there are within a few seconds. */
const SAMPLES = 200;
const SAMPLING_MS = 5000;
const FACTOR = 5;
const FLOODS: [string, Partial<Record<FloodKind, number>>][] = [
  ['300 writes at once', { writes: 300 }],
  ['400 connections on login', { logins: 400 }],
  ['bodies at the limit of their size', { bodies: 64 }],
  ['hostile search patterns', { searches: 64 }],
  ['all of it together', { writes: 300, logins: 400, bodies: 64, searches: 64 }],
];

let server: RunningServer;
let flooder: string;
let neighbour: string;
beforeAll(async () => {
  server = await startServer({
    CODER_USERS_DATA_DIR: await preparedFolder(),
    CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true',
  });
  const { keys } = await fodder(server.url, await setUp(server.url))();
  flooder = keys.member;
  neighbour = keys.owner;
});

/** So many waits for an answer, in milliseconds, and the statuses that came. */
async function measure(): Promise<{ waits: number[]; statuses: Set<number | string> }> {
  const wire = new Wire(server.url);
  const message = Buffer.from(`GET /api/v2/users/me HTTP/1.1\r\nHost: x\r\nCoder-Session-Token: ${neighbour}\r\n\r\n`);
  const waits: number[] = [];
  const statuses = new Set<number | string>();
  const end = performance.now() + SAMPLING_MS;
  while (waits.length < SAMPLES && performance.now() < end) {
    const started = performance.now();
    const answer = await wire.send(message);
    waits.push(performance.now() - started);
    statuses.add(typeof answer === 'object' ? answer.status : 'none');
  }
  wire.close();
  return { waits, statuses };
}

const middle = (waits: readonly number[]) => waits.toSorted((a, b) => a - b)[waits.length >> 1] ?? Number.NaN;

test.each(FLOODS)('%s', { timeout: 300_000 }, async (name, kinds) => {
  await measure();
  const quiet = await measure();
  const floods = await Promise.all(
    Object.entries(kinds).map(([kind, connections]) =>
      startFlood({ kind: kind as FloodKind, url: server.url, key: flooder, connections }),
    ),
  );
  const flooded = await measure();
  const reports = await Promise.all(floods.map((flood) => flood.end()));
  // What else the machine does changes: quiet is before and after.
  await measure();
  const after = await measure();
  const [quietP50, floodedP50] = [middle([...quiet.waits, ...after.waits]), middle(flooded.waits)];
  const ratio = floodedP50 / quietP50;
  console.log(
    `${name}: p50 ${quietP50.toFixed(2)} ms quiet, ${floodedP50.toFixed(2)} ms flooded, ${ratio.toFixed(1)} times; flood ${JSON.stringify(reports)}`,
  );
  expect([...quiet.statuses, ...flooded.statuses, ...after.statuses]).toEqual([200, 200, 200]);
  for (const { statuses } of reports)
    expect(Object.keys(statuses).filter((status) => !/^([234]..|503)$/.test(status))).toEqual([]);
  expect(ratio).toBeLessThan(FACTOR);
});
