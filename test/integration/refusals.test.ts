// The watch over refused requests (test/support/untouched.ts), with an app that does what ours must never do.
import Fastify from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';

let t: TestApp;
const bad = Fastify();
beforeAll(async () => {
  t = await startApp();
  const change = (path: string, status: number, what: () => unknown) =>
    bad.get(path, async (_, reply) => {
      await what();
      return reply.code(status).send();
    });
  const run = (statement: string) => () => t.pool.query(statement);
  change('/renamed', 400, run(`update organizations set name = name || 'x'`));
  change('/added', 403, run(`insert into site_settings (key, value) values ('a', 'b')`));
  change('/taken', 404, run(`delete from git_ssh_keys`));
  change('/ended', 400, run(`update api_keys set expires_at = expires_at - interval '1 second'`));
  change('/noted', 400, run(`update audit_logs set status_code = 500`));
  change('/mailed', 409, () => t.mails.push({ to: 'a@example.com', subject: '', text: '', html: '' }));
  change('/used', 401, run(`update api_keys set expires_at = expires_at + interval '1 day', last_used = now()`));
  change('/allowed', 200, run(`update organizations set name = name || 'x'`));
  change('/failed', 500, run(`update organizations set name = name || 'x'`));
});
afterAll(() => bad.close());

const call = (url: string) => t.watch(url, () => bad.inject({ url }));

it.each([
  ['/renamed', 'organizations'],
  ['/added', 'site_settings'],
  ['/taken', 'git_ssh_keys'],
  ['/ended', 'the end of key'],
  ['/noted', 'audit_logs'],
  ['/mailed', 'mails'],
  ['/failed', 'organizations'],
])('%s: a refusal that leaves something behind fails the test that sees it', async (url, what) => {
  await expect(call(url)).rejects.toThrow(what);
});

it('what was done, and bookkeeping of a refused use, fail nothing', async () => {
  await call('/allowed');
  await call('/used');
});
