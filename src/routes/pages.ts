// The pages that a browser needs, beside the API: what they load, what goes wrong on them, and all other addresses.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refreshLook } from '../hooks/look.ts';
import { logFailure, toApiError } from '../http/error-handler.ts';
import { sendHtml } from '../http/html-answer.ts';
import { assets } from '../pages/assets.ts';
import { errorPage } from '../pages/error-page.ts';
import { notFoundPage } from '../pages/plain.ts';
import { accountPages } from './account-pages.ts';
import { emailPages } from './email-pages.ts';
import { passwordPages } from './password-pages.ts';
import { signInPages } from './sign-in-pages.ts';

const FOR_A_YEAR = 'private, max-age=31536000, immutable';

/** The answer to a browser for an address that is neither a page nor the API's, whatever the method. */
export function notFoundAnswer(request: FastifyRequest, reply: FastifyReply): void {
  sendHtml(reply, request.server.deps.config, notFoundPage(), { status: 404 });
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'That did not work',
  403: 'Not allowed',
  429: 'Too many attempts',
};

/** What went wrong as a page; the cause of what is not the caller's fault goes to the log only. */
function sendProblem(err: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toApiError(err);
  logFailure(request, err, known);
  if (known?.headers) void reply.headers(known.headers);
  const status = known?.status ?? 500;
  const page = errorPage({
    title: TITLES[status] ?? 'Something went wrong',
    description: known?.message ?? `The server could not do this. Its log knows more under ${request.id}.`,
  });
  sendHtml(reply, request.server.deps.config, page, { status });
}

/** Every page and what pages load. */
export async function pageRoutes(app: FastifyInstance): Promise<void> {
  app.decorateRequest('form');
  app.setErrorHandler(sendProblem);
  for (const [path, { type, text, hash }] of assets) {
    app.get<{ Querystring: { v?: string } }>(path, { schema: { hide: true } }, async (request, reply) =>
      reply
        .header('cache-control', request.query.v === hash ? FOR_A_YEAR : 'no-cache')
        .type(type)
        .send(text),
    );
  }
  await app.register(async (pages) => {
    refreshLook(pages);
    await pages.register(signInPages);
    await pages.register(passwordPages);
    await pages.register(emailPages);
    await pages.register(accountPages);
  });
}
