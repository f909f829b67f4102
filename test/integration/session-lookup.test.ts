// Looking sessions up together: what is wrong with one key is nobody else's trouble.
import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';

test.each([
  ['a time that is none', `expires_at = 'infinity'`],
  ['scopes in two dimensions', `scopes = '{{all,x},{y,z}}'`],
  ['scopes that are null', `scopes = '{null}'`],
])('a key with %s fails alone, whoever is looked up with it', async (_, damage) => {
  const t = await startApp();
  const [damaged, other, another] = [await aUser(t), await aUser(t), await aUser(t)];
  await t.pool.query(`update api_keys set ${damage} where id = $1`, [damaged.token.slice(0, 10)]);
  const [bad, ...good] = await Promise.all(
    [damaged, other, another, other].map(({ client }) => client.get('/api/v2/users/me')),
  );
  expect(bad?.status).not.toBe(200);
  expect(good.map(({ status, body }) => [status, body.username])).toEqual([
    [200, other.username],
    [200, another.username],
    [200, other.username],
  ]);
});
