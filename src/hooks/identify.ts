// Finds out who calls, on every request and before anything is decided: a good key is touched, a bad one only remembered.

import type { FastifyRequest } from 'fastify';
import { HOUR, instantText, type Micros, parseInstant, SECOND } from '../clock.ts';
import { parseKey, secretMatches } from '../crypto/tokens.ts';
import type { AppDeps } from '../ctx.ts';
import { utcTimeText } from '../golang/times.ts';
import { SESSION_COOKIE } from '../http/cookies.ts';
import { firstOf, parameter } from '../http/query.ts';
import { once } from '../in-flight.ts';
import { databaseTrouble, type Trouble } from '../store/errors.ts';
import { type KeyUse, touchKey } from '../store/keys.ts';
import type { SessionRow } from '../store/sessions.ts';

/** The caller of a request: nobody, a key that was refused (with the words for the 401), or a good key. */
export type Identity = { session: SessionRow } | { refusal: string };

export const NO_KEY: Identity = { refusal: `Cookie "${SESSION_COOKIE}" or query parameter must be provided.` };

/**
 * The keys that a request carries, of the first source that has any: session cookies (all of them: a dead one does not
 * hide a live one), query, header, bearer, query `access_token`. Golden: session-token-sources
 */
export function keysOf(request: FastifyRequest, sessionCookies: string[]): string[] {
  const cookies = sessionCookies.filter((value) => value !== '');
  if (cookies.length > 0) return cookies;
  const inQuery = parameter(request, SESSION_COOKIE);
  if (inQuery) return [inQuery];
  const header = firstOf(request.headers['coder-session-token']);
  if (header) return [header];
  const bearer = /^bearer (.*)$/i.exec(request.headers.authorization ?? '')?.[1]?.trim();
  if (bearer) return [bearer];
  const accessToken = parameter(request, 'access_token');
  return accessToken ? [accessToken] : [];
}

/** Whether bookkeeping is due, and the new expiry if the session slides. Golden: session-key-states */
function bookkeeping(
  session: SessionRow,
  now: Micros,
  refreshDisabled: boolean,
): { used: boolean; expiresAt?: string } {
  const used = now - parseInstant(session.lastUsed) > HOUR;
  if (refreshDisabled || session.keyLoginType === 'token') return { used };
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

  async function check(text: string, ip: string): Promise<Identity> {
    const key = parseKey(text);
    if ('reason' in key) return { refusal: key.reason };
    const session = await lookup(key.id);
    if (!session) return { refusal: 'API key is invalid.' };
    if (!secretMatches(key.secret, session.hashedSecret)) return { refusal: 'API key secret is invalid.' };
    const now = deps.clock();
    if (parseInstant(session.expiresAt) < now)
      return { refusal: `API key expired at "${utcTimeText(session.expiresAt)}".` };
    const due = bookkeeping(session, now, deps.config.sessions.refreshDisabled);
    if (due.used || due.expiresAt) {
      const seenAt = instantText(now);
      const expiry = due.expiresAt ? { from: session.expiresAt, to: due.expiresAt } : undefined;
      const isNoted = await touches(session.keyId, () =>
        noteUse({ keyId: session.keyId, seenAt, ip: due.used ? ip : undefined, expiry }),
      );
      if (!isNoted) return { session };
      session.user.lastSeenAt = seenAt;
      session.user.updatedAt = seenAt;
      if (due.used) session.lastUsed = seenAt;
      if (due.expiresAt) session.expiresAt = due.expiresAt;
    }
    return { session };
  }

  /** Who sends this request. Several keys come from several cookies: the first valid one counts. */
  return async function identify(keys: string[], ip: string): Promise<Identity> {
    let refused: Identity | undefined;
    for (const key of keys) {
      const identity = await check(key, ip);
      if ('session' in identity) return identity;
      refused ??= identity;
    }
    return refused ?? NO_KEY;
  };
}
