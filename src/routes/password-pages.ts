// Pages of a forgotten password.
import type { FastifyInstance } from 'fastify';
import { ChangePasswordWithOneTimePasscodeRequest, RequestOneTimePasscodeRequest } from '../codersdk/auth.ts';
import { badRequest } from '../errors.ts';
import { maskedCsrfToken } from '../hooks/csrf.ts';
import { passwordsOn } from '../hooks/gates.ts';
import { ctxOf } from '../hooks/session.ts';
import { sendHtml } from '../http/html-answer.ts';
import { parameter } from '../http/query.ts';
import { newPasswordPage, resetPasswordPage, resetRequestedPage } from '../pages/reset-password.ts';
import * as passwords from '../services/passwords.ts';
import { formRoute, readFields, submit } from './page-forms.ts';

const CHANGED = '/login?message=Your+password+has+been+changed.+Sign+in+with+the+new+one.';

/** `/reset-password` and `/reset-password/change`. */
export async function passwordPages(app: FastifyInstance): Promise<void> {
  const { config, mailer } = app.deps;
  const shown = { method: ['GET', 'HEAD'], schema: { hide: true } };
  app.addHook('onRequest', passwordsOn);

  app.route({
    ...shown,
    url: '/reset-password',
    handler: async (request, reply) =>
      sendHtml(reply, config, resetPasswordPage({ csrf: maskedCsrfToken(request.csrfToken), mails: mailer.enabled })),
  });

  app.post('/reset-password', formRoute(app, 'login', '/api/v2/users/otp/request'), async (request, reply) => {
    const csrf = maskedCsrfToken(request.csrfToken);
    const outcome = await submit(request.form, ['email'], async () => {
      const { email } = readFields(RequestOneTimePasscodeRequest, { email: request.form.get('email') });
      await passwords.requestPasscode(ctxOf(request), email);
      return email;
    });
    if ('done' in outcome) return sendHtml(reply, config, resetRequestedPage({ csrf, email: outcome.done }));
    const { status, state } = outcome.refused;
    return sendHtml(reply, config, resetPasswordPage({ csrf, mails: mailer.enabled, state }), { status });
  });

  app.route({
    ...shown,
    url: '/reset-password/change',
    handler: async (request, reply) => {
      const link = { email: parameter(request, 'email'), passcode: parameter(request, 'otp') };
      return sendHtml(reply, config, newPasswordPage({ csrf: maskedCsrfToken(request.csrfToken), ...link }));
    },
  });

  app.post(
    '/reset-password/change',
    formRoute(app, 'login', '/api/v2/users/otp/change-password'),
    async (request, reply) => {
      const { form } = request;
      const link = { email: form.get('email') ?? '', passcode: form.get('otp') ?? '' };
      const outcome = await submit(form, ['email', 'password', 'repeated'], async () => {
        const fields = { email: link.email, one_time_passcode: link.passcode, password: form.get('password') };
        const input = readFields(ChangePasswordWithOneTimePasscodeRequest, fields);
        if (form.get('repeated') !== input.password) {
          throw badRequest('The passwords differ.', {
            validations: [{ field: 'repeated', detail: 'type the same password again' }],
          });
        }
        await passwords.changePasswordWithPasscode(ctxOf(request), input);
      });
      if ('done' in outcome) return reply.redirect(CHANGED, 303);
      const { status, state } = outcome.refused;
      return sendHtml(reply, config, newPasswordPage({ csrf: maskedCsrfToken(request.csrfToken), ...link, state }), {
        status,
      });
    },
  );
}
