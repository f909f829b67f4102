// Forgery is judged by the credential that was used (docs/differences.md 22): a session cookie alone may not change anything,
// a page must prove that it is ours.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { CSRF_COOKIE, cookieDefaults, cookieValues, SESSION_COOKIE, setCookie } from '../http/cookies.ts';
import { firstOf, parameter } from '../http/query.ts';
import type { Identity } from './identify.ts';

const TOKEN_BYTES = 32;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** The first user is nobody's session: a cookie of an earlier server must not be in the way (golden: session-csrf). */
const isFirstUser = ({ method, path }: FastifyRequest) => method === 'POST' && path === '/api/v2/users/first';

const REFUSAL =
  'Something is wrong with your CSRF token. Please refresh the page. If this error persists, try clearing your cookies.\n';
const MISMATCH = `CSRF error encountered. Authentication via "${SESSION_COOKIE}" cookie and "Coder-Session-Token" header detected, but the values do not match. To resolve this issue ensure the values used in both match, or only use one of the authentication methods. You can also try clearing your cookies if this error persists.\n`;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes a form of our pages, which carries its token itself (hooks/own-form.ts). */
    ownForm?: boolean;
  }
}

function tokenOf(text: string | undefined): Buffer | undefined {
  if (!text || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}

// Asking the system for a few bytes costs as much as for many, and every client without cookies gets a token.
let supply = Buffer.alloc(0);

function freshToken(): Buffer {
  if (supply.length === 0) supply = randomBytes(128 * TOKEN_BYTES);
  const token = supply.subarray(0, TOKEN_BYTES);
  supply = supply.subarray(TOKEN_BYTES);
  return token;
}

/** The request's CSRF token; one that is not 32 bytes is replaced by a fresh cookie with this answer. */
export function csrfToken(request: FastifyRequest, reply: FastifyReply, config: Config): Buffer {
  const sent = tokenOf(cookieValues(request.headers.cookie, CSRF_COOKIE)[0]);
  if (sent?.length === TOKEN_BYTES) return sent;
  const fresh = freshToken();
  setCookie(reply, CSRF_COOKIE, fresh.toString('base64'), { ...cookieDefaults(config), httpOnly: true });
  return fresh;
}

/** The token in the form that pages carry: 32 random bytes and the token XOR those, base64. */
export function maskedCsrfToken(token: Buffer): string {
  const mask = randomBytes(TOKEN_BYTES);
  return Buffer.concat([mask, xor(mask, token)]).toString('base64');
}

const xor = (a: Buffer, b: Buffer) => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));

function matches(header: string | undefined, token: Buffer): boolean {
  const sent = tokenOf(header);
  if (sent?.length === TOKEN_BYTES) return timingSafeEqual(sent, token);
  if (sent?.length !== 2 * TOKEN_BYTES) return false;
  return timingSafeEqual(xor(sent.subarray(0, TOKEN_BYTES), sent.subarray(TOKEN_BYTES)), token);
}

/**
 * Whether a request may go on as far as cross-site forgery is concerned: a changing one with a session cookie, good or
 * bad, needs the token on every path, unless another credential signed it in. Besides the token, knowing the cookie's value
 * and headers that no page of another site can send are proof. Golden: session-csrf
 * @param cookies the session cookies that came along
 * @returns the plain text of the refusal, or undefined
 */
export function csrfRefusal(
  request: FastifyRequest,
  identity: Identity,
  cookies: readonly string[],
  token: Buffer,
): string | undefined {
  if (SAFE_METHODS.has(request.method) || request.routeOptions.config.ownForm || isFirstUser(request)) return undefined;
  const signedIn = 'session' in identity;
  if (signedIn && identity.credential.source !== 'cookie') return undefined;
  const used = signedIn ? identity.credential.text : cookies.find((value) => value !== '');
  if (used === undefined) return undefined;
  const { headers } = request;
  const header = firstOf(headers['coder-session-token']);
  if (header === used || parameter(request, SESSION_COOKIE) === used) return undefined;
  if (/^bearer /i.test(headers.authorization ?? '')) return undefined;
  if (headers['coder-provisioner-daemon-psk'] || headers['coder-provisioner-daemon-key']) return undefined;
  if (matches(firstOf(headers['x-csrf-token']), token)) return undefined;
  return header ? MISMATCH : REFUSAL;
}

/** The cookie check for routes outside /api that change something (the forms of the pages). */
export function isOwnForm(sent: string | undefined, token: Buffer): boolean {
  return matches(sent, token);
}
