// Licences: none is needed (docs/differences.md 16), so none is kept; who may not add one is told that first.
import type { ActorCtx } from '../ctx.ts';
import { ApiError, badRequest } from '../errors.ts';
import { licenseObject } from '../rbac/objects.ts';
import { requirePermission } from './actors.ts';

/** Whether the caller may add or delete licences. @throws ApiError 403 without that right */
export const requireMayChangeLicenses = (ctx: ActorCtx, action: 'create' | 'delete'): void =>
  requirePermission(ctx, action, licenseObject());

/** POST /licenses: whatever is sent is none of this deployment's. @throws ApiError 400 */
export function addLicense(): never {
  throw badRequest('Invalid license', { detail: 'license has multiple issues; contact support' });
}

/** DELETE /licenses/{id} @throws ApiError 404 */
export function deleteLicense(): never {
  throw new ApiError(404, 'Unknown license ID');
}
