// Deliveries outlive the server that began them; test/torture/notifications.test.ts does the same with many more.
import { afterAll, expect, test } from 'vitest';
import { killAmidDeliveries } from '../support/killed-deliveries.ts';
import { cleanUp } from '../support/server.ts';

afterAll(cleanUp);

test('kill -9 amid 60 messages: each is posted at least once and in the inbox exactly once', {
  timeout: 120_000,
}, async () => {
  const { sent, posted, inbox } = await killAmidDeliveries(60);
  expect(sent).toHaveLength(60);
  expect([...posted.keys()].sort()).toEqual([...sent].sort());
  expect(inbox).toEqual(new Map(sent.map((title) => [title, 1])));
});
