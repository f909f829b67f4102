// Cookies of this server, with their attributes in the order that clients have always seen.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';

export const SESSION_COOKIE = 'coder_session_token';
export const CSRF_COOKIE = 'csrf_token';
const HOST_PREFIX = '__Host-';
/** No browser has more copies of a cookie than a few; whoever plants hundreds must not make work. */
export const MOST_COPIES = 5;

/** Session cookies live a year whatever the session's own duration (golden: session-logout). */
const SESSION_MAX_AGE_SECONDS = 31_536_000;

interface Attributes {
  path?: string;
  maxAgeSeconds?: number;
  expires?: Date;
  httpOnly?: boolean;
  secure?: boolean;
  sameSite?: 'lax' | 'none';
}

/** Adds a Set-Cookie header, for the whole site unless told otherwise; `value` must be cookie-safe text. */
export function setCookie(reply: FastifyReply, name: string, value: string, attributes: Attributes): void {
  let text = `${name}=${value}; Path=${attributes.path ?? '/'}`;
  if (attributes.expires) text += `; Expires=${attributes.expires.toUTCString()}`;
  if (attributes.maxAgeSeconds !== undefined) text += `; Max-Age=${attributes.maxAgeSeconds}`;
  if (attributes.httpOnly) text += '; HttpOnly';
  if (attributes.secure) text += '; Secure';
  if (attributes.sameSite) text += `; SameSite=${attributes.sameSite === 'none' ? 'None' : 'Lax'}`;
  reply.header('set-cookie', text);
}

/** The attributes of every cookie of this server under these settings. */
export const cookieDefaults = (config: Config): Attributes => ({
  // Other programs may live on the same host, beside the path of this one. The prefix allows no path.
  path: config.cookies.hostPrefix ? '/' : config.basePath || '/',
  secure: config.cookies.secure,
  sameSite: config.cookies.sameSite,
});

/** The name under which browsers keep the session key. */
const sessionCookieName = (config: Config) => (config.cookies.hostPrefix ? HOST_PREFIX : '') + SESSION_COOKIE;

/** Hands a session key to the browser. */
export function setSessionCookie(reply: FastifyReply, config: Config, key: string): void {
  setCookie(reply, sessionCookieName(config), key, {
    ...cookieDefaults(config),
    maxAgeSeconds: SESSION_MAX_AGE_SECONDS,
    httpOnly: true,
  });
}

/** Takes the session key from the browser. */
export function clearSessionCookie(reply: FastifyReply, config: Config): void {
  setCookie(reply, sessionCookieName(config), '', { ...cookieDefaults(config), maxAgeSeconds: 0 });
}

/**
 * All values of a cookie in a Cookie header, in order, quotes around a value stripped. Values are plain text, never
 * percent escapes. The only reader of cookies here (docs/decisions/0010).
 */
export function cookieValues(header: string | undefined, name: string): string[] {
  if (!header?.includes(name)) return [];
  const values: string[] = [];
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue;
    const value = part.slice(equals + 1).trim();
    values.push(value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value);
  }
  return values;
}

/**
 * The session cookies that count for a request. With the host prefix on, only prefixed ones do, and each plain one is
 * removed from the browser (golden: session-cookies-host-prefix).
 */
export function sessionCookies(request: FastifyRequest, reply: FastifyReply, config: Config): string[] {
  const header = request.headers.cookie;
  if (!header) return [];
  const plain = cookieValues(header, SESSION_COOKIE);
  if (!config.cookies.hostPrefix) return plain;
  for (const _ of plain.slice(0, MOST_COPIES)) setCookie(reply, SESSION_COOKIE, '', { maxAgeSeconds: 0 });
  return cookieValues(header, HOST_PREFIX + SESSION_COOKIE);
}
