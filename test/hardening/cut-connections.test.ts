// Connections that are cut at the worst moment: a change and its audit entry are both there or both not.
import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';
import { type DatabaseProxy, proxyTo } from '../support/proxy.ts';

test('cut when a commit is answered: the caller learns that nothing is certain, and what is there fits together', async () => {
  let proxy!: DatabaseProxy;
  let isArmed = false;
  const t = await startApp({
    via: async (url) => {
      const cutsAnswer = (packet: Buffer) => isArmed && packet.includes('COMMIT\0');
      proxy = await proxyTo(url, { cutsAnswer });
      return proxy.url;
    },
  });
  const user = await aUser(t);
  await user.client.get('/api/v2/users/me');
  isArmed = true;
  // Not watched for what a refusal leaves: this one cannot know.
  const [cut] = await Promise.all([
    user.client.put('/api/v2/users/me/profile', { username: user.username, name: 'Cut Off' }),
    t.anonymous.get('/healthz'),
  ]);
  expect(cut).toMatchObject({ status: 503, body: { message: 'The database cannot be reached right now.' } });
  isArmed = false;
  const { body } = await user.client.get('/api/v2/users/me');
  const { rows } = await t.pool.query(
    `select count(*)::int as n from audit_logs where resource_id = $1 and action = 'write' and diff ? 'name'`,
    [user.id],
  );
  expect(rows[0].n).toBe(body.name === 'Cut Off' ? 1 : 0);
  // Postgres had committed; the answer was what got lost.
  expect(body.name).toBe('Cut Off');
  expect(t.pool.totalCount - t.pool.idleCount).toBe(0);
});
