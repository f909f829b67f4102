// The secrets of a user: list, create, read, change, delete.

import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { Empty } from '../codersdk/common.ts';
import * as wire from '../codersdk/secrets.ts';
import { MAX_SECRET_BODY_BYTES } from '../codersdk/sizes.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { presentSecret } from '../present/secrets.ts';
import * as secrets from '../services/secrets.ts';

type Body<T extends z.ZodType> = { Body: z.output<T> };
type Named = { Params: { name: string } };

/** Routes of `/users/{user}/secrets`. */
export async function secretRoutes(app: FastifyInstance): Promise<void> {
  await app.register(
    async (group) => {
      group.get(
        '/',
        {
          schema: {
            operationId: 'list-user-secrets',
            summary: 'List user secrets',
            tags: ['Secrets'],
            response: { 200: wire.UserSecrets },
          },
        },
        async (request) => (await secrets.listSecrets(actorCtxOf(request), targetOf(request))).map(presentSecret),
      );

      group.post<Body<typeof wire.CreateUserSecretRequest>>(
        '/',
        {
          bodyLimit: MAX_SECRET_BODY_BYTES,
          schema: {
            operationId: 'create-a-new-user-secret',
            summary: 'Create a new user secret',
            tags: ['Secrets'],
            body: wire.CreateUserSecretRequest,
            response: { 201: wire.UserSecret },
          },
        },
        async (request, reply) => {
          const row = await secrets.createSecret(actorCtxOf(request), targetOf(request), request.body);
          return reply.code(201).send(presentSecret(row));
        },
      );

      group.get<Named>(
        '/:name',
        {
          schema: {
            operationId: 'get-a-user-secret-by-name',
            summary: 'Get a user secret by name',
            tags: ['Secrets'],
            response: { 200: wire.UserSecret },
          },
        },
        async (request) =>
          presentSecret(await secrets.getSecret(actorCtxOf(request), targetOf(request), request.params.name)),
      );

      group.patch<Named & Body<typeof wire.UpdateUserSecretRequest>>(
        '/:name',
        {
          bodyLimit: MAX_SECRET_BODY_BYTES,
          schema: {
            operationId: 'update-a-user-secret',
            summary: 'Update a user secret',
            tags: ['Secrets'],
            body: wire.UpdateUserSecretRequest,
            response: { 200: wire.UserSecret },
          },
        },
        async (request) => {
          const { params, body } = request;
          return presentSecret(await secrets.updateSecret(actorCtxOf(request), targetOf(request), params.name, body));
        },
      );

      group.delete<Named>(
        '/:name',
        {
          schema: {
            operationId: 'delete-a-user-secret',
            summary: 'Delete a user secret',
            tags: ['Secrets'],
            response: { 204: Empty },
          },
        },
        async (request, reply) => {
          await secrets.deleteSecret(actorCtxOf(request), targetOf(request), request.params.name);
          return reply.code(204).send();
        },
      );
    },
    { prefix: '/secrets' },
  );
}
