// Notes in the audit log what was refused, for every route that says what it would have changed.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  type AuditAction,
  type AuditResource,
  SETTINGS_ID,
  SYNC_SETTINGS_ID,
  SYNC_SETTINGS_TARGETS,
} from '../services/audit.ts';
import type { Refusal } from '../services/refusals.ts';
import { ctxOf } from './session.ts';

interface Audited {
  action: AuditAction;
  resourceType: AuditResource;
  statuses: readonly number[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a refused request to this route attempted. */
    audited?: Audited;
  }
}

/** Refusals that say something about who asks; a missing session, limits and our own faults do not. */
const REFUSALS = [400, 403, 404, 409];

/**
 * Spread into the options of a route whose refusals belong into the audit log (docs/differences.md 32).
 * @param statuses those that count, where not all do
 */
export const auditRefusals = (action: AuditAction, resourceType: AuditResource, statuses = REFUSALS) => ({
  config: { audited: { action, resourceType, statuses } },
});

type Subject = Pick<Refusal, 'resourceId' | 'resourceTarget' | 'organizationId'>;

/** What an attempt was about; undefined while the path has not led to anything that the caller may see. */
function subjectOf({ target, member, organization }: FastifyRequest, type: AuditResource): Subject | undefined {
  switch (type) {
    case 'notifications_settings':
      return { resourceId: SETTINGS_ID, resourceTarget: '' };
    case 'idp_sync_settings_organization':
      return { resourceId: SYNC_SETTINGS_ID, resourceTarget: SYNC_SETTINGS_TARGETS[type] };
    case 'idp_sync_settings_group':
    case 'idp_sync_settings_role':
      return (
        organization && {
          resourceId: SYNC_SETTINGS_ID,
          resourceTarget: SYNC_SETTINGS_TARGETS[type],
          organizationId: organization.id,
        }
      );
    case 'organization':
      return (
        organization && {
          resourceId: organization.id,
          resourceTarget: organization.name,
          organizationId: organization.id,
        }
      );
    case 'organization_member':
      return (
        member && {
          resourceId: member.userId,
          resourceTarget: member.username,
          organizationId: member.organizationId,
        }
      );
    default:
      return target && { resourceId: target.id, resourceTarget: target.username };
  }
}

/** Installs the hook. It runs behind the answer, which neither waits for the log nor fails with it. */
export function useRefusals(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, { statusCode: status }) => {
    const { config, method, url } = request.routeOptions;
    const { audited } = config;
    if (!audited?.statuses.includes(status) || !request.actor) return;
    const { action, resourceType } = audited;
    const subject = subjectOf(request, resourceType);
    if (subject) {
      const operation = `${String(method)} ${url}`;
      app.deps.refusals.note(ctxOf(request), { action, resourceType, status, operation, ...subject });
    }
  });
}
