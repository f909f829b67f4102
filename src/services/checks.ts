// Whether what the server relies on works: each check tries the real thing, within a time of its own. For the report on health;
// `doctor` looks at the same things and more from a terminal.

import type { Ctx } from '../ctx.ts';
import { discover } from '../idp/discovery.ts';
import { fetchBounded, readText, within } from '../idp/http.ts';
import { ProviderFailure } from '../idp/provider-error.ts';
import { tryRelay } from '../mail/mailer.ts';
import { StartError } from '../start-error.ts';
import { databaseTrouble } from '../store/errors.ts';
import { checkWrites } from '../store/readiness.ts';

/** No check takes longer. */
const WITHIN_MS = 5000;
/** A database beyond this is slow: every request waits for it several times. */
const SLOW_DATABASE_MS = 250;

type CheckName = 'access_url' | 'database' | 'mail' | 'identity_provider';

export interface Finding {
  readonly name: CheckName;
  readonly severity: 'ok' | 'warning' | 'error';
  /** The name that documentation has for the problem; "" when there is none. */
  readonly code: string;
  /** What is wrong, for people, without secrets; "" when nothing is. */
  readonly message: string;
  readonly milliseconds: number;
  /** What was tried. */
  readonly target: string;
  /** The status that came back, where something was asked over HTTP. */
  readonly status?: number;
}

type CheckDeps = Pick<Ctx, 'config' | 'db'>;
type Outcome = Pick<Finding, 'severity' | 'code' | 'message'> & { status?: number };

const OK: Outcome = { severity: 'ok', code: '', message: '' };
const failed = (code: string, message: string, more: { status?: number } = {}): Outcome => ({
  severity: 'error',
  code,
  message,
  ...more,
});

/** Why a request got no answer, in a few words. */
function reasonOf(err: unknown): string {
  if (err instanceof ProviderFailure) return err.message;
  const { name, cause, code } = err as { name?: string; cause?: { code?: unknown }; code?: unknown };
  if (name === 'TimeoutError') return `no answer within ${WITHIN_MS / 1000} seconds`;
  return String(cause?.code ?? code ?? 'unreachable');
}

async function accessUrl({ config }: CheckDeps, signal: AbortSignal): Promise<Outcome> {
  try {
    const response = await fetch(`${config.accessUrl}/healthz`, { signal, redirect: 'manual' });
    const { status } = response;
    if ((await readText(response)) === 'OK' && status === 200) return { ...OK, status };
    return failed('EACS04', `CODER_ACCESS_URL does not lead to this server: /healthz answered ${status}`, { status });
  } catch (err) {
    return failed('EACS03', `CODER_ACCESS_URL cannot be reached from the server: ${reasonOf(err)}`);
  }
}

async function database({ db }: CheckDeps): Promise<Outcome> {
  const start = performance.now();
  try {
    await checkWrites(db, WITHIN_MS);
  } catch (err) {
    return failed('EDB01', `the database does not take writes: ${databaseTrouble(err) ?? 'unreachable'}`);
  }
  const took = performance.now() - start;
  if (took <= SLOW_DATABASE_MS) return OK;
  return { severity: 'warning', code: 'EDB02', message: `a small write to the database took ${Math.round(took)} ms` };
}

async function mail({ config: { email } }: CheckDeps, signal: AbortSignal): Promise<Outcome> {
  if (email === null) return OK;
  try {
    await within(signal, tryRelay(email));
    return OK;
  } catch (err) {
    return failed('EML01', `the mail relay cannot be used: ${reasonOf(err)}`);
  }
}

async function identityProvider({ config: { oidc, github } }: CheckDeps, signal: AbortSignal): Promise<Outcome> {
  try {
    if (oidc) await within(signal, discover(oidc));
    if (github) {
      const { status } = await fetchBounded('discovery', github.enterpriseBaseUrl ?? 'https://github.com', {
        signal,
        method: 'HEAD',
        redirect: 'manual',
      });
      if (status >= 500) return failed('EIDP02', `GitHub answered ${status}`, { status });
    }
    return OK;
  } catch (err) {
    if (err instanceof StartError) return failed('EIDP03', err.message);
    return failed('EIDP01', `the identity provider cannot be reached from the server: ${reasonOf(err)}`);
  }
}

/** The checks of what is set up, all at once; they take some seconds at most, and none of them throws. */
export async function runChecks(deps: CheckDeps): Promise<Finding[]> {
  const { accessUrl: url, email, oidc, github } = deps.config;
  const checks: [CheckName, string, (deps: CheckDeps, signal: AbortSignal) => Promise<Outcome>][] = [
    ['access_url', url, accessUrl],
    ['database', '', database],
  ];
  if (email) checks.push(['mail', `${email.smarthost.host}:${email.smarthost.port}`, mail]);
  if (oidc || github) checks.push(['identity_provider', oidc?.issuerUrl ?? 'GitHub', identityProvider]);
  return Promise.all(
    checks.map(async ([name, target, check]) => {
      const start = performance.now();
      const outcome = await check(deps, AbortSignal.timeout(WITHIN_MS));
      return { name, target, milliseconds: Math.ceil(performance.now() - start), ...outcome };
    }),
  );
}
