// The personal skills of a user, below /api/experimental: list, create, read, replace, delete.

import type { FastifyError, FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { Empty } from '../codersdk/common.ts';
import { MAX_SKILL_BODY_BYTES } from '../codersdk/sizes.ts';
import * as wire from '../codersdk/skills.ts';
import { badRequest } from '../errors.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { presentSkill, presentSkillMetadata } from '../present/skills.ts';
import * as skills from '../services/skills.ts';

type Body<T extends z.ZodType> = { Body: z.output<T> };
type Named = { Params: { name: string } };

/** Routes of `/api/experimental/users/{user}/skills`. */
export async function skillRoutes(app: FastifyInstance): Promise<void> {
  await app.register(
    async (group) => {
      group.setErrorHandler((err: FastifyError) => {
        if (err.code !== 'FST_ERR_CTP_BODY_TOO_LARGE') throw err;
        throw badRequest('Request body must be valid JSON.', { detail: 'http: request body too large' });
      });

      group.get(
        '/',
        {
          schema: {
            operationId: 'list-user-skills',
            summary: 'List user skills',
            tags: ['Skills'],
            response: { 200: wire.UserSkillList },
          },
        },
        async (request) => (await skills.listSkills(actorCtxOf(request), targetOf(request))).map(presentSkillMetadata),
      );

      group.post<Body<typeof wire.CreateUserSkillRequest>>(
        '/',
        {
          bodyLimit: MAX_SKILL_BODY_BYTES,
          schema: {
            operationId: 'create-a-new-user-skill',
            summary: 'Create a new user skill',
            tags: ['Skills'],
            body: wire.CreateUserSkillRequest,
            response: { 201: wire.UserSkill },
          },
        },
        async (request, reply) => {
          const row = await skills.createSkill(actorCtxOf(request), targetOf(request), request.body.content);
          return reply.code(201).send(presentSkill(row));
        },
      );

      group.get<Named>(
        '/:name',
        {
          schema: {
            operationId: 'get-a-user-skill-by-name',
            summary: 'Get a user skill by name',
            tags: ['Skills'],
            response: { 200: wire.UserSkill },
          },
        },
        async (request) =>
          presentSkill(await skills.getSkill(actorCtxOf(request), targetOf(request), request.params.name)),
      );

      group.patch<Named & Body<typeof wire.UpdateUserSkillRequest>>(
        '/:name',
        {
          bodyLimit: MAX_SKILL_BODY_BYTES,
          schema: {
            operationId: 'update-a-user-skill',
            summary: 'Update a user skill',
            tags: ['Skills'],
            body: wire.UpdateUserSkillRequest,
            response: { 200: wire.UserSkill },
          },
        },
        async (request) => {
          const { params, body } = request;
          return presentSkill(
            await skills.updateSkill(actorCtxOf(request), targetOf(request), params.name, body.content),
          );
        },
      );

      group.delete<Named>(
        '/:name',
        {
          schema: {
            operationId: 'delete-a-user-skill',
            summary: 'Delete a user skill',
            tags: ['Skills'],
            response: { 204: Empty },
          },
        },
        async (request, reply) => {
          await skills.deleteSkill(actorCtxOf(request), targetOf(request), request.params.name);
          return reply.code(204).send();
        },
      );
    },
    { prefix: '/skills' },
  );
}
