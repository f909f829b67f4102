// A hundred thousand people with half a million keys move in, through a process whose memory is small.
import { afterAll, expect, test } from 'vitest';
import { withClient } from '../../src/postgres/client.ts';
import { cloneDatabase } from '../support/postgres.ts';
import { addPeople, referenceDatabase } from '../support/reference.ts';
import { cleanUp, run } from '../support/server.ts';

afterAll(cleanUp);

const PEOPLE = 100_000;

test('100,000 users and 500,000 keys', { timeout: 900_000 }, async () => {
  const { url: from } = await referenceDatabase();
  await addPeople(from, PEOPLE);
  const { url: to } = await cloneDatabase();
  const env = {
    CODER_PG_CONNECTION_URL: to,
    CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 3).toString('base64'),
    NODE_OPTIONS: '--max-old-space-size=96',
  };
  const timed = async (...more: string[]) => {
    const start = performance.now();
    const { code, stdout, stderr } = await run(['import', '--from', from, ...more], env).finished;
    process.stderr.write(`import ${more.join(' ')}: ${((performance.now() - start) / 1000).toFixed(1)} s\n${stderr}`);
    expect([code, stderr.includes('rows read')]).toEqual([0, true]);
    return stdout;
  };
  expect(await timed()).toMatch(new RegExp(`users +${PEOPLE + 11} new`));
  expect(await timed('--continue')).toMatch(/users +nothing new/);
  const { rows } = await withClient(to, (client) =>
    client.query(`select (select count(*) from users)::int as users, (select count(*) from api_keys)::int as keys,
      (select sum(live) from user_counts)::int as listed`),
  );
  expect(rows).toEqual([{ users: PEOPLE + 12, keys: PEOPLE * 5 + 6, listed: PEOPLE + 10 }]);
});
