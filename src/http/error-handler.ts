// The only place that turns an error into an answer; also 404 and 405 for paths and methods that no operation serves.
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HashQueueFullError } from '../crypto/passwords.ts';
import { ApiError, badRequest, databaseUnavailable, routeNotFound, unavailable } from '../errors.ts';
import { ShareFullError } from '../fairness/shares.ts';
import { databaseTrouble, pgErrorCode } from '../store/errors.ts';
import { limitHit } from '../watch/events.ts';
import { isApi } from './paths.ts';
import type { ServedPaths } from './served-paths.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Why the request failed, in the words of the answer. */
    problem: string | undefined;
  }
}

/** SQLSTATEs of text that Postgres cannot store: the caller's fault, wherever it slipped through. */
const UNSTORABLE_TEXT = new Set(['22021', '22P05']);

/** Our own form of whatever was thrown; undefined when it is nobody's fault but ours. */
export function toApiError(err: unknown): ApiError | undefined {
  if (err instanceof ApiError) return err;
  if (err instanceof ShareFullError)
    return new ApiError(429, 'Too many requests at the same time.', { headers: { 'retry-after': '1' } });
  if (err instanceof HashQueueFullError)
    return unavailable('The server is busy. Please try again in a moment.', { headers: { 'retry-after': '1' } });
  const trouble = databaseTrouble(err);
  if (trouble) return databaseUnavailable(trouble, err);
  if (UNSTORABLE_TEXT.has(pgErrorCode(err) ?? '')) return badRequest('The request holds text that cannot be stored.');
  const { statusCode, code } = err as FastifyError;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new ApiError(413, 'Request body is too large.');
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH')
    return badRequest('Request body must be valid JSON.', { detail: 'the body is shorter or longer than announced' });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new ApiError(statusCode, (err as FastifyError).message);
  return undefined;
}

/** What the log says of a request that failed (docs/differences.md 33); never its query, which may hold a key. */
function whoAsked({ id, method, path, actor, identity }: FastifyRequest): Record<string, unknown> {
  const user = actor?.user ?? (identity && 'session' in identity ? identity.session.user : undefined);
  return { request: id, method, path: path, user: user?.id };
}

/** Tells the log of what is not the caller's fault; of other errors the request's own line has the words. */
export function logFailure(request: FastifyRequest, err: unknown, known: ApiError | undefined): void {
  if (err instanceof ShareFullError) limitHit.tell({ limit: 'caller' });
  if (err instanceof HashQueueFullError) limitHit.tell({ limit: 'hashing' });
  request.problem = known && [known.message, known.detail].filter(Boolean).join(' ');
  if (!known) request.log.error({ ...whoAsked(request), err }, 'request failed');
  else if (known.status >= 500) request.log.warn({ ...whoAsked(request), err: known.cause ?? known }, known.message);
}

/** Answers with an error in the documented form {message, detail?, validations?}. */
export function sendError(err: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toApiError(err);
  logFailure(request, err, known);
  if (!known) {
    void reply.code(500).send({ message: 'An internal server error occurred.', detail: `request ${request.id}` });
    return;
  }
  if (known.headers) void reply.headers(known.headers);
  void reply.code(known.status).send({
    message: known.message,
    ...(known.detail !== undefined && { detail: known.detail }),
    ...(known.validations && { validations: known.validations }),
    ...known.extra,
  });
}

/**
 * What the recorded server guards even where it serves nothing: all below /users/{user}, but not the providers' addresses.
 * Golden: session-http
 */
const GUARDED = /^\/api\/v2\/users\/(?!oauth2(?:\/|$)|oidc\/callback(?:\/|$))[^/]+(?:\/|$)/;

const wantsHtml = ({ headers }: FastifyRequest) => headers.accept?.includes('text/html') === true;

/**
 * Installs the error handler and the answers for unknown paths and methods.
 * @param authenticate answers 401 for what is guarded even where nothing is served
 * @param page answers 404 to a browser outside the API
 */
export function useErrors(
  app: FastifyInstance,
  served: ServedPaths,
  authenticate: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
  page: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  app.decorateRequest('problem');
  app.setErrorHandler(sendError);
  app.setNotFoundHandler(async (request, reply) => {
    const { path } = request;
    if (GUARDED.test(path)) await authenticate(request, reply);
    // HEAD goes without saying where GET is served (golden: session-http).
    const allowed = served.methodsAt(path).filter((method) => method !== 'HEAD');
    if (allowed.length > 0) return reply.code(405).header('allow', allowed.join(', ')).send();
    if (!isApi(path) && wantsHtml(request)) return page(request, reply);
    throw routeNotFound();
  });
}
