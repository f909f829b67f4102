// The audit log.
import type { FastifyInstance } from 'fastify';
import { AuditLogQuery, AuditLogResponse } from '../codersdk/audit.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { queryTerms } from '../http/query.ts';
import { presentAuditLogs } from '../present/audit.ts';
import { listAuditLogs } from '../services/list-audit.ts';

/** Route `/audit`. */
export async function auditRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/audit',
    {
      schema: {
        operationId: 'get-audit-logs',
        summary: 'Get audit logs',
        tags: ['Audit'],
        querystring: AuditLogQuery,
        response: { 200: AuditLogResponse },
      },
    },
    async (request) => presentAuditLogs(await listAuditLogs(actorCtxOf(request), queryTerms(request))),
  );
}
