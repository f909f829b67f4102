// What requests bring, bounded before it costs anything: bodies of any content type, read by codersdk/decode.ts, and queries.
// Faults are 400 in the documented shape.
import type { FastifyInstance, FastifyRequest, FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { decodeBody } from '../codersdk/decode.ts';
import { MAX_BODY_BYTES, MAX_QUERY_PARAMETER, MAX_QUERY_VALUES } from '../codersdk/sizes.ts';
import { ApiError, badRequest, invalid } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { cutTo, fitsInto } from '../golang/text.ts';
import { queryTerms } from './query.ts';

const SHOWN_BYTES = 64;

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

/** What is too large about the query of a request; undefined when nothing is. */
function oversizedQuery(request: FastifyRequest): ApiError | undefined {
  const refuse = (field: string, what: string) => {
    const name = cutTo(field, SHOWN_BYTES);
    const detail = `Query param ${quoted(name)} ${what}`;
    return badRequest('Query parameters have invalid values.', { validations: [{ field: name, detail }] });
  };
  let count = 0;
  for (const [name, values] of queryTerms(request)) {
    count += values.length;
    if (count > MAX_QUERY_VALUES) return refuse(name, `is one of more than ${MAX_QUERY_VALUES}`);
    if (!fitsInto(name, MAX_QUERY_PARAMETER) || !values.every((value) => fitsInto(value, MAX_QUERY_PARAMETER)))
      return refuse(name, `must be at most ${MAX_QUERY_PARAMETER} bytes long`);
  }
  return undefined;
}

/** Makes an app read bodies as text whatever their content type, validate them with zod, and refuse what is too large. */
export function useInput(app: FastifyInstance): void {
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
  // After who may call and on what, like everything that is wrong with a request.
  app.addHook('preValidation', (request, _reply, done) => done(oversizedQuery(request)));
}
