// The e-mail address of an account: an operation that only this server has.
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { Response } from '../codersdk/common.ts';
import { UpdateUserEmailRequest, User } from '../codersdk/users.ts';
import { auditRefusals } from '../hooks/refusals.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { EXTENSION } from '../http/extensions.ts';
import { presentUser } from '../present/users.ts';
import { updateEmail } from '../services/email.ts';

/** Routes of `/users/{user}/email`. */
export async function userEmailRoutes(app: FastifyInstance): Promise<void> {
  app.put<{ Body: z.output<typeof UpdateUserEmailRequest> }>(
    '/email',
    {
      // The body holds a password that could be guessed.
      onRequest: app.limits.password,
      ...auditRefusals('write', 'user'),
      schema: {
        ...EXTENSION,
        operationId: 'update-user-email',
        summary: 'Update user email',
        tags: ['Users'],
        body: UpdateUserEmailRequest,
        response: { 200: User, 202: Response },
      },
    },
    async (request, reply) => {
      const outcome = await updateEmail(actorCtxOf(request), targetOf(request), request.body);
      if ('user' in outcome) return presentUser(outcome.user);
      return reply.code(202).send({
        message: `A link was mailed to ${outcome.mailedTo}. The address changes when it is opened.`,
      });
    },
  );
}
