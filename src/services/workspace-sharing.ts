// Who may share workspaces in an organization: kept and shown; there are no workspaces for it to act on.
import type { UpdateWorkspaceSharing } from '../codersdk/organizations.ts';
import { SHAREABLE_OWNERS } from '../codersdk/organizations.ts';
import { type ActorCtx, nowText } from '../ctx.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { can } from '../rbac/authorize.ts';
import { organizationObject } from '../rbac/objects.ts';
import { lockOrganization, type OrganizationRow, updateOrganization } from '../store/organizations.ts';
import { withActor } from './actors.ts';
import { audit } from './audit.ts';

/**
 * PATCH: the newer field counts, the older one says none or everyone, and neither is everyone. Golden: deploy-companions
 * @throws ApiError 403 without organization.update, 400 for an unknown value
 */
export async function updateWorkspaceSharing(
  ctx: ActorCtx,
  { id }: OrganizationRow,
  input: UpdateWorkspaceSharing,
): Promise<OrganizationRow> {
  const authorize = ({ actor }: ActorCtx) => {
    if (!can(actor.subject, 'update', organizationObject(id))) throw forbidden();
  };
  authorize(ctx);
  const owners = input.shareable_workspace_owners || (input.sharing_disabled ? 'none' : 'everyone');
  if (!(SHAREABLE_OWNERS as readonly string[]).includes(owners)) {
    const detail = `invalid value ${quoted(owners)}, must be one of [${SHAREABLE_OWNERS.join(', ')}]`;
    throw badRequest('Invalid shareable workspace owners value.', {
      validations: [{ field: 'shareable_workspace_owners', detail }],
    });
  }
  return withActor(ctx, async (ctx) => {
    authorize(ctx);
    const before = await lockOrganization(ctx.db, id);
    if (!before) throw notFound();
    const after = await updateOrganization(ctx.db, id, { shareableWorkspaceOwners: owners, updatedAt: nowText(ctx) });
    if (!after) throw notFound();
    await audit(ctx, {
      action: 'write',
      resourceType: 'organization',
      resourceId: id,
      resourceTarget: after.name,
      organizationId: id,
      before: { shareable_workspace_owners: before.shareableWorkspaceOwners },
      after: { shareable_workspace_owners: owners },
    });
    return after;
  });
}
