// Organizations: all that the caller sees, one of them, and those of a user.
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { Response } from '../codersdk/common.ts';
import * as wire from '../codersdk/organizations.ts';
import { auditRefusals } from '../hooks/refusals.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { organizationOf, targetOf } from '../hooks/target.ts';
import { presentOrganization, presentWorkspaceSharing } from '../present/organizations.ts';
import * as organizations from '../services/organizations.ts';
import { updateWorkspaceSharing } from '../services/workspace-sharing.ts';

type Body<T extends z.ZodType> = { Body: z.output<T> };

/** Routes of `/organizations` as a whole. */
export async function organizationsRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/',
    {
      schema: {
        operationId: 'get-organizations',
        summary: 'Get organizations',
        tags: ['Organizations'],
        response: { 200: wire.Organizations },
      },
    },
    async (request) => (await organizations.listOrganizations(actorCtxOf(request))).map(presentOrganization),
  );

  app.post<Body<typeof wire.CreateOrganizationRequest>>(
    '/',
    {
      schema: {
        operationId: 'create-organization',
        summary: 'Create organization',
        tags: ['Organizations'],
        body: wire.CreateOrganizationRequest,
        response: { 201: wire.Organization },
      },
    },
    async (request, reply) => {
      const row = await organizations.createOrganization(actorCtxOf(request), request.body);
      return reply.code(201).send(presentOrganization(row));
    },
  );
}

/** Routes of `/organizations/{organization}`. */
export async function organizationRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/',
    {
      schema: {
        operationId: 'get-organization-by-id',
        summary: 'Get organization by ID',
        tags: ['Organizations'],
        response: { 200: wire.Organization },
      },
    },
    async (request) => presentOrganization(organizationOf(request)),
  );

  app.patch<Body<typeof wire.UpdateOrganizationRequest>>(
    '/',
    {
      ...auditRefusals('write', 'organization'),
      schema: {
        operationId: 'update-organization',
        summary: 'Update organization',
        tags: ['Organizations'],
        body: wire.UpdateOrganizationRequest,
        response: { 200: wire.Organization },
      },
    },
    async (request) =>
      presentOrganization(
        await organizations.updateOrganization(actorCtxOf(request), organizationOf(request), request.body),
      ),
  );

  app.delete(
    '/',
    {
      ...auditRefusals('delete', 'organization'),
      schema: {
        operationId: 'delete-organization',
        summary: 'Delete organization',
        tags: ['Organizations'],
        response: { 200: Response },
      },
    },
    async (request) => {
      await organizations.deleteOrganization(actorCtxOf(request), organizationOf(request));
      return { message: 'Organization has been deleted.' };
    },
  );

  const { disableWorkspaceSharing } = app.deps.config.rbac;
  app.get(
    '/settings/workspace-sharing',
    {
      schema: {
        operationId: 'get-workspace-sharing-settings-for-organization',
        summary: 'Get workspace sharing settings for organization',
        tags: ['Enterprise'],
        response: { 200: wire.WorkspaceSharingSettings },
      },
    },
    async (request) => presentWorkspaceSharing(organizationOf(request), disableWorkspaceSharing),
  );
  app.patch<Body<typeof wire.UpdateWorkspaceSharingSettingsRequest>>(
    '/settings/workspace-sharing',
    {
      ...auditRefusals('write', 'organization'),
      schema: {
        operationId: 'update-workspace-sharing-settings-for-organization',
        summary: 'Update workspace sharing settings for organization',
        tags: ['Enterprise'],
        body: wire.UpdateWorkspaceSharingSettingsRequest,
        response: { 200: wire.WorkspaceSharingSettings },
      },
    },
    async (request) => {
      const row = await updateWorkspaceSharing(actorCtxOf(request), organizationOf(request), request.body);
      return presentWorkspaceSharing(row, disableWorkspaceSharing);
    },
  );
}

/** Routes of `/users/{user}/organizations`. */
export async function userOrganizationRoutes(app: FastifyInstance): Promise<void> {
  await app.register(
    async (group) => {
      group.get(
        '/',
        {
          schema: {
            operationId: 'get-organizations-by-user',
            summary: 'Get organizations by user',
            tags: ['Users'],
            response: { 200: wire.Organizations },
          },
        },
        async (request) =>
          (await organizations.organizationsOfUser(actorCtxOf(request), targetOf(request))).map(presentOrganization),
      );

      group.get<{ Params: { organizationname: string } }>(
        '/:organizationname',
        {
          schema: {
            operationId: 'get-organization-by-user-and-organization-name',
            summary: 'Get organization by user and organization name',
            tags: ['Users'],
            response: { 200: wire.Organization },
          },
        },
        async (request) =>
          presentOrganization(
            await organizations.organizationByName(actorCtxOf(request), request.params.organizationname),
          ),
      );
    },
    { prefix: '/organizations' },
  );
}
