// Accounts: list, create, read, delete, profile, password, status.
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { Empty, Response } from '../codersdk/common.ts';
import * as wire from '../codersdk/users.ts';
import { maySetPassword } from '../hooks/gates.ts';
import { auditRefusals } from '../hooks/refusals.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { queryTerms } from '../http/query.ts';
import { presentUser, presentUsers } from '../present/users.ts';
import * as list from '../services/list-users.ts';
import * as passwords from '../services/passwords.ts';
import { setStatus } from '../services/status.ts';
import * as users from '../services/users.ts';

type Body<T extends z.ZodType> = { Body: z.output<T> };

/** Routes of `/users` as a whole. */
export async function usersRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/',
    {
      schema: {
        operationId: 'get-users',
        summary: 'Get users',
        tags: ['Users'],
        querystring: wire.UserListQuery,
        response: { 200: wire.GetUsersResponse },
      },
    },
    async (request) => presentUsers(await list.listUsers(actorCtxOf(request), queryTerms(request))),
  );

  app.post<Body<typeof wire.CreateUserRequestWithOrgs>>(
    '/',
    {
      schema: {
        operationId: 'create-new-user',
        summary: 'Create new user',
        tags: ['Users'],
        body: wire.CreateUserRequestWithOrgs,
        response: { 201: wire.User },
      },
    },
    async (request, reply) => {
      const row = await users.createUser(actorCtxOf(request), request.body);
      return reply.code(201).send(presentUser(row));
    },
  );
}

/** Routes of `/users/{user}`. */
export async function userRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/',
    {
      schema: {
        operationId: 'get-user-by-name',
        summary: 'Get user by name',
        tags: ['Users'],
        response: { 200: wire.User },
      },
    },
    async (request) => presentUser(targetOf(request)),
  );

  app.delete(
    '/',
    {
      ...auditRefusals('delete', 'user'),
      schema: { operationId: 'delete-user', summary: 'Delete user', tags: ['Users'], response: { 200: Response } },
    },
    async (request) => {
      await users.deleteUser(actorCtxOf(request), targetOf(request));
      return { message: 'User has been deleted!' };
    },
  );

  app.put<Body<typeof wire.UpdateUserProfileRequest>>(
    '/profile',
    {
      ...auditRefusals('write', 'user'),
      schema: {
        operationId: 'update-user-profile',
        summary: 'Update user profile',
        tags: ['Users'],
        body: wire.UpdateUserProfileRequest,
        response: { 200: wire.User },
      },
    },
    async (request) => presentUser(await users.updateProfile(actorCtxOf(request), targetOf(request), request.body)),
  );

  await app.register(
    async (password) => {
      password.put<Body<typeof wire.UpdateUserPasswordRequest>>(
        '/',
        {
          onRequest: [app.limits.password, maySetPassword],
          ...auditRefusals('write', 'user'),
          schema: {
            operationId: 'update-user-password',
            summary: 'Update user password',
            tags: ['Users'],
            body: wire.UpdateUserPasswordRequest,
            response: { 204: Empty },
          },
        },
        async (request, reply) => {
          await passwords.changePassword(actorCtxOf(request), targetOf(request), request.body);
          return reply.code(204).send();
        },
      );
    },
    { prefix: '/password' },
  );

  for (const [word, status, title] of [
    ['suspend', 'suspended', 'Suspend user account'],
    ['activate', 'active', 'Activate user account'],
  ] as const) {
    app.put(
      `/status/${word}`,
      {
        ...auditRefusals('write', 'user'),
        schema: { operationId: `${word}-user-account`, summary: title, tags: ['Users'], response: { 200: wire.User } },
      },
      async (request) => presentUser(await setStatus(actorCtxOf(request), targetOf(request), status)),
    );
  }
}
