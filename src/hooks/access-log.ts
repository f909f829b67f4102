// One line for each request: at level debug, but at info when it was refused in a way that whoever guards the server acts on.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AppDeps } from '../ctx.ts';
import { SlidingWindow } from '../fairness/sliding-window.ts';
import { cutTo } from '../golang/text.ts';
import { networkOf } from '../http/client-ip.ts';
import { NO_KEY } from './identify.ts';

/** Lines about refusals in a minute, for each network and in all: a flood must not fill a disk. More are counted. */
const EACH = 60;
const ALL = 3000;
const MAX_PATH = 300;
const MAX_REASON = 300;

/** Whether a key was sent and did not help: a bad one anywhere, or a good one where its user may not act. */
const hadBadKey = ({ identity, routeOptions }: FastifyRequest) =>
  identity !== undefined && identity !== NO_KEY && ('refusal' in identity || routeOptions.config.session === true);

/** Refused for who asks or how often: a bad key (not: no key), something forbidden, a limit. */
const isTelling = (request: FastifyRequest, { statusCode }: FastifyReply) =>
  statusCode === 403 || statusCode === 429 || (statusCode === 401 && hadBadKey(request));

/** Never the query, which may hold a key. The address comes first, where programs that block addresses find it. */
function lineOf(request: FastifyRequest, reply: FastifyReply) {
  const { method, id, path, clientIp, identity, routeOptions, problem } = request;
  const user = identity && 'session' in identity ? identity.session.user : undefined;
  return {
    ip: clientIp,
    status: reply.statusCode,
    method,
    path: cutTo(path, MAX_PATH),
    route: routeOptions.url,
    ms: Math.round(reply.elapsedTime),
    account: user?.username,
    user: user?.id,
    reason: problem && cutTo(problem, MAX_REASON),
    request: id,
  };
}

/** Installs the hook, which runs behind the answer. */
export function useAccessLog(app: FastifyInstance, { log, clock }: Pick<AppDeps, 'log' | 'clock'>): void {
  const ofNetwork = new SlidingWindow(EACH);
  const ofAll = new SlidingWindow(ALL);
  let unlogged = 0;
  const isDetailed = log.isLevelEnabled('debug');

  function logRefusal(request: FastifyRequest, reply: FastifyReply): void {
    const nowMs = Math.floor(clock() / 1000);
    const fits = [ofNetwork.hit(networkOf(request.clientIp), nowMs), ofAll.hit('', nowMs)];
    if (!fits.every(({ allowed }) => allowed)) {
      unlogged += 1;
      return;
    }
    log.info({ ...lineOf(request, reply), ...(unlogged > 0 && { unlogged }) }, 'request refused');
    unlogged = 0;
  }

  app.addHook('onResponse', async (request, reply) => {
    if (isTelling(request, reply)) logRefusal(request, reply);
    else if (isDetailed) log.debug(lineOf(request, reply), 'answered');
  });
}
