// An identity provider that is slow, down, or answers garbage: a clear answer in time, and nothing left behind.
import { afterAll, describe, expect, it } from 'vitest';
import { createIdentityProviders } from '../../src/idp/providers.ts';
import { StartError } from '../../src/start-error.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, logIn, writtenRows } from '../support/browser.ts';
import { type OidcProvider, type ProviderFaults, startOidcProvider } from '../support/oidc-provider.ts';

const CALLBACK = '/api/v2/users/oidc/callback';
const IN_TIME_MS = 5000;
/** When a slow provider answers, and well: whoever has waited so long is signed in instead of refused. */
const SLOW_MS = IN_TIME_MS;

const providers: OidcProvider[] = [];

async function aProvider(faults: ProviderFaults = {}, issuer?: string): Promise<OidcProvider> {
  const claims = { email: 'alice@corp.test', email_verified: true, preferred_username: 'alice' };
  const provider = await startOidcProvider({
    accounts: { alice: { sub: 'alice', claims } },
    faults,
    ...(issuer !== undefined && { issuer }),
  });
  providers.push(provider);
  return provider;
}

afterAll(async () => {
  await Promise.all(providers.map((provider) => provider.close()));
});

const slow = (...paths: string[]): ProviderFaults => ({ slow: { paths, ms: SLOW_MS } });
const canned = (path: string, status: number, body: string): ProviderFaults => ({
  answers: { [path]: { status, body } },
});

/** A login that meets a provider with faults; what it answers, and whether anything is left. */
async function meet(faults: ProviderFaults, headers: Record<string, string> = {}) {
  const provider = await aProvider();
  const t = await startApp({ env: provider.env });
  await t.deps.idp.started(IN_TIME_MS);
  const before = await writtenRows(t);
  const browser = new Browser(t);
  const started = await browser.get(CALLBACK);
  const url = await provider.visit(String(started.headers.location), 'alice');
  provider.faults = faults;
  const answer = await browser.get(url.pathname + url.search, headers);
  provider.faults = {};
  return { t, answer, before, after: await writtenRows(t), session: browser.session };
}

function expectNothingLeft({ t, before, after, session }: Awaited<ReturnType<typeof meet>>): void {
  expect(after).toEqual(before);
  expect(session).toBeUndefined();
  expect([t.pool.waitingCount, t.pool.totalCount - t.pool.idleCount]).toEqual([0, 0]);
}

describe.concurrent('a provider that fails during a login', () => {
  it('answers slowly: refused within five seconds, whichever of its answers it is', async () => {
    const meetings = await Promise.all([meet(slow('/token')), meet(slow('/me')), meet(slow('/jwks'))]);
    for (const meeting of meetings) expectNothingLeft(meeting);
    expect(meetings.map(({ answer }) => [answer.status, answer.body.message])).toEqual([
      [502, 'Failed exchanging Oauth code.'],
      [502, 'Failed to obtain user information claims.'],
      [400, 'Failed to verify OIDC token.'],
    ]);
  });

  const failures: [string, ProviderFaults, number, string][] = [
    ['a token endpoint that breaks down', canned('/token', 500, 'oops'), 502, 'Failed exchanging Oauth code.'],
    [
      'a token endpoint that is overloaded',
      canned('/token', 503, '{"error":"temporarily_unavailable"}'),
      502,
      'Failed exchanging Oauth code.',
    ],
    ['a token endpoint that answers garbage', canned('/token', 200, '<html>'), 502, 'Failed exchanging Oauth code.'],
    [
      'a token endpoint that forgets the token',
      canned('/token', 200, '{"token_type":"Bearer"}'),
      502,
      'Failed exchanging Oauth code.',
    ],
    [
      'a token endpoint that answers without end',
      canned('/token', 200, `{"access_token":"${'x'.repeat(2 ** 21)}"}`),
      502,
      'Failed exchanging Oauth code.',
    ],
    [
      'a refusal with status 200',
      canned('/token', 200, '{"error":"invalid_grant","error_description":"no"}'),
      400,
      'Failed exchanging Oauth code.',
    ],
    [
      'user info that breaks down',
      canned('/me', 500, '{"error":"x"}'),
      502,
      'Failed to obtain user information claims.',
    ],
    ['user info that is garbage', canned('/me', 200, 'not json'), 502, 'Failed to obtain user information claims.'],
    ['keys that are garbage', canned('/jwks', 200, 'not json'), 400, 'Failed to verify OIDC token.'],
    ['keys that cannot be read', canned('/jwks', 500, ''), 400, 'Failed to verify OIDC token.'],
  ];

  it.each(failures)('%s: a clear answer, nothing written', async (_title, faults, status, message) => {
    const meeting = await meet(faults);
    expect([meeting.answer.status, meeting.answer.body.message]).toEqual([status, message]);
    expectNothingLeft(meeting);
  });

  it('says so on a page to people, who did nothing wrong', async () => {
    const { answer } = await meet(canned('/token', 500, 'oops'), { accept: 'text/html,*/*' });
    expect(answer.status).toBe(502);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.text).toContain('<h1>Failed exchanging Oauth code.</h1>');
    expect(answer.text).toContain('href="/login"');
    expect(answer.text).not.toContain('oops');
  });
});

