// The page that a mailed link of a new e-mail address leads to. It needs no session: the link may be opened elsewhere.
import type { FastifyInstance } from 'fastify';
import { maskedCsrfToken } from '../hooks/csrf.ts';
import { ctxOf } from '../hooks/session.ts';
import { sendHtml } from '../http/html-answer.ts';
import { parameter } from '../http/query.ts';
import { confirmEmailPage } from '../pages/confirm-email.ts';
import { confirmEmail } from '../services/email.ts';
import { formRoute, submit } from './page-forms.ts';

const CHANGED = '/login?message=Your+e-mail+address+has+been+changed.';

/** `/confirm-email`: looking at it changes nothing, its button does. */
export async function emailPages(app: FastifyInstance): Promise<void> {
  const { config } = app.deps;

  app.route({
    method: ['GET', 'HEAD'],
    schema: { hide: true },
    url: '/confirm-email',
    handler: async (request, reply) => {
      const page = confirmEmailPage({ csrf: maskedCsrfToken(request.csrfToken), token: parameter(request, 'token') });
      return sendHtml(reply, config, page);
    },
  });

  app.post('/confirm-email', formRoute(app), async (request, reply) => {
    const token = request.form.get('token') ?? '';
    const outcome = await submit(request.form, [], () => confirmEmail(ctxOf(request), token));
    if ('done' in outcome) return reply.redirect(CHANGED, 303);
    const { status, state } = outcome.refused;
    const page = confirmEmailPage({ csrf: maskedCsrfToken(request.csrfToken), token, message: state.message ?? '' });
    return sendHtml(reply, config, page, { status });
  });
}
