// A read-only address with one answer, as many of the lists are that clients ask for.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';

interface Card {
  operationId: string;
  summary: string;
  tag: string;
  response: z.ZodType;
  querystring?: z.ZodType;
}

/** Registers `GET path`, with and without a slash at its end. */
export async function listRoute(
  app: FastifyInstance,
  path: string,
  { operationId, summary, tag, response, querystring }: Card,
  answer: (request: FastifyRequest) => unknown,
): Promise<void> {
  const schema = {
    operationId,
    summary,
    tags: [tag],
    ...(querystring && { querystring }),
    response: { 200: response },
  };
  await app.register(async (group) => void group.get('/', { schema }, async (request) => answer(request)), {
    prefix: path,
  });
}
