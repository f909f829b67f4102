// Cross-origin answers: none by default, everything for GET when CODER_DANGEROUS_ALLOW_CORS_REQUESTS is set.
import type { FastifyReply, FastifyRequest } from 'fastify';

const ALLOWED_METHODS = new Set(['GET', 'OPTIONS']);
/** Request headers that a page of another origin may send (golden: session-http-cors-open). */
const ALLOWED_HEADERS = new Set(['accept', 'content-type', 'x-latency-check', 'x-csrf-token']);

const canonical = (name: string) => name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());

/**
 * Adds the headers of a cross-origin answer.
 * @returns true when the request is a preflight and its answer is complete
 */
export function applyCors(request: FastifyRequest, reply: FastifyReply, allowAll: boolean): boolean {
  const { origin } = request.headers;
  const wanted = request.headers['access-control-request-method'];
  if (request.method === 'OPTIONS' && wanted) {
    reply.header('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
    const headers = (request.headers['access-control-request-headers'] ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== '');
    if (
      allowAll &&
      origin &&
      ALLOWED_METHODS.has(wanted.toUpperCase()) &&
      headers.every((name) => ALLOWED_HEADERS.has(name))
    ) {
      reply.header('access-control-allow-origin', '*').header('access-control-allow-methods', wanted.toUpperCase());
      if (headers.length > 0) reply.header('access-control-allow-headers', headers.map(canonical).join(', '));
    }
    return true;
  }
  reply.header('vary', 'Origin, Cookie');
  if (allowAll && origin && ALLOWED_METHODS.has(request.method)) reply.header('access-control-allow-origin', '*');
  return false;
}
