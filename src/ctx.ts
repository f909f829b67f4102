// What every service gets as its first argument: who acts, on which database handle, with which clock and settings.
import type { Logger } from 'pino';
import { type Clock, instantText } from './clock.ts';
import type { Config } from './config.ts';
import type { SecretBox } from './crypto/secret-box.ts';
import type { Failures } from './fairness/failures.ts';
import { FREE, type Shares } from './fairness/shares.ts';
import type { IdentityProviders } from './idp/providers.ts';
import type { Behind } from './in-flight.ts';
import type { Mailer } from './mail/mailer.ts';
import type { Subject } from './rbac/subjects.ts';
import type { Refusals } from './services/refusals.ts';
import { type Db, inTransaction } from './store/db.ts';
import type { UserRow } from './store/users.ts';

/** What one process has once: made by main.ts, handed to buildApp. */
export interface AppDeps {
  readonly config: Config;
  readonly db: Db;
  readonly log: Logger;
  readonly clock: Clock;
  readonly mailer: Mailer;
  readonly secretBox: SecretBox;
  readonly idp: IdentityProviders;
  readonly behind: Behind;
  /** How many connections of the pool each caller may hold: the others find some left (docs/differences.md 35). */
  readonly connections: Shares;
  readonly refusals: Refusals;
  /** Failed proofs of passwords by account; undefined while limits are off. */
  readonly guesses: Failures | undefined;
}

/** Who acts: the user as stored, the key in use, and what both together may do. */
export interface Actor {
  readonly user: UserRow;
  readonly keyId: string;
  /** When the key was to end as the request began; it may move on, but whoever ends the key moves it back. */
  readonly keyExpiresAt: string;
  readonly subject: Subject;
}

/** Where a request came from; kept in the audit log. */
export interface Origin {
  readonly requestId: string;
  readonly ip: string;
  /** The network of the address, which shares are counted by. */
  readonly network: string;
  readonly userAgent: string;
}

export interface Ctx extends AppDeps {
  readonly origin: Origin;
  /** Present on every route that requires a session. */
  readonly actor: Actor | undefined;
}

/** A ctx whose actor is known: what services of signed-in callers take. */
export interface ActorCtx extends Ctx {
  readonly actor: Actor;
}

/** The time of this call as stored and shown. */
export const nowText = (ctx: Pick<Ctx, 'clock'>): string => instantText(ctx.clock());

/**
 * Runs what keeps a connection busy for a while - a transaction, a search - within the share of the caller, before any
 * connection is taken.
 */
export function withConnection<T>(
  ctx: Pick<Ctx, 'connections' | 'actor' | 'origin'>,
  work: () => Promise<T>,
): Promise<T> {
  return ctx.connections.run(ctx.actor?.user.id ?? ctx.origin.network, work);
}

/**
 * Runs `work` in one transaction with a ctx whose `db` is that transaction, so that no query inside can miss it.
 * Nothing slow (hashing, HTTP, mail) belongs inside.
 */
export function withTx<C extends Ctx, T>(ctx: C, work: (ctx: C) => Promise<T>): Promise<T> {
  return withConnection(ctx, () => inTransaction(ctx.db, (tx) => work({ ...ctx, db: tx, connections: FREE })));
}
