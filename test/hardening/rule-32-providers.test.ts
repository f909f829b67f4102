// Rule 32, for logins through providers: each one that is refused leaves a line for programs that block addresses.
import { afterAll, beforeAll, expect, test } from 'vitest';
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
