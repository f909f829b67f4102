// Password hashes: argon2id for everything new, and reading of the older PBKDF2 form that imported accounts have.

import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import argon2 from 'argon2';
import { fairQueue } from '../fairness/fair-queue.ts';
import { passwordHashed } from '../watch/events.ts';
import { currentScope } from '../watch/scope.ts';
import { lowerHashThreads } from './hash-threads.ts';

/** Too many passwords are waiting to be hashed: the caller answers 503. */
export class HashQueueFullError extends Error {
  override readonly name = 'HashQueueFullError';
}

// OWASP's parameters; the package's own defaults cost about five times as much.
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const ARGON2ID = /^\$argon2id\$v=\d+\$m=\d+,[tp]=\d+,[tp]=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;
const PBKDF2 = /^\$pbkdf2-sha256\$([1-9]\d{0,7})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]{86})$/;
const PBKDF2_BYTES = 64;
/** What hashes of the older form begin with. */
export const OLD_FORM = '$pbkdf2-';
const WAITING = 2000;
/** Of one network; a signed-in caller and a stranger from there share it. */
const WAITING_EACH = 500;

const derive = promisify(pbkdf2);

// Hashing occupies threads that file access needs too, so no more run at once than there are processors.
const queue = fairQueue(
  { running: availableParallelism(), waiting: WAITING, waitingEach: WAITING_EACH },
  () => new HashQueueFullError('too many passwords are waiting to be hashed'),
);

let isLowered = false;

/** Runs `work` in a thread when the turn of `network` comes. */
async function inTurn<T>(network: string, work: () => Promise<T>): Promise<T> {
  const askedAt = performance.now();
  let startedAt = askedAt;
  const result = await queue.run(network, () => {
    startedAt = performance.now();
    return work();
  });
  if (passwordHashed.isHeard) {
    const waitedMs = startedAt - askedAt;
    passwordHashed.tell({ scope: currentScope(), waitedMs, startedAt, endedAt: performance.now() });
  }
  if (!isLowered) lowerHashThreads();
  isLowered = true;
  return result;
}

const argonHash = (password: string): Promise<string> =>
  argon2.hash(password, { ...PARAMETERS, type: argon2.argon2id });

/**
 * @param network whose share of the processors a hash would take
 * @throws HashQueueFullError when too many passwords are waiting: asked before anything is looked up for one
 */
export const requireHashingRoom = (network: string): void => queue.requireRoom(network);

/** How many passwords are being hashed, and how many wait for it. */
export const hashingLoad = () => queue.load();

/**
 * Hashes a password with argon2id; returns the text to store.
 * @param network whose share of the processors it takes: networks take turns (docs/differences.md 35)
 * @throws HashQueueFullError
 */
export function hashPassword(password: string, network = ''): Promise<string> {
  return inTurn(network, () => argonHash(password));
}

async function verifyArgon2id(hash: string, password: string): Promise<boolean> {
  try {
    return await argon2.verify(hash, password);
  } catch {
    return verifyNothing(password);
  }
}

/** Costs what a comparison costs. */
async function verifyNothing(password: string): Promise<boolean> {
  await argonHash(password);
  return false;
}

/** Rounds of the PBKDF2 hashes that accounts bring along, and a salt for work whose result nobody looks at. */
const USUAL_ROUNDS = 65_535;
const NO_SALT = Buffer.alloc(16);

async function verifyPbkdf2(parts: RegExpExecArray, password: string): Promise<boolean> {
  const [, rounds, salt = '', expected = ''] = parts;
  const actual = await derive(password, Buffer.from(salt, 'base64'), Number(rounds), PBKDF2_BYTES, 'sha256');
  return timingSafeEqual(actual, Buffer.from(expected, 'base64'));
}

/**
 * Says whether `password` belongs to the stored hash (own or PBKDF2 form).
 * An empty or missing hash (unknown account, account without password) and a text of another form (a broken import) are
 * never matched and cost one hash as well, so that neither answer nor time tells anything.
 * @param network as for `hashPassword`
 * @param hidesForm does the work of both forms, whichever the hash has: where some accounts have the older one, the time
 * would tell which, and that they exist
 * @throws HashQueueFullError
 */
export async function verifyPassword(
  hash: string | undefined,
  password: string,
  network = '',
  hidesForm = false,
): Promise<boolean> {
  const parts = PBKDF2.exec(hash ?? '');
  return inTurn(network, async () => {
    if (parts) {
      const isRight = await verifyPbkdf2(parts, password);
      if (hidesForm) await verifyNothing(password);
      return isRight;
    }
    const isRight = await (hash && ARGON2ID.test(hash) ? verifyArgon2id(hash, password) : verifyNothing(password));
    if (hidesForm) await derive(password, NO_SALT, USUAL_ROUNDS, PBKDF2_BYTES, 'sha256');
    return isRight;
  });
}

/** Whether a stored text is the hash of a password, as far as its form tells; "" is none. */
export const isPasswordHash = (hash: string): boolean => ARGON2ID.test(hash) || PBKDF2.test(hash);

/** Whether a stored text is a hash of the older form. */
export const isOldForm = (hash: string): boolean => PBKDF2.test(hash);

/** Says whether a stored hash should be replaced after the next successful login (older form or weaker parameters). */
export function needsRehash(hash: string): boolean {
  if (hash === '') return false;
  return !ARGON2ID.test(hash) || argon2.needsRehash(hash, PARAMETERS);
}
