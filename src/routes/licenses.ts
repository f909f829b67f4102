// Licences: an empty list, and no way to add one.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Empty } from '../codersdk/common.ts';
import { AddLicenseRequest, License } from '../codersdk/licenses.ts';
import { list } from '../codersdk/wire.ts';
import { actorCtxOf } from '../hooks/session.ts';
import * as licenses from '../services/licenses.ts';

const may = (action: 'create' | 'delete') => async (request: FastifyRequest) =>
  licenses.requireMayChangeLicenses(actorCtxOf(request), action);

/** Routes of `/licenses`. */
export async function licenseRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/',
    {
      schema: {
        operationId: 'get-licenses',
        summary: 'Get licenses',
        tags: ['Enterprise'],
        response: { 200: list(License, 0) },
      },
    },
    async () => [],
  );
  app.post(
    '/',
    {
      onRequest: may('create'),
      schema: {
        operationId: 'add-new-license',
        summary: 'Add new license',
        tags: ['Enterprise'],
        body: AddLicenseRequest,
        response: { 201: License },
      },
    },
    async () => licenses.addLicense(),
  );
  app.delete(
    '/:id',
    {
      onRequest: may('delete'),
      schema: {
        operationId: 'delete-license',
        summary: 'Delete license',
        tags: ['Enterprise'],
        response: { 200: Empty },
      },
    },
    async () => licenses.deleteLicense(),
  );
}
