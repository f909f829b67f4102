// Forms of the pages: read, and refused unless a page of this server sent them.
import type { FastifyRequest } from 'fastify';
import { badRequest } from '../errors.ts';
import { CSRF_FIELD } from '../pages/forms.ts';
import { isOwnForm } from './csrf.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The fields of the form that was sent; only on routes with `ownForm`. */
    form: ReadonlyMap<string, string>;
  }
}

/** Whether the browser says that a page of another site sent this. Old browsers say nothing, then the token decides. */
function isFromElsewhere({ headers }: FastifyRequest, accessUrl: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (headers.origin === undefined) return false;
  const { host } = URL.parse(headers.origin) ?? {};
  return host === undefined || (host !== headers.host && host !== URL.parse(accessUrl)?.host);
}

/**
 * The hook (preHandler) of every route that a form posts to: sets `request.form`.
 * @throws ApiError 400 without a token that fits this browser's cookie, or for a form of another site
 */
export async function ownForm(request: FastifyRequest): Promise<void> {
  const form = new Map(new URLSearchParams(typeof request.body === 'string' ? request.body : ''));
  if (
    isFromElsewhere(request, request.server.deps.config.accessUrl) ||
    !isOwnForm(form.get(CSRF_FIELD), request.csrfToken)
  ) {
    throw badRequest(
      'Something is wrong with your CSRF token. Please refresh the page. If this error persists, try clearing your cookies.',
    );
  }
  request.form = form;
}
