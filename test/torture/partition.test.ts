// A network that is gone without a word: no reset, no answer. Nobody waits for ever, and all is well when it is back.
import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';
import { type DatabaseProxy, proxyTo } from '../support/proxy.ts';
import { until } from '../support/server.ts';

test('every request is answered with 503 meanwhile, and with 200 soon after', { timeout: 180_000 }, async () => {
  let proxy!: DatabaseProxy;
  const t = await startApp({
    via: async (url) => {
      proxy = await proxyTo(url);
      return proxy.url;
    },
  });
  const users = await Promise.all(Array.from({ length: 4 }, () => aUser(t)));
  const everybody = () => Promise.all(users.map(({ client }) => client.get('/api/v2/users/me')));
  expect((await everybody()).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  proxy.hold();
  const [ready, ...held] = await Promise.all([t.anonymous.get('/readyz'), ...(await everybody())]);
  expect(ready?.status).toBe(503);
  expect(held.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  proxy.restore();
  await until(async () => (await everybody()).every(({ status }) => status === 200), 'requests succeed again', 60_000);
  expect((await t.anonymous.get('/readyz')).status).toBe(200);
});
