// The audit log: pages of it, and all of it as a file.
import type { FastifyInstance } from 'fastify';
import { AuditExport, AuditExportQuery, AuditLogQuery, AuditLogResponse } from '../codersdk/audit.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { sendFile } from '../http/download.ts';
import { EXTENSION } from '../http/extensions.ts';
import { queryTerms } from '../http/query.ts';
import { auditFile, presentAuditLogs } from '../present/audit.ts';
import { exportAuditLogs, listAuditLogs } from '../services/list-audit.ts';

/** Routes of `/audit`. */
export async function auditRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/',
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

  app.get(
    '/export',
    {
      schema: {
        ...EXTENSION,
        operationId: 'export-audit-logs',
        summary: 'Export audit logs as a file',
        tags: ['Audit'],
        querystring: AuditExportQuery,
        response: { 200: AuditExport },
      },
    },
    async (request, reply) => {
      const { format, pages } = await exportAuditLogs(actorCtxOf(request), queryTerms(request));
      const { parts, ...file } = auditFile(format, pages);
      return sendFile(reply, file, parts);
    },
  );
}
