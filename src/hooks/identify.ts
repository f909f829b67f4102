// Finds out who calls, on every request and before anything is decided: a good key is touched, a bad one only remembered.

import type { FastifyRequest } from 'fastify';
import { HOUR, instantText, type Micros, parseInstant, SECOND } from '../clock.ts';
import { parseKey, secretMatches } from '../crypto/tokens.ts';
import type { AppDeps } from '../ctx.ts';
import { utcTimeText } from '../golang/times.ts';
import { MOST_COPIES, SESSION_COOKIE } from '../http/cookies.ts';
import { firstOf, parameter } from '../http/query.ts';
import { once } from '../in-flight.ts';
import { isVouchedFor } from '../services/sso/provider-session.ts';
import { databaseTrouble, type Trouble } from '../store/errors.ts';
import { type KeyUse, touchKey } from '../store/keys.ts';
import type { SessionRow } from '../store/sessions.ts';

/** Where a key came from: what a browser sends by itself, what stands in the address, or a header. */
export interface Credential {
  readonly text: string;
  readonly source: 'cookie' | 'query' | 'header';
}

/** The caller of a request: nobody, a key that was refused (with the words for the 401), or a good key. */
export type Identity = { session: SessionRow; credential: Credential } | { refusal: string };

export const NO_KEY: Identity = { refusal: `Cookie "${SESSION_COOKIE}" or query parameter must be provided.` };

/**
 * The keys that a request carries, in the order in which they count: session cookies, query, header, bearer, query
 * `access_token`. Golden: session-token-sources
 */
export function credentialsOf(request: FastifyRequest, sessionCookies: readonly string[]): Credential[] {
  const found = sessionCookies
    .filter((text) => text !== '')
    .slice(0, MOST_COPIES)
    .map((text): Credential => ({ text, source: 'cookie' }));
  const add = (text: string | undefined, source: Credential['source']) => {
    if (text) found.push({ text, source });
  };
  add(parameter(request, SESSION_COOKIE), 'query');
  add(firstOf(request.headers['coder-session-token']), 'header');
  add(/^bearer (.*)$/i.exec(request.headers.authorization ?? '')?.[1]?.trim(), 'header');
  add(parameter(request, 'access_token'), 'query');
  return found;
}

/**
 * Whether bookkeeping is due, and the new expiry if the session slides. One that its identity provider has yet to vouch for
 * does not: what is refused gains no time. Golden: session-key-states
 */
function bookkeeping(session: SessionRow, now: Micros, mayExtend: boolean): { used: boolean; expiresAt?: string } {
  const used = now - parseInstant(session.lastUsed) > HOUR;
  if (!mayExtend || session.keyLoginType === 'token') return { used };
  const lifetime = (session.lifetimeSeconds || 86_400) * SECOND;
  const slides = parseInstant(session.expiresAt) - now <= lifetime - HOUR;
  return slides ? { used, expiresAt: instantText(now + lifetime) } : { used };
}

/** Troubles in which reading may go on although nothing can be noted. */
const READABLE: ReadonlySet<string> = new Set<Trouble>(['read-only', 'out of space', 'too slow']);

export function createIdentify(deps: AppDeps, lookup: (keyId: string) => Promise<SessionRow | undefined>) {
  /** Requests that a client sends at once note one use. */
  const touches = once<string, boolean>();

  /** False when the database took no write: who may read goes on reading, and nothing is extended. */
  async function noteUse(use: KeyUse): Promise<boolean> {
    try {
      await touchKey(deps.db, use);
      return true;
    } catch (err) {
      if (!READABLE.has(databaseTrouble(err) ?? '')) throw err;
      return false;
    }
  }

  async function check(credential: Credential): Promise<Identity> {
    const key = parseKey(credential.text);
    if ('reason' in key) return { refusal: key.reason };
    const session = await lookup(key.id);
    if (!session) return { refusal: 'API key is invalid.' };
    if (!secretMatches(key.secret, session.hashedSecret)) return { refusal: 'API key secret is invalid.' };
    if (parseInstant(session.expiresAt) < deps.clock())
      return { refusal: `API key expired at "${utcTimeText(session.expiresAt)}".` };
    return { session, credential };
  }

  /** Notes the use of a key, if that is due, also in the row that was read; but for its end, by which an ended key is known. */
  async function touch(session: SessionRow, ip: string): Promise<void> {
    const now = deps.clock();
    const mayExtend = !deps.config.sessions.refreshDisabled && isVouchedFor(deps, session);
    const due = bookkeeping(session, now, mayExtend);
    if (!due.used && !due.expiresAt) return;
    const seenAt = instantText(now);
    const expiry = due.expiresAt ? { from: session.expiresAt, to: due.expiresAt } : undefined;
    const isNoted = await touches(session.keyId, () =>
      noteUse({ keyId: session.keyId, seenAt, ip: due.used ? ip : undefined, expiry }),
    );
    if (!isNoted) return;
    session.user.lastSeenAt = seenAt;
    session.user.updatedAt = seenAt;
    if (due.used) session.lastUsed = seenAt;
  }

  /**
   * Who sends this request: of several credentials the first valid one counts (docs/differences.md 30), and the first is
   * the one whose refusal is told. All of them are looked up at once, which is one query.
   */
  return async function identify(credentials: readonly Credential[], ip: string): Promise<Identity> {
    const identities = await Promise.all(credentials.map(check));
    const good = identities.find((identity) => 'session' in identity);
    if (good) await touch(good.session, ip);
    return good ?? identities[0] ?? NO_KEY;
  };
}
