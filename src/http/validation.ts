// Request bodies and queries: any content type, read by codersdk/wire.ts, faults as 400 in the documented shape.
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { decodeBody } from '../codersdk/wire.ts';
import { ApiError, badRequest, invalid } from '../errors.ts';

const MAX_BODY_BYTES = 4 * 1024 * 1024;

const badJson = (detail: string) => badRequest('Request body must be valid JSON.', { detail });

/**
 * The typed body of a request.
 * @throws ApiError 400 `Request body must be valid JSON.` or `Validation failed.` (golden: users-create-validation)
 */
export function readBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const decoded = decodeBody(schema, typeof body === 'string' ? body : '');
  if ('value' in decoded) return decoded.value;
  if ('syntax' in decoded) throw badJson(decoded.syntax);
  throw invalid(
    ...decoded.problems.map(({ field, tag, value }) => ({
      field,
      detail: `Validation failed for tag "${tag}" with value: "${value}"`,
    })),
  );
}

const compile: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    // Path and query schemas only document: their values are text, and each operation has its own words for bad ones.
    if (httpPart !== 'body') return { value: data };
    try {
      return { value: readBody(schema, data) };
    } catch (err) {
      if (err instanceof ApiError) return { error: err };
      throw err;
    }
  };

/** Makes an app read bodies as text whatever their content type, and validate them with zod. */
export function useBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) => {
    done(null, body);
  });
  app.setValidatorCompiler(compile);
  app.addHook('onRequest', (request, _reply, done) => {
    // The content type means nothing here, and a malformed one must not be refused.
    if (request.raw.headers['content-type'] !== undefined) request.raw.headers['content-type'] = 'text/plain';
    done();
  });
}
