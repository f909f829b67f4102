// Rate limits as hooks: the general one for all of /api/v2 and the stricter one of the login routes.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { ApiError } from '../errors.ts';
import { parseBoolean } from '../golang/booleans.ts';
import { rateLimitKey } from '../http/client-ip.ts';
import { SlidingWindow } from '../http/rate-limit.ts';
import { isOwner } from '../rbac/owners.ts';

const DEFAULT_API_LIMIT = 512;
/** Requests a minute to the routes where passwords or codes could be guessed. */
const LOGIN_LIMIT = 60;

type Hook = (request: FastifyRequest, reply: FastifyReply, done: (err?: Error) => void) => void;

export interface Limits {
  general: Hook;
  login: Hook;
}

function hook(limit: number, clock: Clock): Hook {
  const window = new SlidingWindow(limit);
  return (request, reply, done) => {
    const session = 'session' in request.identity ? request.identity.session : undefined;
    const bypass = parseBoolean(String(request.headers['x-coder-bypass-ratelimit'] ?? '')) === true;
    if (bypass && session && !isOwner(session.user)) {
      void reply
        .code(428)
        .type('text/plain; charset=utf-8')
        .send('"X-Coder-Bypass-Ratelimit" provided but user is not owner\n');
      return;
    }
    const caller = session ? session.user.id : rateLimitKey(request.clientIp);
    const now = Math.floor(clock() / 1000);
    const verdict = bypass && session ? window.untouched(now) : window.hit(`${caller}|${request.decodedPath}`, now);
    reply
      .header('x-ratelimit-limit', String(verdict.limit))
      .header('x-ratelimit-remaining', String(verdict.remaining))
      .header('x-ratelimit-reset', String(verdict.resetUnixSeconds));
    if (verdict.allowed) done();
    else
      done(
        new ApiError(429, `You've been rate limited for sending more than ${limit} requests in 1m0s.`, {
          headers: { 'retry-after': '60' },
        }),
      );
  };
}

const pass: Hook = (_request, _reply, done) => done();

/** The limits of one process: each replica counts alone. */
export function createLimits(config: Config, clock: Clock): Limits {
  if (config.rateLimit.disabled) return { general: pass, login: pass };
  const api = config.rateLimit.api === 0 ? DEFAULT_API_LIMIT : config.rateLimit.api;
  return { general: api < 0 ? pass : hook(api, clock), login: hook(LOGIN_LIMIT, clock) };
}
