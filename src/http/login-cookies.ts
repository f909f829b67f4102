// The cookies that a login through an identity provider leaves in the browser while it is away.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { cookieDefaults, cookieValues, setCookie } from './cookies.ts';

export const STATE_COOKIE = 'oauth_state';
export const REDIRECT_COOKIE = 'oauth_redirect';
export const VERIFIER_COOKIE = 'oauth_pkce_verifier';

/** Text as a cookie can hold it: what cannot stand in one is left out, blanks and commas need quotes. */
function cookieText(text: string): string {
  const clean = text.replace(/[^ !#-:<-[\]-~]/g, '');
  return /[ ,]/.test(clean) ? `"${clean}"` : clean;
}

/** Remembers a login that starts; an empty redirect is set too, so that an earlier one cannot survive. */
export function setLoginCookies(
  reply: FastifyReply,
  config: Config,
  login: { state: string; redirect: string; verifier: string | undefined },
): void {
  const attributes = { ...cookieDefaults(config), httpOnly: true };
  setCookie(reply, STATE_COOKIE, cookieText(login.state), attributes);
  setCookie(reply, REDIRECT_COOKIE, cookieText(login.redirect), attributes);
  if (login.verifier !== undefined) setCookie(reply, VERIFIER_COOKIE, login.verifier, attributes);
}

/** A cookie of the request, the first of several; undefined when it is missing. */
export const loginCookie = (request: FastifyRequest, name: string): string | undefined =>
  cookieValues(request.headers.cookie, name)[0];
