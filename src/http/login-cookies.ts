// The cookies that a login through an identity provider leaves in the browser while it is away.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { cookieDefaults, cookieValues, setCookie } from './cookies.ts';

export const STATE_COOKIE = 'oauth_state';
export const REDIRECT_COOKIE = 'oauth_redirect';
export const VERIFIER_COOKIE = 'oauth_pkce_verifier';
/** In place of the verifier where the provider knows no PKCE. */
export const NONCE_COOKIE = 'oauth_nonce';

/** Browsers drop longer cookies, and no page of this site has such an address. */
const MAX_REDIRECT = 2048;

/** Text as a cookie can hold it: what cannot stand in one is left out, blanks and commas need quotes. */
function cookieText(text: string): string {
  const clean = text.replace(/[^ !#-:<-[\]-~]/g, '');
  return /[ ,]/.test(clean) ? `"${clean}"` : clean;
}

/** Remembers a login that starts; an empty redirect is set too, so that an earlier one cannot survive. */
export function setLoginCookies(
  reply: FastifyReply,
  config: Config,
  login: { state: string; redirect: string; secret: string; usesPkce: boolean },
): void {
  const attributes = { ...cookieDefaults(config), httpOnly: true };
  setCookie(reply, STATE_COOKIE, cookieText(login.state), attributes);
  const redirect = login.redirect.length > MAX_REDIRECT ? '' : cookieText(login.redirect);
  setCookie(reply, REDIRECT_COOKIE, redirect, attributes);
  setCookie(reply, login.usesPkce ? VERIFIER_COOKIE : NONCE_COOKIE, login.secret, attributes);
}

/** A cookie of the request, the first of several; undefined when it is missing. */
export const loginCookie = (request: FastifyRequest, name: string): string | undefined =>
  cookieValues(request.headers.cookie, name)[0];