// Each waits for time-outs of its own.
describe.concurrent('a provider that is away when the server starts', () => {
  /** An app whose provider has not answered yet. */
  async function startWithout(faults: ProviderFaults): Promise<{ t: TestApp; provider: OidcProvider }> {
    const provider = await aProvider(faults);
    const t = await startApp({ env: provider.env });
    await t.deps.idp.started(0);
    return { t, provider };
  }

  const DISCOVERY = '/.well-known/openid-configuration';

  it('is said to be away, in the readiness check too, and works as soon as it is back', async () => {
    const { t, provider } = await startWithout(canned(DISCOVERY, 503, 'starting'));
    const browser = new Browser(t);
    const answer = await browser.get(CALLBACK);
    expect([answer.status, answer.body.message]).toEqual([
      503,
      'The OpenID Connect provider cannot be reached right now.',
    ]);
    const ready = await t.anonymous.get('/readyz');
    expect(ready.status).toBe(200);
    expect(ready.body.detail).toContain('The OpenID Connect provider cannot be used');
    provider.faults = {};
    expect((await logIn(browser, provider, 'alice')).status).toBe(307);
    expect((await t.anonymous.get('/readyz')).body).toEqual({ message: 'OK' });
  });

  it('gets a page for browsers, before it answers at last, and holds nothing else up', async () => {
    const { t } = await startWithout(slow(DISCOVERY));
    const order: string[] = [];
    const [page, other] = await Promise.all([
      new Browser(t).get(CALLBACK, { accept: 'text/html' }).finally(() => order.push('the page')),
      t.owner.get('/api/v2/users/me').finally(() => order.push('somebody else')),
    ]);
    expect(order).toEqual(['somebody else', 'the page']);
    expect(page.status).toBe(503);
    expect(page.text).toContain('<h1>The OpenID Connect provider cannot be reached right now.</h1>');
    expect(other.status).toBe(200);
  });

  it('is looked for again without being asked', async () => {
    const { t, provider } = await startWithout(canned(DISCOVERY, 500, ''));
    await expect.poll(() => t.deps.idp.oidc?.problem(), { timeout: IN_TIME_MS }).toContain('status 500');
    provider.faults = {};
    await expect.poll(() => t.deps.idp.oidc?.problem(), { timeout: IN_TIME_MS }).toBeUndefined();
  });
});

describe.concurrent('the first answer of a provider', () => {
  async function startWith(env: Record<string, string>): Promise<void> {
    const { deps } = await startApp({ env, empty: true });
    const idp = createIdentityProviders(deps.config, deps.log);
    try {
      await idp.started(IN_TIME_MS);
    } finally {
      idp.close();
    }
  }

  it('stops the start when the provider calls itself something else', async () => {
    const provider = await aProvider({}, 'https://somewhere.else.test');
    await expect(startWith(provider.env)).rejects.toThrow(StartError);
    await expect(
      startWith({ ...provider.env, CODER_DANGEROUS_OIDC_SKIP_ISSUER_CHECKS: 'true' }),
    ).resolves.toBeUndefined();
  });

  it('stops the start when there is no discovery document', async () => {
    const provider = await aProvider(canned('/.well-known/openid-configuration', 404, ''));
    await expect(startWith(provider.env)).rejects.toThrow('CODER_OIDC_ISSUER_URL: there is no discovery document');
  });

  it.each([
    ['nobody listens', {}, true],
    ['it breaks down', canned('/.well-known/openid-configuration', 502, 'bad gateway'), false],
    ['it answers garbage', canned('/.well-known/openid-configuration', 200, '<html>'), false],
  ] as [string, ProviderFaults, boolean][])('does not stop the start when %s', async (_title, faults, down) => {
    const provider = await aProvider(faults);
    if (down) await providers.splice(providers.indexOf(provider), 1)[0]?.close();
    await expect(startWith(provider.env)).resolves.toBeUndefined();
  });
});
