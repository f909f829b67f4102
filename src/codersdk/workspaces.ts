// Wire types of what belongs to workspaces, of which there are none here.
import { z } from 'zod';
import { count, nothing, whole } from './answers.ts';
import { QueryCount, Uuid } from './common.ts';
import { MAX_COUNT, MAX_DISPLAY_NAME, MAX_LABEL, MAX_URL, MAX_USERNAME } from './sizes.ts';
import { list, text } from './wire.ts';

export const WorkspacesResponse = z
  .object({ workspaces: nothing(), count: count() })
  .meta({ id: 'codersdk.WorkspacesResponse' });

export const TasksListResponse = z
  .object({ tasks: nothing(), count: count() })
  .meta({ id: 'codersdk.TasksListResponse' });

/** Query parameters of the list of daemons, for the contract document. */
export const ProvisionerDaemonsQuery = z.object({ limit: QueryCount('Page limit') });

/** Query parameters of the list of jobs, for the contract document. */
export const ProvisionerJobsQuery = z.object({ limit: QueryCount('Page limit') });

export const WorkspaceQuota = z
  .object({ credits_consumed: count(), budget: whole(-1, MAX_COUNT) })
  .meta({ id: 'codersdk.WorkspaceQuota' });

const regionFields = {
  ...{
    id: Uuid,
    name: text(MAX_USERNAME),
    display_name: text(MAX_DISPLAY_NAME),
    icon_url: text(MAX_URL),
    healthy: z.boolean(),
  },
  ...{ path_app_url: z.string(), wildcard_hostname: text(MAX_LABEL) },
};

const Region = z.object(regionFields).meta({ id: 'codersdk.Region' });
export type Region = z.infer<typeof Region>;

export const Regions = z.object({ regions: list(Region, 1) }).meta({ id: 'codersdk.RegionsResponse-codersdk_Region' });

export const WorkspaceProxies = z
  .object({ regions: list(z.unknown(), 1) })
  .meta({ id: 'codersdk.RegionsResponse-codersdk_WorkspaceProxy' });

export const ListUserExternalAuthResponse = z
  .object({ providers: nothing(), links: nothing() })
  .meta({ id: 'codersdk.ListUserExternalAuthResponse' });

export const ExternalAuth = z
  .object({
    ...{ authenticated: z.boolean(), device: z.boolean(), display_name: text(MAX_LABEL), user: z.null() },
    ...{ app_installable: z.boolean(), installations: nothing(), app_install_url: text(MAX_URL) },
    supports_revocation: z.boolean(),
  })
  .meta({ id: 'codersdk.ExternalAuth' });

export const ConnectionLogResponse = z
  .object({ connection_logs: nothing(), count: count() })
  .meta({ id: 'codersdk.ConnectionLogResponse' });
