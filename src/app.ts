// Builds the app: plugins, hooks, routes. It never listens and never reads the environment.

import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type pg from 'pg';
import type { AppDeps } from './ctx.ts';
import { createShares } from './fairness/shares.ts';
import { useAccessLog } from './hooks/access-log.ts';
import { createLimits, type Limits } from './hooks/limits.ts';
import { useListener } from './hooks/listener.ts';
import { useLook } from './hooks/look.ts';
import { useRefusals } from './hooks/refusals.ts';
import { createSessionHook } from './hooks/session.ts';
import { useWatch } from './hooks/watch.ts';
import { useBasePath } from './http/base-path.ts';
import { CONNECTION_OPTIONS, useAnswerTimeout, useExpectations } from './http/connections.ts';
import { sendError, useErrors } from './http/error-handler.ts';
import { useOpenapi } from './http/openapi.ts';
import { routingUrl, usePath } from './http/paths.ts';
import { useJson, useStrictAnswers } from './http/serializer.ts';
import { useServedPaths } from './http/served-paths.ts';
import { useInput } from './http/validation.ts';
import { useWebSockets } from './http/websocket.ts';
import { behindAnswers } from './in-flight.ts';

import { registerRoutes } from './routes/index.ts';
import { notFoundAnswer } from './routes/pages.ts';
import { createGuesses } from './services/guesses.ts';
import { createInboxWatch, type InboxWatch } from './services/inbox-watch.ts';
import { createRefusals } from './services/refusals.ts';
import { createProviderCheck } from './services/sso/provider-session.ts';
import { createSessionLookup } from './store/sessions.ts';

/** What an app is built from: the process-wide parts and the pool that the session lookup shares. */
export interface BuildOptions extends Omit<AppDeps, 'behind' | 'connections' | 'refusals' | 'guesses'> {
  readonly pool: pg.Pool;
  /** Tests check every answer against its documented schema; production does not pay for that. */
  readonly strictResponses?: boolean;
  /** Resolves when no listener has a connection left: what a request needs is closed after that. */
  readonly drained?: () => Promise<void>;
}

/** Of the pool's connections, for each caller; so many pieces of work may wait for them. */
const CONNECTIONS = { running: 3, waiting: 2000 };

declare module 'fastify' {
  interface FastifyInstance {
    limits: Limits;
    session: ReturnType<typeof createSessionHook>;
    inboxWatch: InboxWatch;
  }
}

/** No request line is longer: what is too long for a parameter is told by the listener. */
const MAX_PARAM_LENGTH = 64 * 1024;

/** The app, ready to listen or to be injected. */
export async function buildApp({
  pool,
  strictResponses = false,
  drained,
  ...parts
}: BuildOptions): Promise<FastifyInstance> {
  const behind = behindAnswers((what, err) => parts.log.error({ err }, `${what} failed`));
  const guesses = createGuesses(parts.config);
  const connections = createShares(CONNECTIONS);
  const deps = { ...parts, behind, connections, guesses, refusals: createRefusals({ ...parts, behind }) };
  const inboxWatch = createInboxWatch(parts);
  const app = Fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    exposeHeadRoutes: false,
    rewriteUrl: routingUrl(deps.config.basePath),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: sendError,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    ...CONNECTION_OPTIONS,
  });
  app.decorate('deps', deps);
  app.decorateRequest('actor');
  app.decorateRequest('target');
  app.decorateRequest('organization');
  app.decorateRequest('member');
  usePath(app);
  useWatch(app);
  useBasePath(app, deps.config.basePath);
  useAnswerTimeout(app);
  useExpectations(app);
  useWebSockets(app);
  const served = useServedPaths(app);
  const limits = createLimits(deps.config, deps.clock, served);
  const session = createSessionHook(deps, createProviderCheck(deps));
  app.decorate('limits', limits);
  app.decorate('session', session);
  app.decorate('inboxWatch', inboxWatch);
  useLook(app);

  useAccessLog(app, deps);
  useJson(app);
  if (strictResponses) useStrictAnswers(app);
  useListener(app, deps, createSessionLookup(pool), limits);
  useInput(app);
  useErrors(app, served, session, notFoundAnswer);
  useRefusals(app);
  app.addHook('preClose', async () => inboxWatch.close());
  if (drained) app.addHook('preClose', drained);
  app.addHook('onClose', () => deps.refusals.close());
  await useOpenapi(app);
  await registerRoutes(app);
  await app.ready();
  return app;
}
