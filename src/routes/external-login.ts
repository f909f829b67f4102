// Signing in through OpenID Connect and GitHub: where browsers are sent to and come back to, and the device flow.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as wire from '../codersdk/auth.ts';
import { Empty } from '../codersdk/common.ts';
import { routeNotFound } from '../errors.ts';
import { notFromElsewhere } from '../hooks/gates.ts';
import { actorCtxOf, ctxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { clearSessionCookie, cookieDefaults, setCookie, setSessionCookie } from '../http/cookies.ts';
import { logFailure } from '../http/error-handler.ts';
import { sendHtml } from '../http/html-answer.ts';
import {
  loginCookie,
  NONCE_COOKIE,
  REDIRECT_COOKIE,
  STATE_COOKIE,
  setLoginCookies,
  VERIFIER_COOKIE,
} from '../http/login-cookies.ts';
import { parameter } from '../http/query.ts';
import { localTarget, pathAndQuery } from '../http/redirects.ts';
import type { ExternalLoginType, IdentityProvider } from '../idp/provider.ts';
import { backToLogin, errorPage } from '../pages/error-page.ts';
import { presentDeviceCode } from '../present/login.ts';
import { linkOf } from '../services/login-type.ts';
import { CONVERT_LOGIN_COOKIE } from '../services/sso/convert.ts';
import { startDeviceFlow } from '../services/sso/device-flow.ts';
import * as login from '../services/sso/flow.ts';
import { LoginRefusal } from '../services/sso/refusal.ts';

/** A provider's page sends the browser back by GET: by another method only pages of ours do. */
const CHANGING_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Who is signed in in the browser: what stands in an address was put there by whoever made the link. */
const signedInAs = ({ identity }: FastifyRequest): string | undefined =>
  'session' in identity && identity.credential.source === 'cookie' ? identity.session.user.id : undefined;

/** A refusal as the browser that waits for it can show it. @throws it where it is to be JSON */
function sendRefusal(
  refusal: LoginRefusal,
  redirect: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { config } = request.server.deps;
  const { status, message: title, detail: description = '', shown } = refusal;
  if (shown.as === 'browser-page' && !request.headers.accept?.includes('text/html')) throw refusal;
  logFailure(request, refusal, refusal);
  if (shown.as !== 'sign-in') {
    return sendHtml(reply, config, errorPage({ title, description, markdown: shown.markdown }), { status });
  }
  const location = `/login?${new URLSearchParams({ message: description, redirect })}`;
  return sendHtml(reply.header('location', location), config, backToLogin(location, description), { status });
}

/** Sends the browser to the provider. */
async function start(provider: IdentityProvider, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const wanted = parameter(request, 'redirect');
  const started = await login.startLogin(ctxOf(request), provider, {
    state: parameter(request, 'oidc_merge_state'),
    permit: loginCookie(request, CONVERT_LOGIN_COOKIE),
  });
  setLoginCookies(reply, request.server.deps.config, { ...started, redirect: wanted && pathAndQuery(wanted) });
  return reply.redirect(started.location, 307);
}

/** Takes the browser back from the provider, signed in. */
async function finish(
  provider: IdentityProvider,
  redirect: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { config } = request.server.deps;
  const { key, converted } = await login.finishLogin(ctxOf(request), provider, {
    code: parameter(request, 'code'),
    state: parameter(request, 'state'),
    cookies: {
      state: loginCookie(request, STATE_COOKIE),
      verifier: loginCookie(request, VERIFIER_COOKIE),
      nonceSecret: loginCookie(request, NONCE_COOKIE),
      permit: loginCookie(request, CONVERT_LOGIN_COOKIE),
    },
    signedInAs: signedInAs(request),
  });
  if (converted) setCookie(reply, CONVERT_LOGIN_COOKIE, '', { ...cookieDefaults(config), maxAgeSeconds: 0 });
  if (key === undefined) clearSessionCookie(reply, config);
  else setSessionCookie(reply, config, key);
  const target = localTarget(redirect, request.path, config.basePath);
  return provider.usesDeviceFlow ? reply.send({ redirect_url: config.basePath + target }) : reply.redirect(target, 307);
}

/** Both ways of a login; which one it is, the code tells. Checks in the recorded order (golden: sso/oidc-flow). */
function callback(loginType: ExternalLoginType) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const provider = await login.requireProvider(ctxOf(request), loginType);
    login.requireNoError(ctxOf(request), loginType, {
      error: parameter(request, 'error'),
      description: parameter(request, 'error_description'),
      uri: parameter(request, 'error_uri'),
    });
    const isReturn = parameter(request, 'code') !== '';
    const redirect = loginCookie(request, REDIRECT_COOKIE) ?? parameter(request, 'redirect');
    try {
      return isReturn ? await finish(provider, redirect, request, reply) : await start(provider, request, reply);
    } catch (err) {
      // The page of the device flow reads JSON.
      const isRead = isReturn && provider.usesDeviceFlow;
      if (!(err instanceof LoginRefusal) || isRead) throw err;
      return sendRefusal(err, redirect, request, reply);
    }
  };
}

/** Routes of `/users` that need no session. */
export async function externalLoginRoutes(app: FastifyInstance): Promise<void> {
  const { login: limit } = app.limits;

  /** An address with one route for GET, which takes any other method as well. */
  const route = (
    path: string,
    loginType: ExternalLoginType,
    schema: { operationId: string; summary: string },
    answers: Record<number, unknown>,
  ) =>
    app.register(
      async (group) => {
        const handler = callback(loginType);
        group.get(
          '/',
          { onRequest: limit, schema: { ...schema, tags: ['Users'], response: { ...answers, 307: Empty } } },
          handler,
        );
        group.route({ method: ['HEAD'], url: '/', onRequest: limit, schema: { hide: true }, handler });
        group.route({
          method: CHANGING_METHODS,
          url: '/',
          onRequest: [notFromElsewhere, limit],
          schema: { hide: true },
          handler,
        });
      },
      { prefix: path },
    );

  // Without it the word would be taken for a user's name (docs/decisions/0009).
  for (const path of ['/oauth2', '/oauth2/']) {
    app.all(path, { config: { unserved: true }, schema: { hide: true } }, async () => {
      throw routeNotFound();
    });
  }
  await route(
    '/oidc/callback',
    'oidc',
    { operationId: 'openid-connect-callback', summary: 'OpenID Connect Callback' },
    {},
  );
  await route(
    '/oauth2/github/callback',
    'github',
    { operationId: 'oauth-20-github-callback', summary: 'OAuth 2.0 GitHub Callback' },
    { 200: wire.OAuth2DeviceFlowCallbackResponse },
  );

  app.get(
    '/oauth2/github/device',
    {
      onRequest: limit,
      schema: {
        operationId: 'get-github-device-auth',
        summary: 'Get Github device auth',
        tags: ['Users'],
        response: { 200: wire.ExternalAuthDevice },
      },
    },
    async (request) => presentDeviceCode(await startDeviceFlow(ctxOf(request))),
  );
}

/** Routes of `/debug/{user}`. */
export async function debugLinkRoutes(app: FastifyInstance): Promise<void> {
  app.get('/debug-link', { schema: { hide: true } }, async (request) => linkOf(actorCtxOf(request), targetOf(request)));
}
