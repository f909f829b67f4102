// Applications that act for people: entered, changed and deleted by owners, seen by everybody signed in.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Empty } from '../codersdk/common.ts';
import * as wire from '../codersdk/oauth2-apps.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { parameter } from '../http/query.ts';
import { presentApp, presentAppSecret } from '../present/oauth2-apps.ts';
import * as apps from '../services/oauth2-apps.ts';

type App = { Params: { app: string } };
type Input = { Body: wire.OAuth2ProviderAppInput };

const mayChange = (action: 'create' | 'update' | 'delete') => async (request: FastifyRequest) =>
  apps.requireApps(actorCtxOf(request), action);
const card = (operationId: string, summary: string) => ({ operationId, summary, tags: ['Enterprise'] });

/** Routes of `/oauth2-provider/apps`. */
export async function oauth2AppRoutes(app: FastifyInstance): Promise<void> {
  const { accessUrl } = app.deps.config;

  app.get(
    '/',
    {
      schema: {
        ...card('get-oauth2-applications', 'Get OAuth2 applications.'),
        querystring: wire.OAuth2AppsQuery,
        response: { 200: z.array(wire.OAuth2ProviderApp) },
      },
    },
    async (request) => {
      const rows = await apps.listApps(actorCtxOf(request), parameter(request, 'user_id'));
      return rows.map((row) => presentApp(accessUrl, row));
    },
  );
  app.post<Input>(
    '/',
    {
      onRequest: mayChange('create'),
      schema: {
        ...card('create-oauth2-application', 'Create OAuth2 application.'),
        body: wire.PostOAuth2ProviderAppRequest,
        response: { 201: wire.OAuth2ProviderApp },
      },
    },
    async (request, reply) => {
      const row = await apps.createApp(actorCtxOf(request), request.body);
      return reply.code(201).send(presentApp(accessUrl, row));
    },
  );
  app.get<App>(
    '/:app',
    {
      schema: {
        ...card('get-oauth2-application', 'Get OAuth2 application.'),
        response: { 200: wire.OAuth2ProviderApp },
      },
    },
    async (request) => presentApp(accessUrl, await apps.getApp(actorCtxOf(request), request.params.app)),
  );
  app.put<App & Input>(
    '/:app',
    {
      onRequest: mayChange('update'),
      schema: {
        ...card('update-oauth2-application', 'Update OAuth2 application.'),
        body: wire.PutOAuth2ProviderAppRequest,
        response: { 200: wire.OAuth2ProviderApp },
      },
    },
    async (request) =>
      presentApp(accessUrl, await apps.updateApp(actorCtxOf(request), request.params.app, request.body)),
  );
  app.delete<App>(
    '/:app',
    {
      schema: {
        ...card('delete-oauth2-application', 'Delete OAuth2 application.'),
        response: { 204: Empty },
      },
    },
    async (request, reply) => {
      await apps.deleteApp(actorCtxOf(request), request.params.app);
      return reply.code(204).send();
    },
  );

  app.get<App>(
    '/:app/secrets',
    {
      schema: {
        ...card('get-oauth2-application-secrets', 'Get OAuth2 application secrets.'),
        response: { 200: z.array(wire.OAuth2ProviderAppSecret) },
      },
    },
    async (request) => (await apps.listSecrets(actorCtxOf(request), request.params.app)).map(presentAppSecret),
  );
  app.post<App>(
    '/:app/secrets',
    {
      schema: {
        ...card('create-oauth2-application-secret', 'Create OAuth2 application secret.'),
        response: { 201: wire.OAuth2ProviderAppSecretFull },
      },
    },
    async (request, reply) => {
      const { id, full } = await apps.createSecret(actorCtxOf(request), request.params.app);
      return reply.code(201).send({ id, client_secret_full: full });
    },
  );
  app.delete<{ Params: { app: string; secretID: string } }>(
    '/:app/secrets/:secretID',
    {
      schema: {
        ...card('delete-oauth2-application-secret', 'Delete OAuth2 application secret.'),
        response: { 204: Empty },
      },
    },
    async (request, reply) => {
      const { app, secretID } = request.params;
      await apps.deleteSecret(actorCtxOf(request), app, secretID);
      return reply.code(204).send();
    },
  );
}
