// How the deployment presents itself.
import type { FastifyInstance } from 'fastify';
import * as wire from '../codersdk/appearance.ts';
import { ApiError } from '../errors.ts';
import { actorCtxOf, ctxOf } from '../hooks/session.ts';
import { presentAppearance, presentUpdatedAppearance } from '../present/appearance.ts';
import * as appearance from '../services/appearance.ts';

/** `GET /appearance`, whose 401 has words of its own. Golden: deploy-appearance/anonymous */
export async function appearanceRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', async (request, reply) => {
    if ('refusal' in request.identity)
      throw new ApiError(401, 'API key or workspace agent token required, but none provided');
    await app.session(request, reply);
  });
  app.get(
    '/appearance',
    {
      config: { session: true },
      schema: {
        operationId: 'get-appearance',
        summary: 'Get appearance',
        tags: ['Enterprise'],
        response: { 200: wire.AppearanceConfig },
      },
    },
    async (request) => presentAppearance(await appearance.readAppearance(ctxOf(request)), app.deps.config),
  );
}

/** `PUT /appearance`. */
export async function appearanceChangeRoutes(app: FastifyInstance): Promise<void> {
  app.put<{ Body: wire.UpdateAppearanceConfig }>(
    '/appearance',
    {
      onRequest: async (request) => appearance.requireMayChangeAppearance(actorCtxOf(request)),
      schema: {
        operationId: 'update-appearance',
        summary: 'Update appearance',
        tags: ['Enterprise'],
        body: wire.UpdateAppearanceConfig,
        response: { 200: wire.UpdatedAppearance },
      },
    },
    async (request) => presentUpdatedAppearance(await appearance.updateAppearance(actorCtxOf(request), request.body)),
  );
}
