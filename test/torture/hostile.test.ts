// A hundred thousand hostile requests at the built server: it fails none, lives on, and does not grow.
import { afterAll, expect, test } from 'vitest';
import { barrage, type Outcome } from '../support/barrage.ts';
import { fodder } from '../support/fodder.ts';
import { MEASURED, type Memory, memoryOf } from '../support/measured.ts';
import { cleanUp, preparedFolder, startServer } from '../support/server.ts';
import { setUp } from '../support/set-up.ts';

afterAll(cleanUp);

const REQUESTS = Number(process.env.HOSTILE_REQUESTS ?? 100_000);
/** The first leg fills caches; the second and the third are compared. */
const LEGS = 3;
const MiB = 2 ** 20;
const inMiB = ({ rss, heapUsed, external }: Memory) =>
  `${Math.round(rss / MiB)} MiB resident, ${Math.round(heapUsed / MiB)} heap, ${Math.round(external / MiB)} outside`;

test('a hundred thousand hostile requests', { timeout: 3_600_000 }, async () => {
  const server = await startServer({
    ...MEASURED,
    CODER_USERS_DATA_DIR: await preparedFolder(),
    CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true',
  });
  const renew = fodder(server.url, await setUp(server.url));
  const memory = [await memoryOf(server)];
  const outcomes: Outcome[] = [];
  for (let leg = 0; leg < LEGS; leg += 1) {
    const requests = Math.ceil(REQUESTS / LEGS);
    outcomes.push(await barrage({ url: server.url, seed: 100 + leg, requests, connections: 8, renew }));
    memory.push(await memoryOf(server));
    console.log(
      `${(leg + 1) * requests} requests: ${JSON.stringify(outcomes.at(-1)?.statuses)}, ${inMiB(memory.at(-1) as Memory)}`,
    );
    expect(outcomes.at(-1)?.faults).toEqual([]);
  }
  const [, , second, third] = memory as [Memory, Memory, Memory, Memory];
  expect(third.heapUsed - second.heapUsed).toBeLessThan(16 * MiB);
  expect(third.external - second.external).toBeLessThan(16 * MiB);
  expect(third.rss - second.rss).toBeLessThan(64 * MiB);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  const errors = server.log().filter((line) => Number((line as { level?: number }).level) >= 50);
  expect(errors).toEqual([]);
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
});
