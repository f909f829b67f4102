// Site roles: the list of what can be handed out, and who has what.
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { AssignableRoles, UserRolesResponse } from '../codersdk/roles.ts';
import { UpdateRoles, User } from '../codersdk/users.ts';
import { notOneself } from '../hooks/gates.ts';
import { auditRefusals } from '../hooks/refusals.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { presentAssignableRole, presentUserRoles } from '../present/roles.ts';
import { presentUser } from '../present/users.ts';
import * as roles from '../services/roles.ts';

/** Routes of `/users/roles`. */
export async function roleRoutes(app: FastifyInstance): Promise<void> {
  await app.register(
    async (group) => {
      group.get(
        '/',
        {
          schema: {
            operationId: 'get-site-member-roles',
            summary: 'Get site member roles',
            tags: ['Members'],
            response: { 200: AssignableRoles },
          },
        },
        async (request) => roles.assignableSiteRoles(actorCtxOf(request)).map(presentAssignableRole),
      );
    },
    { prefix: '/roles' },
  );
}

/** Routes of `/users/{user}/roles`. */
export async function userRoleRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/roles',
    {
      schema: {
        operationId: 'get-user-roles',
        summary: 'Get user roles',
        tags: ['Users'],
        response: { 200: UserRolesResponse },
      },
    },
    async (request) => presentUserRoles(await roles.userRoles(actorCtxOf(request), targetOf(request))),
  );

  app.put<{ Body: z.output<typeof UpdateRoles> }>(
    '/roles',
    {
      onRequest: notOneself,
      ...auditRefusals('write', 'user'),
      schema: {
        operationId: 'assign-role-to-user',
        summary: 'Assign role to user',
        tags: ['Users'],
        body: UpdateRoles,
        response: { 200: User },
      },
    },
    async (request) =>
      presentUser(await roles.updateSiteRoles(actorCtxOf(request), targetOf(request), request.body.roles ?? [])),
  );
}
