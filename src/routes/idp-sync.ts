// Settings of sync with the identity provider: of the site, and of one organization.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import * as wire from '../codersdk/idp-sync.ts';
import { MAX_SYNC_BODY_BYTES } from '../codersdk/sizes.ts';
import { auditRefusals } from '../hooks/refusals.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { organizationOf } from '../hooks/target.ts';
import { EXTENSION } from '../http/extensions.ts';
import { parameter } from '../http/query.ts';
import {
  presentClaimFields,
  presentGroupSync,
  presentOrganizationSync,
  presentRoleSync,
  presentTrial,
} from '../present/idp-sync.ts';
import type { AuditResource } from '../services/audit.ts';
import * as sync from '../services/idp-sync.ts';
import { trySync } from '../services/sso/trial.ts';

type Body<T extends z.ZodType> = { Body: z.output<T> };

/** What all routes that change settings have in common: who may is decided, and refusals are noted, before the body counts. */
const changing = (resourceType: AuditResource) => ({
  bodyLimit: MAX_SYNC_BODY_BYTES,
  ...auditRefusals('write', resourceType),
  onRequest: async (request: FastifyRequest) => sync.requireMayChangeSync(actorCtxOf(request), request.organization),
});

/** Routes of `/settings/idpsync`. */
export async function idpSyncRoutes(app: FastifyInstance): Promise<void> {
  const change = changing('idp_sync_settings_organization');
  const answers = { tags: ['Enterprise'], response: { 200: wire.OrganizationSyncSettings } };

  app.get(
    '/organization',
    {
      schema: {
        operationId: 'get-organization-idp-sync-settings',
        summary: 'Get organization IdP Sync settings',
        ...answers,
      },
    },
    async (request) => presentOrganizationSync(await sync.organizationSync(actorCtxOf(request))),
  );

  app.patch<Body<typeof wire.OrganizationSyncSettings>>(
    '/organization',
    {
      ...change,
      schema: {
        operationId: 'update-organization-idp-sync-settings',
        summary: 'Update organization IdP Sync settings',
        body: wire.OrganizationSyncSettings,
        ...answers,
      },
    },
    async (request) => presentOrganizationSync(await sync.updateOrganizationSync(actorCtxOf(request), request.body)),
  );

  app.patch<Body<typeof wire.PatchOrganizationIDPSyncConfigRequest>>(
    '/organization/config',
    {
      ...change,
      schema: {
        operationId: 'update-organization-idp-sync-config',
        summary: 'Update organization IdP Sync config',
        body: wire.PatchOrganizationIDPSyncConfigRequest,
        ...answers,
      },
    },
    async (request) =>
      presentOrganizationSync(await sync.updateOrganizationSyncConfig(actorCtxOf(request), request.body)),
  );

  app.patch<Body<typeof wire.PatchOrganizationIDPSyncMappingRequest>>(
    '/organization/mapping',
    {
      ...change,
      schema: {
        operationId: 'update-organization-idp-sync-mapping',
        summary: 'Update organization IdP Sync mapping',
        body: wire.PatchOrganizationIDPSyncMappingRequest,
        ...answers,
      },
    },
    async (request) =>
      presentOrganizationSync(await sync.updateOrganizationSyncMapping(actorCtxOf(request), request.body)),
  );

  app.post<Body<typeof wire.TestIDPSyncRequest>>(
    '/test',
    {
      onRequest: async (request) => sync.requireMayReadSync(actorCtxOf(request)),
      schema: {
        operationId: 'test-idp-sync',
        summary: 'What a sign-in with these claims would lead to; nothing is changed',
        tags: ['Enterprise'],
        body: wire.TestIDPSyncRequest,
        response: { 200: wire.TestIDPSyncResponse },
        ...EXTENSION,
      },
    },
    async (request) => presentTrial(await trySync(actorCtxOf(request), request.body.claims)),
  );

  app.get(
    '/available-fields',
    {
      schema: {
        operationId: 'get-the-available-idp-sync-claim-fields',
        summary: 'Get the available idp sync claim fields',
        tags: ['Enterprise'],
        response: { 200: wire.ClaimFields },
      },
    },
    // Sent as text: null is an answer of its own here, not a missing one.
    async (request, reply) => reply.send(presentClaimFields(await sync.claimFields(actorCtxOf(request)))),
  );

  app.get(
    '/field-values',
    {
      schema: {
        operationId: 'get-the-idp-sync-claim-field-values',
        summary: 'Get the idp sync claim field values',
        tags: ['Enterprise'],
        querystring: wire.ClaimFieldQuery,
        response: { 200: wire.ClaimFieldValues },
      },
    },
    async (request) => sync.claimFieldValues(actorCtxOf(request), parameter(request, 'claimField')),
  );
}

