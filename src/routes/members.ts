// Members of an organization and their roles.
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { Empty } from '../codersdk/common.ts';
import * as wire from '../codersdk/organizations.ts';
import { AssignableRoles } from '../codersdk/roles.ts';
import { UpdateRoles } from '../codersdk/users.ts';
import { notOneselfAsMember } from '../hooks/gates.ts';
import { auditRefusals } from '../hooks/refusals.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { organizationOf, targetOf, targetUser } from '../hooks/target.ts';
import { memberOf, targetMember } from '../hooks/target-member.ts';
import { queryTerms } from '../http/query.ts';
import { presentMember, presentMembers, presentMembership } from '../present/organizations.ts';
import { presentAssignableRole } from '../present/roles.ts';
import * as members from '../services/members.ts';
import * as roles from '../services/organization-roles.ts';

/** Routes of one member. */
async function memberRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/',
    {
      onRequest: targetMember,
      schema: {
        operationId: 'get-organization-member',
        summary: 'Get organization member',
        tags: ['Members'],
        response: { 200: wire.OrganizationMemberWithUserData },
      },
    },
    async (request) => presentMember(members.readMember(actorCtxOf(request), memberOf(request))),
  );

  app.post(
    '/',
    {
      onRequest: targetUser,
      schema: {
        operationId: 'add-organization-member',
        summary: 'Add organization member',
        tags: ['Members'],
        response: { 200: wire.OrganizationMember },
      },
    },
    async (request) =>
      presentMembership(await members.addMember(actorCtxOf(request), organizationOf(request), targetOf(request))),
  );

  app.delete(
    '/',
    {
      onRequest: targetMember,
      ...auditRefusals('delete', 'organization_member'),
      schema: {
        operationId: 'remove-organization-member',
        summary: 'Remove organization member',
        tags: ['Members'],
        response: { 204: Empty },
      },
    },
    async (request, reply) => {
      await members.removeMember(actorCtxOf(request), memberOf(request));
      return reply.code(204).send();
    },
  );

  app.put<{ Body: z.output<typeof UpdateRoles> }>(
    '/roles',
    {
      onRequest: [targetMember, notOneselfAsMember],
      ...auditRefusals('write', 'organization_member'),
      schema: {
        operationId: 'assign-role-to-organization-member',
        summary: 'Assign role to organization member',
        tags: ['Members'],
        body: UpdateRoles,
        response: { 200: wire.OrganizationMember },
      },
    },
    async (request) =>
      presentMembership(
        await roles.updateMemberRoles(
          actorCtxOf(request),
          organizationOf(request),
          memberOf(request),
          request.body.roles ?? [],
        ),
      ),
  );
}

/** Routes of `/organizations/{organization}/members` and the list in pages. */
export async function membersRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/paginated-members',
    {
      schema: {
        operationId: 'paginated-organization-members',
        summary: 'Paginated organization members',
        tags: ['Members'],
        querystring: wire.PaginatedMembersQuery,
        response: { 200: wire.PaginatedMembersResponse },
      },
    },
    async (request) =>
      presentMembers(await members.paginatedMembers(actorCtxOf(request), organizationOf(request), queryTerms(request))),
  );

  await app.register(
    async (group) => {
      group.get(
        '/',
        {
          schema: {
            operationId: 'list-organization-members',
            summary: 'List organization members',
            tags: ['Members'],
            querystring: wire.MemberListQuery,
            response: { 200: wire.OrganizationMembers },
          },
        },
        async (request) =>
          (await members.listMembers(actorCtxOf(request), organizationOf(request), queryTerms(request))).map(
            presentMember,
          ),
      );

      // Answers before a member of this name, whom only the id reaches.
      group.get(
        '/roles',
        {
          schema: {
            operationId: 'get-member-roles-by-organization',
            summary: 'Get member roles by organization',
            tags: ['Members'],
            response: { 200: AssignableRoles },
          },
        },
        async (request) =>
          roles.assignableOrganizationRoles(actorCtxOf(request), organizationOf(request)).map(presentAssignableRole),
      );

      await group.register(memberRoutes, { prefix: '/:user' });
    },
    { prefix: '/members' },
  );
}
