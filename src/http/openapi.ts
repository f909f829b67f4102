// The contract document: OpenAPI 3.1 from the registered routes and their zod schemas, made when somebody asks for it.
import { STATUS_CODES } from 'node:http';
import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import { z } from 'zod';
import { Response } from '../codersdk/common.ts';
import { MAX_BODY_BYTES, MAX_PATH_PARAMETER, MAX_QUERY_PARAMETER, MAX_QUERY_VALUES } from '../codersdk/sizes.ts';
import { MAX_DEPTH, MAX_VALUES } from '../golang/json.ts';
import { programVersion } from '../package-root.ts';
import { type JsonSchema, SchemaSet } from './json-schema.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation needs a session. */
    session?: boolean;
  }
}

export interface ApiParameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}
type Content = Record<string, { schema: JsonSchema }>;
export interface ApiOperation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters?: ApiParameter[] | undefined;
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
  'x-coder-users-extension'?: boolean;
  /** A larger body is 413. */
  'x-max-body-bytes'?: number;
}
export interface ApiDocument {
  openapi: string;
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, ApiOperation>>;
  components: { schemas: Record<string, JsonSchema>; securitySchemes: Record<string, unknown> };
}

const SCHEME = 'CoderSessionToken';
const API_ROOT = '/api/v2/';

/** Path parameters in the words of the documentation. */
const PATH_PARAMETERS: Record<string, string> = {
  user: 'User ID, name, or me',
  keyid: 'Key ID',
  keyname: 'Key Name',
  name: 'Name',
  organization: 'Organization ID',
  organizationname: 'Organization name',
};

const pathParameters = (url: string): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(
    [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => [
      name,
      {
        type: 'string',
        maxLength: MAX_PATH_PARAMETER,
        ...(PATH_PARAMETERS[name] && { description: PATH_PARAMETERS[name] }),
      },
    ]),
  ),
});

const answersOf = (schema: FastifySchema) => (schema.response ?? {}) as Record<string, unknown>;

/** Statuses of refusals that an operation may answer beside those that it lists itself. */
function refusals(route: RouteOptions, session: boolean): number[] {
  const { url, schema = {} } = route;
  const statuses = schema.body !== undefined || schema.querystring !== undefined ? [400] : [];
  if (schema.body !== undefined) statuses.push(413);
  if (session) statuses.push(401, 403);
  if (url.includes(':')) statuses.push(404);
  if (
    session &&
    schema.body !== undefined &&
    route.method !== 'DELETE' &&
    (url.includes(':') || answersOf(schema)[201])
  )
    statuses.push(409);
  if (url.startsWith(API_ROOT)) statuses.push(429);
  return statuses;
}

/** The route's schemas as JSON Schema, in the form that the plugin reads. */
function describe(schemas: SchemaSet, route: RouteOptions): FastifySchema & Record<string, unknown> {
  const { body, querystring, params, response: _, ...schema } = route.schema ?? {};
  const session = route.config?.session === true;
  const asJson = (part: unknown, io: 'input' | 'output') =>
    part instanceof z.ZodType ? schemas.convert(part, io) : undefined;
  const responses: Record<string, JsonSchema> = {};
  const errors = refusals(route, session).map((status) => [String(status), Response] as const);
  for (const [status, part] of [...errors, ...Object.entries(answersOf(route.schema ?? {}))]) {
    responses[status] = {
      ...(asJson(part, 'output') ?? { type: 'null' }),
      'x-response-description': STATUS_CODES[status] ?? status,
    };
  }
  return {
    ...schema,
    security: session ? [{ [SCHEME]: [] }] : [],
    ...(body !== undefined && {
      body: asJson(body, 'input'),
      'x-max-body-bytes': route.bodyLimit ?? MAX_BODY_BYTES,
    }),
    ...(querystring !== undefined && { querystring: asJson(querystring, 'input') }),
    ...(route.url.includes(':') && { params: asJson(params, 'input') ?? pathParameters(route.url) }),
    response: responses,
  };
}

const sorted = <T>(entries: Iterable<[string, T]>): Record<string, T> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Orders parameters as the documentation does, and says what each status means. */
function finish(operation: ApiOperation): void {
  operation.parameters = operation.parameters
    ?.sort((a, b) => Number(b.in === 'path') - Number(a.in === 'path'))
    .map(({ name, in: place, required = false, description, schema }) => ({
      name,
      in: place,
      required,
      ...(description && { description }),
      schema,
    }));
  for (const [status, response] of Object.entries(operation.responses))
    response.description = STATUS_CODES[status] ?? status;
}

/** Makes an app describe the routes that are registered from now on; nothing is computed before `apiDocument`. */
export async function useOpenapi(app: FastifyInstance): Promise<void> {
  const schemas = new SchemaSet();
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: {
        title: 'Coder users API',
        version: programVersion(),
        description:
          'Accounts, sessions, tokens, roles and organizations. What this server adds to the documented API is marked x-coder-users-extension.\n\n' +
          `Lengths of texts are bytes of UTF-8. A body has at most x-max-body-bytes (413), ${MAX_VALUES} values and ${MAX_DEPTH} levels; a query has at most ${MAX_QUERY_VALUES} parameters of ${MAX_QUERY_PARAMETER} bytes.\n\n` +
          'Bounds in answers tell how large what this server writes can get. They are no promise about what was moved in from another deployment, which is answered whole.',
      },
      components: { securitySchemes: { [SCHEME]: { type: 'apiKey', in: 'header', name: 'Coder-Session-Token' } } },
    },
    transform: ({ schema, url, route }) => {
      const hidden = schema?.hide === true || schema?.operationId === undefined;
      // The root of a group answers with and without a slash at its end, which is one operation.
      const path = url === API_ROOT ? url : url.replace(/\/$/, '');
      return { url: path, schema: hidden ? { hide: true } : describe(schemas, route) };
    },
    transformObject: (made) => {
      if (!('openapiObject' in made)) return made.swaggerObject;
      const document = made.openapiObject as unknown as ApiDocument;
      for (const operation of Object.values(document.paths).flatMap(Object.values<ApiOperation>)) finish(operation);
      document.paths = sorted(Object.entries(document.paths));
      document.components.schemas = sorted(schemas.components);
      return made.openapiObject;
    },
  });
}

/** The document of a ready app; made once. */
export function apiDocument(app: FastifyInstance): ApiDocument {
  return app.swagger() as unknown as ApiDocument;
}

/** The document as the text that openapi/openapi.json holds: the same routes give the same bytes. */
export function apiDocumentText(app: FastifyInstance): string {
  return `${JSON.stringify(apiDocument(app), null, 2)}\n`;
}
