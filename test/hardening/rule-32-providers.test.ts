// Rule 32, for logins through providers: each one that is refused leaves a line for programs that block addresses.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MINUTE } from '../../src/clock.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, type LoginSteps, logIn, writtenRows } from '../support/browser.ts';
import { type OidcProvider, type ProviderFaults, startOidcProvider } from '../support/oidc-provider.ts';

let provider: OidcProvider;
let t: TestApp;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  const person = { sub: 'ida', claims: { email: 'ida@corp.test', email_verified: true } };
  const unproven = { sub: 'una', claims: { email: 'una@corp.test', email_verified: false } };
  provider = await startOidcProvider({ accounts: { ida: person, una: unproven } });
  t = await startApp({ env: provider.env, onLog: (line) => lines.push(line) });
});
afterAll(() => provider.close());

type Case = [what: string, account: string, faults: ProviderFaults, steps: LoginSteps, status: number];
const refusedCode = { answers: { '/token': { status: 400, body: '{"error":"invalid_grant"}' } } };

test.each<Case>([
  ['a code that the provider refuses', 'ida', refusedCode, {}, 400],
  ['a token that somebody else signed', 'ida', { signature: 'stranger' }, {}, 400],
  ['a state of another login', 'ida', {}, { back: { state: 'x' } }, 401],
  ['an address that is not verified', 'una', {}, {}, 403],
])('%s', async (_, account, faults, steps, status) => {
  provider.faults = faults;
  const before = await writtenRows(t);
  lines.length = 0;
  expect((await logIn(new Browser(t), provider, account, steps)).status).toBe(status);
  expect(lines.filter(({ msg }) => msg === 'sign-in failed')).toEqual([
    expect.objectContaining({ level: 30, loginType: 'oidc', ip: '127.0.0.1', reason: expect.stringMatching(/\S/) }),
  ]);
  expect(await writtenRows(t)).toEqual(before);
});

test('what the provider says instead of a code', async () => {
  lines.length = 0;
  const answer = await t.anonymous.get('/api/v2/users/oidc/callback?error=access_denied&error_description=no');
  expect(answer.status).toBe(400);
  expect(lines.filter(({ msg }) => msg === 'sign-in failed')).toEqual([
    expect.objectContaining({ loginType: 'oidc', ip: '127.0.0.1', reason: expect.stringContaining('access_denied') }),
  ]);
});

test('of an account that exists leaves an entry in the audit log, ten a minute and one that counts the rest', async () => {
  provider.faults = {};
  const browser = new Browser(t);
  provider.accounts.sam = { sub: 'sam', claims: { email: 'sam@corp.test', email_verified: true } };
  expect((await logIn(browser, provider, 'sam')).status).toBe(307);
  const { id } = (await browser.get('/api/v2/users/me')).body;
  await t.owner.put(`/api/v2/users/${id}/status/suspend`);
  t.clock.advance(2 * MINUTE - (t.clock.now() % MINUTE));
  for (let i = 0; i < 13; i += 1) expect((await logIn(new Browser(t), provider, 'sam')).status).toBe(403);
  await t.deps.behind.settled();
  await t.deps.refusals.close();
  const { rows } = await t.pool.query(
    `select action, resource_target, status_code, ip::text, additional_fields from audit_logs
     where user_id = $1 and status_code >= 400 order by time, additional_fields ? 'repeated'`,
    [id],
  );
  expect(rows).toHaveLength(11);
  expect(rows[0]).toMatchObject({ action: 'login', status_code: 401 });
  expect(rows.at(-1).additional_fields).toEqual({ repeated: 3 });
  // Nobody is told of people who have no account.
  const { rows: others } = await t.pool.query('select from audit_logs where status_code >= 400 and user_id is null');
  expect(others).toEqual([]);
});
