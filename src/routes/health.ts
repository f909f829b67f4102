// The report on health and its settings.
import type { FastifyInstance } from 'fastify';
import { Empty } from '../codersdk/common.ts';
import * as wire from '../codersdk/health.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { parameter } from '../http/query.ts';
import { healthAsText, presentHealth } from '../present/health.ts';
import * as health from '../services/health.ts';

/** Routes of `/debug/health`. */
export async function healthRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/',
    {
      schema: {
        operationId: 'debug-info-deployment-health',
        summary: 'Debug Info Deployment Health',
        tags: ['Debug'],
        querystring: wire.HealthQuery,
        response: { 200: wire.HealthcheckReport },
      },
    },
    async (request, reply) => {
      const format = parameter(request, 'format');
      const report = await health.healthReport(actorCtxOf(request), format);
      if (format === 'text') return reply.type('text/plain; charset=utf-8').send(healthAsText(report));
      return presentHealth(app.deps.config, report);
    },
  );
  app.get(
    '/settings',
    {
      schema: {
        operationId: 'get-health-settings',
        summary: 'Get health settings',
        tags: ['Debug'],
        response: { 200: wire.HealthSettings },
      },
    },
    async (request) => ({ dismissed_healthchecks: await health.healthSettings(actorCtxOf(request)) }),
  );
  app.put<{ Body: wire.UpdateHealthSettings }>(
    '/settings',
    {
      onRequest: async (request) => health.requireMayChangeHealth(actorCtxOf(request)),
      schema: {
        operationId: 'update-health-settings',
        summary: 'Update health settings',
        tags: ['Debug'],
        body: wire.UpdateHealthSettings,
        response: { 200: wire.HealthSettings, 204: Empty },
      },
    },
    async (request, reply) => {
      const changed = await health.updateHealthSettings(actorCtxOf(request), request.body);
      return changed ? request.body : reply.code(204).send();
    },
  );
}