function groupRoutes(app: FastifyInstance): void {
  const change = changing('idp_sync_settings_group');
  const answers = { tags: ['Enterprise'], response: { 200: wire.GroupSyncSettings } };

  app.get(
    '/groups',
    {
      schema: {
        operationId: 'get-group-idp-sync-settings-by-organization',
        summary: 'Get group IdP Sync settings by organization',
        ...answers,
      },
    },
    async (request) => presentGroupSync(await sync.groupSync(actorCtxOf(request), organizationOf(request))),
  );

  app.patch<Body<typeof wire.GroupSyncSettings>>(
    '/groups',
    {
      ...change,
      schema: {
        operationId: 'update-group-idp-sync-settings-by-organization',
        summary: 'Update group IdP Sync settings by organization',
        body: wire.GroupSyncSettings,
        ...answers,
      },
    },
    async (request) =>
      presentGroupSync(await sync.updateGroupSync(actorCtxOf(request), organizationOf(request), request.body)),
  );

  app.patch<Body<typeof wire.PatchGroupIDPSyncConfigRequest>>(
    '/groups/config',
    {
      ...change,
      schema: {
        operationId: 'update-group-idp-sync-config',
        summary: 'Update group IdP Sync config',
        body: wire.PatchGroupIDPSyncConfigRequest,
        ...answers,
      },
    },
    async (request) =>
      presentGroupSync(await sync.updateGroupSyncConfig(actorCtxOf(request), organizationOf(request), request.body)),
  );

  app.patch<Body<typeof wire.PatchGroupIDPSyncMappingRequest>>(
    '/groups/mapping',
    {
      ...change,
      schema: {
        operationId: 'update-group-idp-sync-mapping',
        summary: 'Update group IdP Sync mapping',
        body: wire.PatchGroupIDPSyncMappingRequest,
        ...answers,
      },
    },
    async (request) =>
      presentGroupSync(await sync.updateGroupSyncMapping(actorCtxOf(request), organizationOf(request), request.body)),
  );
}

function roleRoutes(app: FastifyInstance): void {
  const change = changing('idp_sync_settings_role');
  const answers = { tags: ['Enterprise'], response: { 200: wire.RoleSyncSettings } };

  app.get(
    '/roles',
    {
      schema: {
        operationId: 'get-role-idp-sync-settings-by-organization',
        summary: 'Get role IdP Sync settings by organization',
        ...answers,
      },
    },
    async (request) => presentRoleSync(await sync.roleSync(actorCtxOf(request), organizationOf(request))),
  );

  app.patch<Body<typeof wire.RoleSyncSettings>>(
    '/roles',
    {
      ...change,
      schema: {
        operationId: 'update-role-idp-sync-settings-by-organization',
        summary: 'Update role IdP Sync settings by organization',
        body: wire.RoleSyncSettings,
        ...answers,
      },
    },
    async (request) =>
      presentRoleSync(await sync.updateRoleSync(actorCtxOf(request), organizationOf(request), request.body)),
  );

  app.patch<Body<typeof wire.PatchRoleIDPSyncConfigRequest>>(
    '/roles/config',
    {
      ...change,
      schema: {
        operationId: 'update-role-idp-sync-config',
        summary: 'Update role IdP Sync config',
        body: wire.PatchRoleIDPSyncConfigRequest,
        ...answers,
      },
    },
    async (request) =>
      presentRoleSync(await sync.updateRoleSyncConfig(actorCtxOf(request), organizationOf(request), request.body)),
  );

  app.patch<Body<typeof wire.PatchRoleIDPSyncMappingRequest>>(
    '/roles/mapping',
    {
      ...change,
      schema: {
        operationId: 'update-role-idp-sync-mapping',
        summary: 'Update role IdP Sync mapping',
        body: wire.PatchRoleIDPSyncMappingRequest,
        ...answers,
      },
    },
    async (request) =>
      presentRoleSync(await sync.updateRoleSyncMapping(actorCtxOf(request), organizationOf(request), request.body)),
  );
}

/** Routes of `/organizations/{organization}/settings/idpsync`. */
export async function organizationIdpSyncRoutes(app: FastifyInstance): Promise<void> {
  groupRoutes(app);
  roleRoutes(app);

  app.get(
    '/available-fields',
    {
      schema: {
        operationId: 'get-the-available-organization-idp-sync-claim-fields',
        summary: 'Get the available organization idp sync claim fields',
        tags: ['Enterprise'],
        response: { 200: wire.ClaimFields },
      },
    },
    async (request, reply) =>
      reply.send(presentClaimFields(await sync.claimFields(actorCtxOf(request), organizationOf(request)))),
  );

  app.get(
    '/field-values',
    {
      schema: {
        operationId: 'get-the-organization-idp-sync-claim-field-values',
        summary: 'Get the organization idp sync claim field values',
        tags: ['Enterprise'],
        querystring: wire.ClaimFieldQuery,
        response: { 200: wire.ClaimFieldValues },
      },
    },
    async (request) =>
      sync.claimFieldValues(actorCtxOf(request), parameter(request, 'claimField'), organizationOf(request)),
  );
}
