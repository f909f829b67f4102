// Questions to the permission engine.
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { AuthorizationRequest, AuthorizationResponse } from '../codersdk/authcheck.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { authcheck } from '../services/authcheck.ts';

/** Route of `/authcheck`. */
export async function authcheckRoutes(app: FastifyInstance): Promise<void> {
  app.post<{ Body: z.output<typeof AuthorizationRequest> }>(
    '/authcheck',
    {
      schema: {
        operationId: 'check-authorization',
        summary: 'Check authorization',
        tags: ['Authorization'],
        body: AuthorizationRequest,
        response: { 200: AuthorizationResponse },
      },
    },
    async (request) => authcheck(actorCtxOf(request), request.body),
  );
}
