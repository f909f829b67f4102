// A thousand messages and a kill -9 in the middle.
import { afterAll, expect, test } from 'vitest';
import { killAmidDeliveries } from '../support/killed-deliveries.ts';
import { cleanUp } from '../support/server.ts';

afterAll(cleanUp);

test('each of 1,000 messages is posted at least once and in the inbox exactly once', { timeout: 400_000 }, async () => {
  const { sent, posted, inbox } = await killAmidDeliveries(1000);
  expect(sent).toHaveLength(1000);
  expect([...posted.keys()].sort()).toEqual([...sent].sort());
  expect(inbox).toEqual(new Map(sent.map((title) => [title, 1])));
});
