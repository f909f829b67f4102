// Who looks at a page: only a cookie signs a browser in, and not being signed in is no error there.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';
import { cookieValues, sessionCookieName } from '../http/cookies.ts';

/**
 * Whether a page is shown to somebody signed in; then `request.actor` is set. A key in the address does not count: a link
 * could show somebody an account that is not theirs.
 * @throws whatever is no 401, such as a database that is away
 */
export async function isSignedIn(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  const { session, deps } = request.server;
  if (!cookieValues(request.headers.cookie, sessionCookieName(deps.config)).some((value) => value !== '')) return false;
  try {
    await session(request, reply);
    return true;
  } catch (err) {
    if (err instanceof ApiError && err.status === 401) return false;
    throw err;
  }
}
