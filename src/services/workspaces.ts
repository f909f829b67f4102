// What belongs to workspaces, of which there are none here: who may see that there is nothing.
import type { ActorCtx } from '../ctx.ts';
import { ApiError, badRequest, forbidden, notFound } from '../errors.ts';
import { firstTerm, parseQuery, QueryReader, type QueryTerms } from '../golang/search.ts';
import { can } from '../rbac/authorize.ts';
import {
  connectionLogObject,
  provisionerDaemonsObject,
  provisionerJobsObject,
  replicasObject,
  templatesObject,
} from '../rbac/objects.ts';
import { limitOf, pageOf } from './paging.ts';

/** Search keys of workspaces and tasks that clients send; there is nothing to find here. */
const WORKSPACE_KEYS = [
  'owner',
  'name',
  'template',
  'status',
  'has-agent',
  'dormant',
  'last_used_before',
  'last_used_after',
  'organization',
  'id',
  'outdated',
  'param',
  'shared',
  'shared_with_user',
  'shared_with_group',
  'has-ai-task',
  'healthy',
  'has_external_agent',
  'has_ai_task',
  'has-external-agent',
];

/** GET /workspaces on a deployment without any. @throws ApiError 400 for a bad query or page */
export function listWorkspaces(query: QueryTerms) {
  const message = 'Invalid workspace search query.';
  pageOf(query);
  const parsed = parseQuery(firstTerm(query, 'q'), 'name');
  if ('problem' in parsed) throw badRequest(message, { validations: [parsed.problem] });
  const reader = new QueryReader(parsed.terms);
  for (const key of WORKSPACE_KEYS) reader.list(key);
  reader.refuseUnknown();
  if (reader.problems.length > 0) throw badRequest(message, { validations: reader.problems });
  return { workspaces: [], count: 0 };
}

/**
 * GET /organizations/{organization}/provisionerdaemons: none here.
 * @throws ApiError 400 for a bad limit, 404 without provisioner_jobs.read there
 */
export function provisionerDaemons(ctx: ActorCtx, organizationId: string, query: QueryTerms): never[] {
  limitOf(query);
  if (!can(ctx.actor.subject, 'read', provisionerJobsObject(organizationId))) throw notFound();
  return [];
}

/**
 * GET /organizations/{organization}/provisionerjobs: none here. Golden: deploy-companions
 * @throws ApiError 404 without provisioner_jobs.read there, 400 for a bad limit
 */
export function provisionerJobs(ctx: ActorCtx, organizationId: string, query: QueryTerms): never[] {
  if (!can(ctx.actor.subject, 'read', provisionerJobsObject(organizationId))) throw notFound();
  const reader = new QueryReader(query);
  reader.positiveInt32('limit');
  if (reader.problems.length > 0) throw badRequest('Invalid query parameters.', { validations: reader.problems });
  return [];
}

/** Keys of provisioners, with or without their daemons: none here. @throws ApiError 403 without provisioner_daemon.read */
export function provisionerKeys(ctx: ActorCtx, organizationId: string): never[] {
  if (!can(ctx.actor.subject, 'read', provisionerDaemonsObject(organizationId))) throw forbidden();
  return [];
}

/** Examples of templates: none here. Without an organization those of the site. @throws ApiError 404 without template.read */
export function templateExamples(ctx: ActorCtx, organizationId?: string): never[] {
  if (!can(ctx.actor.subject, 'read', templatesObject(organizationId))) throw notFound();
  return [];
}

/** GET /replicas: they know nothing of each other, so nobody is listed. @throws ApiError 404 without replicas.read */
export function listReplicas(ctx: ActorCtx): never[] {
  if (!can(ctx.actor.subject, 'read', replicasObject())) throw notFound();
  return [];
}

/** GET /connectionlog: nobody connects to anything here. @throws ApiError 404 without connection_log.read */
export function connectionLog(ctx: ActorCtx): { connection_logs: never[]; count: number } {
  if (!can(ctx.actor.subject, 'read', connectionLogObject())) throw notFound();
  return { connection_logs: [], count: 0 };
}

/** The one provider that every deployment knows by name. Golden: deploy-readers */
const BUILT_IN_PROVIDER = 'github';

/** The caller's link to a provider of repositories: nobody has one here. @throws ApiError 404 for an unknown provider */
export function externalAuth(provider: string) {
  if (provider !== BUILT_IN_PROVIDER) throw notFound();
  return {
    ...{ authenticated: false, device: false, display_name: 'GitHub', user: null },
    ...{ app_installable: false, installations: [], app_install_url: '', supports_revocation: false },
  };
}

/** What nobody has cannot be found. @throws ApiError 404 */
export const nothingThere = (): never => {
  throw notFound();
};

/** 403 for hours in which workspaces may be stopped; whoever asks is told so first. Golden: deploy-readers */
export const noQuietHours = () =>
  new ApiError(
    403,
    'Advanced template scheduling (and user quiet hours schedule) is an Enterprise feature. Contact sales!',
  );
