// Passwords that are guessed: each account has its own count of failures, whoever tries and from wherever.
import { hash } from 'node:crypto';
import type { Config } from '../config.ts';
import { isOldForm, OLD_FORM, verifyPassword } from '../crypto/passwords.ts';
import type { Ctx } from '../ctx.ts';
import { ApiError } from '../errors.ts';
import { Failures } from '../fairness/failures.ts';
import { asciiLower } from '../golang/ascii.ts';
import type { Db } from '../store/db.ts';
import { hasHashOfForm } from '../store/users.ts';
import { limitHit } from '../watch/events.ts';

/** The failures of one process; undefined while limits are off. Each replica counts alone, as with all limits. */
export const createGuesses = ({ rateLimit }: Pick<Config, 'rateLimit'>): Failures | undefined =>
  rateLimit.disabled ? undefined : new Failures();

const nowMs = ({ clock }: Pick<Ctx, 'clock'>) => Math.floor(clock() / 1000);

/** Keys of a fixed size. By the address, so that an unknown one is as an account. */
const keyOf = (email: string) => hash('sha256', asciiLower(email), 'base64url');

function requireNoPause(ctx: Pick<Ctx, 'clock' | 'guesses'>, key: string): void {
  const pause = ctx.guesses?.pauseMs(key, nowMs(ctx)) ?? 0;
  if (pause === 0) return;
  limitHit.tell({ limit: 'account' });
  throw new ApiError(
    429,
    'There were too many failed attempts for this e-mail address. Please try again in a moment.',
    {
      headers: { 'retry-after': String(Math.ceil(pause / 1000)) },
    },
  );
}

/** How long it is believed whether there are hashes of the older form: looking reads all accounts where there are none. */
const FORMS_MS = 60_000;
const forms = new WeakMap<Db, { until: number; answer: Promise<boolean> }>();

/** Whether some account has a hash of the older form, which a sign-in replaces: while there are any, all logins cost both. */
async function hasOldHashes({ db }: Pick<Ctx, 'db'>, passwordHash: string): Promise<boolean> {
  const now = performance.now();
  const known = forms.get(db);
  if (isOldForm(passwordHash)) {
    forms.set(db, { until: now + FORMS_MS, answer: Promise.resolve(true) });
    return true;
  }
  if (known && now < known.until) return known.answer;
  const answer = hasHashOfForm(db, OLD_FORM);
  forms.set(db, { until: now + FORMS_MS, answer });
  // Nobody fails later for a look-up that failed now.
  answer.catch(() => forms.delete(db));
  return answer;
}

/**
 * Whether a password is that of an account, known by the address that it signs in with.
 * @param passwordHash "" for an unknown account, which costs and counts as much
 * @throws ApiError 429 while the account pauses after too many failures (docs/differences.md 25), right or wrong;
 * HashQueueFullError
 */
export async function provePassword(
  ctx: Pick<Ctx, 'clock' | 'db' | 'guesses' | 'origin'>,
  email: string,
  passwordHash: string,
  password: string,
): Promise<boolean> {
  const key = keyOf(email);
  requireNoPause(ctx, key);
  const hidesForm = await hasOldHashes(ctx, passwordHash);
  const isRight = await verifyPassword(passwordHash, password, ctx.origin.network, hidesForm);
  // Of many at once those that were compared after the last free failure tell nothing.
  requireNoPause(ctx, key);
  if (!isRight) ctx.guesses?.add(key, nowMs(ctx));
  return isRight;
}
