// Pages of the way in: set-up, signing in, and GitHub's device flow.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LoginWithPasswordRequest } from '../codersdk/auth.ts';
import { CreateFirstUserRequest } from '../codersdk/users.ts';
import { maskedCsrfToken } from '../hooks/csrf.ts';
import { isSignedIn } from '../hooks/page-session.ts';
import { ctxOf } from '../hooks/session.ts';
import { setSessionCookie } from '../http/cookies.ts';
import { sendHtml } from '../http/html-answer.ts';
import { parameter } from '../http/query.ts';
import { localTarget } from '../http/redirects.ts';
import type { FormState } from '../pages/forms.ts';
import { devicePage, SETUP_FIELDS, setupPage, signInPage, usableIcon } from '../pages/sign-in.ts';
import { presentAuthMethods } from '../present/login.ts';
import * as login from '../services/login.ts';
import { formRoute, readFields, submit } from './page-forms.ts';

/** Messages in an address are a sentence or two. */
const MAX_NOTICE_LENGTH = 400;

interface Entry {
  status?: number;
  /** Where to go after signing in. */
  redirect: string;
  lead?: string;
  notice?: string;
  state?: FormState;
}

/** The sign-in page in place of whatever needs a session; on a new server, set-up. */
export async function sendEntry(
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...view }: Entry,
): Promise<FastifyReply> {
  const ctx = ctxOf(request);
  const csrf = maskedCsrfToken(request.csrfToken);
  const methods = presentAuthMethods(await login.authMethods(ctx));
  const imageOrigin = usableIcon(methods.oidc.iconUrl)?.origin;
  const page = (await login.isSetUp(ctx)) ? signInPage({ methods, csrf, ...view }) : setupPage({ methods, csrf });
  return sendHtml(reply, ctx.config, page, { status, imageOrigin });
}

/** `/setup`, `/login` and `/login/device`. */
export async function signInPages(app: FastifyInstance): Promise<void> {
  const { config } = app.deps;
  const shown = { method: ['GET', 'HEAD'], schema: { hide: true } };

  app.route({
    ...shown,
    url: '/login',
    handler: async (request, reply) => {
      const redirect = localTarget(parameter(request, 'redirect'), '/', config.basePath);
      if (await isSignedIn(request, reply)) return reply.redirect(redirect, 303);
      const notice = parameter(request, 'message').slice(0, MAX_NOTICE_LENGTH);
      return sendEntry(request, reply, { redirect, ...(notice !== '' && { notice }) });
    },
  });

  app.post('/login', formRoute(app, 'password'), async (request, reply) => {
    const { form } = request;
    const redirect = localTarget(form.get('redirect') ?? '', '/', config.basePath);
    const outcome = await submit(form, ['email', 'password'], () =>
      login.login(
        ctxOf(request),
        readFields(LoginWithPasswordRequest, { email: form.get('email'), password: form.get('password') }),
      ),
    );
    if ('refused' in outcome) return sendEntry(request, reply, { redirect, ...outcome.refused });
    setSessionCookie(reply, config, outcome.done);
    return reply.redirect(redirect, 303);
  });

  app.route({
    ...shown,
    url: '/setup',
    handler: async (request, reply) => {
      if (await login.isSetUp(ctxOf(request))) return reply.redirect('/login', 303);
      return sendEntry(request, reply, { redirect: '/' });
    },
  });

  app.post('/setup', formRoute(app), async (request, reply) => {
    const ctx = ctxOf(request);
    const { form } = request;
    if (await login.isSetUp(ctx)) return reply.redirect('/login', 303);
    const outcome = await submit(form, SETUP_FIELDS, async () => {
      const fields = Object.fromEntries(SETUP_FIELDS.map((name) => [name, form.get(name)]));
      const input = readFields(CreateFirstUserRequest, fields);
      await login.createFirstUser(ctx, input);
      // Where passwords are off, the new owner signs in through a provider.
      return config.passwords.authDisabled
        ? undefined
        : login.login(ctx, { email: input.email, password: input.password });
    });
    if ('refused' in outcome) {
      const page = setupPage({
        methods: presentAuthMethods(await login.authMethods(ctx)),
        csrf: maskedCsrfToken(request.csrfToken),
        state: outcome.refused.state,
      });
      return sendHtml(reply, config, page, { status: outcome.refused.status });
    }
    if (outcome.done === undefined) return reply.redirect('/login?redirect=/next-steps', 303);
    setSessionCookie(reply, config, outcome.done);
    return reply.redirect('/next-steps', 303);
  });

  app.route({
    ...shown,
    url: '/login/device',
    handler: async (request, reply) =>
      sendHtml(reply, config, devicePage(maskedCsrfToken(request.csrfToken)), { connects: true }),
  });
}
