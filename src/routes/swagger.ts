// The contract document and a page to browse it. Both are made at the first request for them.
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors.ts';
import type { Html } from '../html.ts';
import { sendHtml } from '../http/html-answer.ts';
import { apiDocument, apiDocumentText } from '../http/openapi.ts';
import { swaggerPage } from '../pages/swagger-page.ts';

/** Routes of `/swagger`. */
export async function swaggerRoutes(app: FastifyInstance): Promise<void> {
  const { config } = app.deps;
  let page: Html | undefined;
  let text: string | undefined;
  const hidden = {
    schema: { hide: true },
    onRequest: async () => {
      if (!config.deployment.swagger) throw new ApiError(404, 'Swagger documentation is disabled.');
    },
  };

  app.get('/', hidden, async (_request, reply) => {
    page ??= swaggerPage(apiDocument(app));
    return sendHtml(reply, config, page);
  });

  app.get('/openapi.json', hidden, async (_request, reply) => {
    text ??= apiDocumentText(app);
    return reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache').send(text);
  });
}
