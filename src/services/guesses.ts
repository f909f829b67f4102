// Passwords that are guessed: each account has its own count of failures, whoever tries and from wherever.
import { hash } from 'node:crypto';
import type { Config } from '../config.ts';
import { verifyPassword } from '../crypto/passwords.ts';
import type { Ctx } from '../ctx.ts';
import { ApiError } from '../errors.ts';
import { Failures } from '../fairness/failures.ts';
import { asciiLower } from '../golang/ascii.ts';
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

/**
 * Whether a password is that of an account, known by the address that it signs in with.
 * @param passwordHash "" for an unknown account, which costs and counts as much
 * @throws ApiError 429 while the account pauses after too many failures (docs/differences.md 25), right or wrong;
 * HashQueueFullError
 */
export async function provePassword(
  ctx: Pick<Ctx, 'clock' | 'guesses' | 'origin'>,
  email: string,
  passwordHash: string,
  password: string,
): Promise<boolean> {
  const key = keyOf(email);
  requireNoPause(ctx, key);
  const isRight = await verifyPassword(passwordHash, password, ctx.origin.network);
  // Of many at once those that were compared after the last free failure tell nothing.
  requireNoPause(ctx, key);
  if (!isRight) ctx.guesses?.add(key, nowMs(ctx));
  return isRight;
}
