// Who looks at a page: only a cookie signs a browser in, and not being signed in is no error there.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';

/**
 * Whether a page is shown to somebody signed in; then `request.actor` is set. A key in the address does not count: a link
 * could show somebody an account that is not theirs.
 * @throws whatever is no 401, such as a database that is away
 */
export async function isSignedIn(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  const { identity, server } = request;
  if (!('session' in identity) || identity.credential.source !== 'cookie') return false;
  try {
    await server.session(request, reply);
    return true;
  } catch (err) {
    if (err instanceof ApiError && err.status === 401) return false;
    throw err;
  }
}
