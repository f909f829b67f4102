// Rate limits as hooks (docs/differences.md 25): the general one for the API, a stricter one where something could be guessed,
// and one budget for everything that checks a password.
import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { ApiError } from '../errors.ts';
import { SlidingWindow } from '../fairness/sliding-window.ts';
import { parseBoolean } from '../golang/booleans.ts';
import type { ServedPaths } from '../http/served-paths.ts';
import { isOwner } from '../rbac/owners.ts';
import { limitHit } from '../watch/events.ts';
import { createSpellings, type Spellings } from './spellings.ts';

const DEFAULT_API_LIMIT = 512;
/** Requests a minute where passwords or codes could be guessed. */
const LOGIN_LIMIT = 60;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route that this one is counted as: the operation of the API that does the same as a form. */
    countedAs?: string;
  }
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;

export interface Limits {
  /** All of the API, by caller and route. */
  general: Hook;
  /** Routes where a code could be guessed, by caller and route. */
  login: Hook;
  /** Whatever checks a password: one budget for each caller. */
  password: Hook;
  /** Tells that a path's parameter names the row of this id, so that all spellings of it are counted together. */
  learn(request: FastifyRequest, parameter: 'user' | 'organization', id: string): void;
}

const sessionOf = ({ identity }: FastifyRequest) => ('session' in identity ? identity.session : undefined);

/** Keys of a fixed size, however long a path is. */
const keyOf = (...parts: string[]) => hash('sha256', parts.join('\n'), 'base64url');

function limit(
  name: 'api' | 'login' | 'password',
  perMinute: number,
  clock: Clock,
  keyFor: (request: FastifyRequest) => string,
) {
  const window = new SlidingWindow(perMinute);
  const now = () => Math.floor(clock() / 1000);
  const hook: Hook = async (request, reply) => {
    const session = sessionOf(request);
    const bypass = parseBoolean(String(request.headers['x-coder-bypass-ratelimit'] ?? '')) === true;
    if (bypass && session && !isOwner(session.user)) {
      return reply
        .code(428)
        .type('text/plain; charset=utf-8')
        .send('"X-Coder-Bypass-Ratelimit" provided but user is not owner\n');
    }
    const verdict = bypass && session ? window.untouched(now()) : window.hit(keyFor(request), now());
    reply
      .header('x-ratelimit-limit', String(verdict.limit))
      .header('x-ratelimit-remaining', String(verdict.remaining))
      .header('x-ratelimit-reset', String(verdict.resetUnixSeconds));
    if (verdict.allowed) return undefined;
    limitHit.tell({ limit: name });
    throw new ApiError(429, `You've been rate limited for sending more than ${perMinute} requests in 1m0s.`, {
      headers: { 'retry-after': '60' },
    });
  };
  return { hook, count: (request: FastifyRequest) => void window.hit(keyFor(request), now()) };
}

/**
 * The canonical route of a request: as registered, with its parameters in one spelling. Unknown paths are one route; for
 * callers without a session, to whom nothing in the path opens anything, all paths of a route are one.
 */
function routeOf(request: FastifyRequest, served: ServedPaths, spellings: Spellings): string {
  const { url, config } = request.routeOptions;
  const pattern = config.countedAs ?? url?.replace(/(?<=.)\/$/, '') ?? served.patternOf(request.path);
  if (pattern === undefined) return '';
  const session = sessionOf(request);
  if (!session || !pattern.includes(':')) return pattern;
  const sent = request.path.split('/');
  return pattern
    .split('/')
    .map((segment, at) =>
      segment.startsWith(':') ? spellings.canonical(segment, sent[at] ?? '', session.user) : segment,
    )
    .join('/');
}

const pass: Hook = async () => undefined;

/** The limits of one process: each replica counts alone. */
export function createLimits(config: Config, clock: Clock, served: ServedPaths): Limits {
  if (config.rateLimit.disabled) return { general: pass, login: pass, password: pass, learn: () => undefined };
  const spellings = createSpellings();
  const byRoute = (request: FastifyRequest) => keyOf(request.caller, routeOf(request, served, spellings));
  const api = config.rateLimit.api === 0 ? DEFAULT_API_LIMIT : config.rateLimit.api;
  const general = api < 0 ? undefined : limit('api', api, clock, byRoute);
  return {
    general: general?.hook ?? pass,
    login: limit('login', LOGIN_LIMIT, clock, byRoute).hook,
    password: limit('password', LOGIN_LIMIT, clock, ({ caller }) => keyOf(caller)).hook,
    learn(request, parameter, id) {
      const name = (request.params as Record<string, string>)[parameter] ?? '';
      // This request was counted under a spelling that was not known yet.
      const session = sessionOf(request);
      if (session && spellings.learn(`:${parameter}`, name, session.user, id)) general?.count(request);
    },
  };
}
