// What the server tells of its work to whoever watches: metrics and traces. It costs nothing while nobody listens.
import { channel } from 'node:diagnostics_channel';
import type { Scope } from './scope.ts';

/** A kind of event of this process. Times are those of `performance.now()`. */
export interface Event<T> {
  /** Whether anybody listens: asked before an event is put together. */
  readonly isHeard: boolean;
  tell(event: T): void;
  hear(listener: (event: T) => void): void;
}

function event<T>(name: string): Event<T> {
  const one = channel(`coder-users.${name}`);
  return {
    get isHeard() {
      return one.hasSubscribers;
    },
    tell: (event) => one.publish(event),
    hear: (listener) => one.subscribe((event) => listener(event as T)),
  };
}

/** How long something took. */
interface Took {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** A request begins; a listener may keep something in the scope. */
export const requestBegan = event<{ scope: Scope; traceparent: string | undefined; tracestate: string | undefined }>(
  'request-began',
);

/** The answer to a request was sent, or its connection is gone (status 499). */
export const requestEnded = event<Took & { scope: Scope; status: number }>('request-ended');

/** A statement of the pool is done. `text` has placeholders where values are. */
export const statementDone = event<Took & { scope: Scope | undefined; text: string; failed: boolean }>('statement');

/** A session was looked up, together with whatever others waited. */
export const sessionLookedUp = event<Took & { scope: Scope | undefined }>('session-lookup');
/** How many sessions one statement looks up. */
export const sessionBatch = event<{ size: number }>('session-batch');

/** What kept a statement from running. */
export const databaseTroubled = event<{ cause: string }>('database-trouble');

/** A password was hashed or compared; it waited for its turn before. */
export const passwordHashed = event<Took & { scope: Scope | undefined; waitedMs: number }>('password-hashed');

/** A sign-in came to an end. */
export const signedIn = event<{ loginType: string; outcome: string }>('sign-in');

/** A request was refused for how many there are. */
export const limitHit = event<{ limit: 'api' | 'login' | 'password' | 'account' | 'caller' | 'hashing' }>('limit-hit');

/** What became of an attempt to deliver a mail. */
export const mailHandled = event<{ outcome: 'delivered' | 'delayed' | 'given up' | 'dropped' }>('mail');

/** What an identity provider is asked for. */
export type ProviderQuestion = 'discovery' | 'keys' | 'token' | 'userinfo' | 'account' | 'device';

/** An identity provider was asked something: what it answered, by the class of the status, or that it did not. */
export const providerAsked = event<
  Took & {
    scope: Scope | undefined;
    question: ProviderQuestion;
    outcome: 'ok' | 'refused' | 'failed' | 'unreachable' | 'timeout';
  }
>('provider');

/** A message to people is about to be in the queue. */
export const messageQueued = event<undefined>('message-queued');
