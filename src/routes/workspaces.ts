// What clients ask about workspaces, of which there are none here: lists that are empty, each for those who may see them.
import type { FastifyInstance } from 'fastify';
import { nothing } from '../codersdk/answers.ts';
import * as wire from '../codersdk/workspaces.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { organizationOf, targetUser } from '../hooks/target.ts';
import { queryTerms } from '../http/query.ts';
import { presentRegions, presentWorkspaceProxies } from '../present/regions.ts';
import * as deployment from '../services/deployment.ts';
import * as workspaces from '../services/workspaces.ts';
import { listRoute } from './list-route.ts';

const Nothing = nothing();
/** What never answers with success is left out of the contract document. */
const NEVER = { hide: true };
const NO_QUOTA = { credits_consumed: 0, budget: -1 };

/** How much of workspaces a user may have: nothing is counted here. */
async function quotaRoute(
  app: FastifyInstance,
  prefix: string,
  card: { operationId: string; summary: string },
): Promise<void> {
  const schema = { ...card, tags: ['Enterprise'], response: { 200: wire.WorkspaceQuota } };
  await app.register(
    async (quota) => {
      quota.addHook('onRequest', targetUser);
      quota.get('/', { schema }, async () => NO_QUOTA);
    },
    { prefix },
  );
}

/** Routes that anybody may call. */
export async function quietHoursRoutes(app: FastifyInstance): Promise<void> {
  app.route({
    method: ['GET', 'PUT'],
    url: '/:user/quiet-hours',
    schema: NEVER,
    onRequest: async () => {
      throw workspaces.noQuietHours();
    },
    handler: async () => undefined,
  });
}

/** `/workspaceproxies`, which tells callers without a session something else than the usual. Golden: deploy-readers */
export async function workspaceProxyRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', async (request, reply) => {
    if ('refusal' in request.identity) workspaces.nothingThere();
    await app.session(request, reply);
  });
  await listRoute(
    app,
    '/workspaceproxies',
    {
      operationId: 'get-workspace-proxies',
      summary: 'Get workspace proxies',
      tag: 'Enterprise',
      response: wire.WorkspaceProxies,
    },
    async (request) => presentWorkspaceProxies(app.deps.config, await deployment.regions(actorCtxOf(request))),
  );
}

/** Routes of the site; all need a session. */
export async function workspacesRoutes(app: FastifyInstance): Promise<void> {
  await listRoute(
    app,
    '/workspaces',
    {
      operationId: 'list-workspaces',
      summary: 'List workspaces',
      tag: 'Workspaces',
      response: wire.WorkspacesResponse,
    },
    (request) => workspaces.listWorkspaces(queryTerms(request)),
  );
  await listRoute(
    app,
    '/templates',
    { operationId: 'get-all-templates', summary: 'Get all templates', tag: 'Templates', response: Nothing },
    () => [],
  );
  await listRoute(
    app,
    '/templates/examples',
    { operationId: 'get-template-examples', summary: 'Get template examples', tag: 'Templates', response: Nothing },
    (request) => workspaces.templateExamples(actorCtxOf(request)),
  );
  await listRoute(
    app,
    '/tasks',
    { operationId: 'list-ai-tasks', summary: 'List AI tasks', tag: 'Tasks', response: wire.TasksListResponse },
    () => ({ tasks: [], count: 0 }),
  );
  await listRoute(
    app,
    '/regions',
    {
      operationId: 'get-site-wide-regions-for-workspace-connections',
      summary: 'Get site-wide regions for workspace connections',
      tag: 'WorkspaceProxies',
      response: wire.Regions,
    },
    async (request) => presentRegions(app.deps.config, await deployment.regions(actorCtxOf(request))),
  );
  await listRoute(
    app,
    '/replicas',
    { operationId: 'get-active-replicas', summary: 'Get active replicas', tag: 'Enterprise', response: Nothing },
    (request) => workspaces.listReplicas(actorCtxOf(request)),
  );
  await listRoute(
    app,
    '/connectionlog',
    {
      operationId: 'get-connection-logs',
      summary: 'Get connection logs',
      tag: 'Enterprise',
      response: wire.ConnectionLogResponse,
    },
    (request) => workspaces.connectionLog(actorCtxOf(request)),
  );
  await listRoute(
    app,
    '/external-auth',
    {
      operationId: 'get-user-external-auths',
      summary: 'Get user external auths',
      tag: 'Git',
      response: wire.ListUserExternalAuthResponse,
    },
    () => ({ providers: [], links: [] }),
  );
  app.get<{ Params: { externalauth: string } }>(
    '/external-auth/:externalauth',
    {
      schema: {
        operationId: 'get-external-auth-by-id',
        summary: 'Get external auth by ID',
        tags: ['Git'],
        response: { 200: wire.ExternalAuth },
      },
    },
    async (request) => workspaces.externalAuth(request.params.externalauth),
  );
  for (const [method, url] of [
    ['DELETE', ''],
    ['GET', '/device'],
    ['POST', '/device'],
  ] as const)
    app.route({
      method,
      url: `/external-auth/:externalauth${url}`,
      schema: NEVER,
      handler: async () => workspaces.nothingThere(),
    });
  await quotaRoute(app, '/workspace-quota/:user', {
    operationId: 'get-workspace-quota-by-user-deprecated',
    summary: 'Get workspace quota by user deprecated',
  });
}

/** Routes of `/organizations/{organization}`. */
export async function organizationWorkspacesRoutes(app: FastifyInstance): Promise<void> {
  await listRoute(
    app,
    '/templates',
    {
      operationId: 'get-templates-by-organization',
      summary: 'Get templates by organization',
      tag: 'Templates',
      response: Nothing,
    },
    () => [],
  );
  await listRoute(
    app,
    '/templates/examples',
    {
      operationId: 'get-template-examples-by-organization',
      summary: 'Get template examples by organization',
      tag: 'Templates',
      response: Nothing,
    },
    (request) => workspaces.templateExamples(actorCtxOf(request), organizationOf(request).id),
  );
  await listRoute(
    app,
    '/provisionerdaemons',
    {
      operationId: 'get-provisioner-daemons',
      summary: 'Get provisioner daemons',
      tag: 'Provisioning',
      querystring: wire.ProvisionerDaemonsQuery,
      response: Nothing,
    },
    (request) => workspaces.provisionerDaemons(actorCtxOf(request), organizationOf(request).id, queryTerms(request)),
  );
  await listRoute(
    app,
    '/provisionerjobs',
    {
      operationId: 'get-provisioner-jobs',
      summary: 'Get provisioner jobs',
      tag: 'Organizations',
      querystring: wire.ProvisionerJobsQuery,
      response: Nothing,
    },
    (request) => workspaces.provisionerJobs(actorCtxOf(request), organizationOf(request).id, queryTerms(request)),
  );
  app.get('/provisionerjobs/:job', { schema: NEVER }, async () => workspaces.nothingThere());
  for (const [path, operationId, summary] of [
    ['/provisionerkeys', 'list-provisioner-key', 'List provisioner key'],
    ['/provisionerkeys/daemons', 'list-provisioner-key-daemons', 'List provisioner key daemons'],
  ] as const)
    await listRoute(app, path, { operationId, summary, tag: 'Enterprise', response: Nothing }, (request) =>
      workspaces.provisionerKeys(actorCtxOf(request), organizationOf(request).id),
    );
  await quotaRoute(app, '/members/:user/workspace-quota', {
    operationId: 'get-workspace-quota-by-user',
    summary: 'Get workspace quota by user',
  });
}
