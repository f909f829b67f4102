// What clients ask of the deployment itself: health, versions, entitlements and settings.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Empty, Response } from '../codersdk/common.ts';
import * as wire from '../codersdk/deployment.ts';
import { auditRefusals } from '../hooks/refusals.ts';
import { actorCtxOf, ctxOf } from '../hooks/session.ts';
import {
  presentBuildInfo,
  presentDeploymentStats,
  presentSshConfig,
  presentUpdateCheck,
} from '../present/deployment.ts';
import { presentDeploymentConfig } from '../present/deployment-config.ts';
import { presentEntitlements } from '../present/entitlements.ts';
import * as deployment from '../services/deployment.ts';
import { listRoute } from './list-route.ts';

/** How long a readiness check may take before the database counts as away. */
const READY_WITHIN_MS = 1500;

/** Routes that anybody may call. */
export async function deploymentRoutes(app: FastifyInstance): Promise<void> {
  const hidden = { hide: true };
  app.get('/healthz', { schema: hidden, config: { isProbe: true }, exposeHeadRoute: true }, async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send('OK'),
  );
  app.get('/latency-check', { schema: hidden }, async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send('OK'),
  );
  app.get('/readyz', { schema: hidden, config: { isProbe: true }, exposeHeadRoute: true }, async (request) => {
    const ctx = ctxOf(request);
    await deployment.assertReady(ctx, READY_WITHIN_MS);
    const detail = deployment.impairment(ctx);
    return { message: 'OK', ...(detail !== undefined && { detail }) };
  });

  await app.register(
    async (api) => {
      api.get(
        '/',
        {
          schema: {
            operationId: 'api-root-handler',
            summary: 'API root handler',
            tags: ['General'],
            response: { 200: Response },
          },
        },
        async () => ({ message: '👋' }),
      );
    },
    { prefix: '/api/v2' },
  );
  app.get(
    '/api/v2/buildinfo',
    {
      schema: {
        operationId: 'build-info',
        summary: 'Build info',
        tags: ['General'],
        response: { 200: wire.BuildInfoResponse },
      },
    },
    async (request) => {
      const ctx = ctxOf(request);
      return presentBuildInfo(ctx.config, await deployment.deploymentId(ctx));
    },
  );
  app.get(
    '/api/v2/updatecheck',
    {
      schema: {
        operationId: 'update-check',
        summary: 'Update check',
        tags: ['General'],
        response: { 200: wire.UpdateCheckResponse },
      },
    },
    async () => presentUpdateCheck(app.deps.config),
  );
  app.get(
    '/api/v2/entitlements',
    {
      schema: {
        operationId: 'get-entitlements',
        summary: 'Get entitlements',
        tags: ['Enterprise'],
        response: { 200: wire.Entitlements },
      },
    },
    async (request) => {
      const signedIn = 'session' in request.identity;
      return presentEntitlements(await deployment.entitlements(ctxOf(request), { signedIn }));
    },
  );
}

/** Routes that need a session. */
export async function guardedDeploymentRoutes(app: FastifyInstance): Promise<void> {
  const { deployment: settings } = app.deps.config;
  await listRoute(
    app,
    '/experiments',
    {
      operationId: 'get-enabled-experiments',
      summary: 'Get enabled experiments',
      tag: 'General',
      response: z.array(z.string()),
    },
    () => settings.experiments,
  );
  app.get(
    '/experiments/available',
    {
      schema: {
        operationId: 'get-safe-experiments',
        summary: 'Get safe experiments',
        tags: ['General'],
        response: { 200: wire.AvailableExperiments },
      },
    },
    async () => ({ safe: [] }),
  );
  app.get(
    '/deployment/ssh',
    {
      schema: {
        operationId: 'ssh-config',
        summary: 'SSH Config',
        tags: ['General'],
        response: { 200: wire.SSHConfigResponse },
      },
    },
    async () => presentSshConfig(app.deps.config),
  );
  app.get(
    '/deployment/config',
    {
      schema: {
        operationId: 'get-deployment-config',
        summary: 'Get deployment config',
        tags: ['General'],
        response: { 200: wire.DeploymentConfig },
      },
    },
    async (request) => presentDeploymentConfig(deployment.deploymentConfig(actorCtxOf(request)).options),
  );
  app.get(
    '/deployment/stats',
    {
      schema: {
        operationId: 'get-deployment-stats',
        summary: 'Get deployment stats',
        tags: ['General'],
        response: { 200: wire.DeploymentStats },
      },
    },
    async (request) => presentDeploymentStats(deployment.deploymentStats(actorCtxOf(request))),
  );
  app.get(
    '/notifications/settings',
    {
      schema: {
        operationId: 'get-notifications-settings',
        summary: 'Get notifications settings',
        tags: ['Notifications'],
        response: { 200: wire.NotificationsSettings },
      },
    },
    async (request) => deployment.notificationsSettings(ctxOf(request)),
  );
  app.put<{ Body: wire.NotificationsSettings }>(
    '/notifications/settings',
    {
      // A body that cannot be read leaves no trace.
      ...auditRefusals('write', 'notifications_settings', [403]),
      schema: {
        operationId: 'update-notifications-settings',
        summary: 'Update notifications settings',
        tags: ['Notifications'],
        body: wire.NotificationsSettings,
        response: { 200: wire.NotificationsSettings, 304: Empty },
      },
    },
    async (request, reply) => {
      const changed = await deployment.updateNotificationsSettings(actorCtxOf(request), request.body);
      return changed ? request.body : reply.code(304).send();
    },
  );
}
