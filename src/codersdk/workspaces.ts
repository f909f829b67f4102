// Wire types of what belongs to workspaces, of which there are none here.
import { z } from 'zod';
import { QueryCount, Uuid } from './common.ts';

export const WorkspacesResponse = z
  .object({ workspaces: z.array(z.unknown()), count: z.int() })
  .meta({ id: 'codersdk.WorkspacesResponse' });

export const TasksListResponse = z
  .object({ tasks: z.array(z.unknown()), count: z.int() })
  .meta({ id: 'codersdk.TasksListResponse' });

/** Query parameters of the list of daemons, for the contract document. */
export const ProvisionerDaemonsQuery = z.object({ limit: QueryCount('Page limit') });

/** Query parameters of the list of jobs, for the contract document. */
export const ProvisionerJobsQuery = z.object({ limit: QueryCount('Page limit') });

export const WorkspaceQuota = z
  .object({ credits_consumed: z.int(), budget: z.int() })
  .meta({ id: 'codersdk.WorkspaceQuota' });

const regionFields = {
  ...{ id: Uuid, name: z.string(), display_name: z.string(), icon_url: z.string(), healthy: z.boolean() },
  ...{ path_app_url: z.string(), wildcard_hostname: z.string() },
};

const Region = z.object(regionFields).meta({ id: 'codersdk.Region' });
export type Region = z.infer<typeof Region>;

export const Regions = z.object({ regions: z.array(Region) }).meta({ id: 'codersdk.RegionsResponse-codersdk_Region' });

export const WorkspaceProxies = z
  .object({ regions: z.array(z.unknown()) })
  .meta({ id: 'codersdk.RegionsResponse-codersdk_WorkspaceProxy' });

export const ListUserExternalAuthResponse = z
  .object({ providers: z.array(z.unknown()), links: z.array(z.unknown()) })
  .meta({ id: 'codersdk.ListUserExternalAuthResponse' });

export const ExternalAuth = z
  .object({
    ...{ authenticated: z.boolean(), device: z.boolean(), display_name: z.string(), user: z.null() },
    ...{ app_installable: z.boolean(), installations: z.array(z.unknown()), app_install_url: z.string() },
    supports_revocation: z.boolean(),
  })
  .meta({ id: 'codersdk.ExternalAuth' });

export const ConnectionLogResponse = z
  .object({ connection_logs: z.array(z.unknown()), count: z.int() })
  .meta({ id: 'codersdk.ConnectionLogResponse' });
