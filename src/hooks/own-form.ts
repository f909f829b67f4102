// Forms of the pages: read, and refused unless a page of this server sent them.
import type { FastifyRequest } from 'fastify';
import { badRequest } from '../errors.ts';
import { isFromElsewhere } from '../http/origin.ts';
import { CSRF_FIELD } from '../pages/forms.ts';
import { isOwnForm } from './csrf.ts';
import { fromElsewhere } from './gates.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The fields of the form that was sent; only on routes with `ownForm`. */
    form: ReadonlyMap<string, string>;
  }
}

/**
 * The hook (preHandler) of every route that a form posts to: sets `request.form`.
 * @throws ApiError 403 for a form of another site, 400 without a token that fits this browser's cookie
 */
export async function ownForm(request: FastifyRequest): Promise<void> {
  if (isFromElsewhere(request.headers, request.server.deps.config.accessUrl, { byToken: true })) {
    throw fromElsewhere(request.server.deps.config.accessUrl);
  }
  const form = new Map(new URLSearchParams(typeof request.body === 'string' ? request.body : ''));
  if (!isOwnForm(form.get(CSRF_FIELD), request.csrfToken)) {
    throw badRequest(
      'Something is wrong with your CSRF token. Please refresh the page. If this error persists, try clearing your cookies.',
    );
  }
  request.form = form;
}
