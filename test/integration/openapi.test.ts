// The contract document: fresh, sound, true about sessions, and equal to the documented operations.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ApiDocument, type ApiOperation, apiDocument, apiDocumentText } from '../../src/http/openapi.ts';
import { startApp, type TestApp } from '../support/app.ts';

interface Documented {
  summary: string;
  method: string;
  path: string;
  parameters: { name: string; in: string; type: string; required: boolean; format?: string }[];
  body?: { schema: string; required: boolean; fields: string[] };
  /** Status to schema: a name, `array of` a name, or null. */
  responses: Record<string, string | null>;
  answerFields?: string[];
  answerRequired?: string[];
}

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const documented = JSON.parse(read('../golden/operations.json')) as Documented[];
const nameOf = ({ method, path }: { method: string; path: string }) => `${method.toUpperCase()} ${path}`;

/** Documented as a user, answered with `roles` and `organization_roles` by every recorded server. */
const ROLES = 'GET /api/v2/users/{user}/roles';
/** Types that are documented by the name of the type that they extend. */
const EXTENDED: Record<string, string> = { 'codersdk.APIKeyWithOwner': 'codersdk.APIKey' };
/** Statuses that the documentation lists and this server never answers. */
const NEVER = new Set(['500']);

let t: TestApp;
let document: ApiDocument;
let operations: Map<string, { method: string; path: string; operation: ApiOperation }>;

beforeAll(async () => {
  t = await startApp();
  document = apiDocument(t.app);
  operations = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [nameOf({ method, path }), { method, path, operation }]),
    ),
  );
});

type Schema = Record<string, unknown>;

const jsonOf = (part: { content?: Record<string, { schema: Schema }> } | undefined) =>
  part?.content?.['application/json']?.schema;
const componentOf = (schema: Schema | undefined) => String(schema?.$ref ?? '').replace('#/components/schemas/', '');
/** A schema without the null that empty lists of some operations are written as. */
const present = (schema: Schema | undefined) =>
  ((schema?.anyOf ?? []) as Schema[]).find(({ type }) => type !== 'null') ?? schema;
/** A schema in the words of the documentation. */
function wordsOf(whole: Schema | undefined): string | null {
  const schema = present(whole);
  if (schema === undefined) return null;
  const name = componentOf(schema.type === 'array' ? (schema.items as Schema) : schema);
  return `${schema.type === 'array' ? 'array of ' : ''}${EXTENDED[name] ?? name}`;
}
/** The object that a schema means, behind references and lists. */
function objectOf(whole: Schema | undefined): { properties: Record<string, Schema>; required: string[] } {
  const schema = present(whole);
  const item = schema?.type === 'array' ? (schema.items as Schema) : schema;
  const { properties = {}, required = [] } =
    (item?.$ref === undefined ? item : document.components.schemas[componentOf(item)]) ?? {};
  return { properties: properties as Record<string, Schema>, required: required as string[] };
}

describe('the contract document', () => {
  it('is what openapi/openapi.json holds: run `npm run openapi` after every change to a route or a wire type', () => {
    expect(
      read('../../openapi/openapi.json') === apiDocumentText(t.app),
      'openapi/openapi.json is stale: run npm run openapi',
    ).toBe(true);
  });

  it('refers only to schemas that it holds, and holds none that nothing refers to', () => {
    const referred = new Set(
      [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name),
    );
    expect([...referred].sort()).toEqual(Object.keys(document.components.schemas));
    expect(JSON.stringify(document)).not.toMatch(/\$defs|Input"/);
  });

  it('describes each operation once, with summary, tag, answers and the parameters of its path', () => {
    const ids = [...operations.values()].map(({ operation }) => operation.operationId);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    for (const [name, { path, operation }] of operations) {
      expect(operation.summary, name).toBeTruthy();
      expect(operation.tags, name).toHaveLength(1);
      expect(
        Object.keys(operation.responses).some((status) => status < '400'),
        name,
      ).toBe(true);
      const inPath = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => parameter.name);
      expect(inPath, name).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter));
      expect(
        (operation.parameters ?? []).every((parameter) => parameter.in !== 'path' || parameter.required),
        name,
      ).toBe(true);
    }
  });

  it('writes every schema in the words of JSON Schema', () => {
    const types = new Set(['string', 'integer', 'number', 'boolean', 'object', 'array', 'null']);
    const wrong: string[] = [];
    function check(schema: Schema, place: string): void {
      const { type, required, properties, default: filling } = schema;
      if (type !== undefined && ![type].flat().every((word) => types.has(String(word))))
        wrong.push(`${place}: type ${type}`);
      if (required !== undefined && !Array.isArray(required)) wrong.push(`${place}: required is no list`);
      if (filling !== undefined) wrong.push(`${place}: default`);
      for (const [name, inner] of Object.entries((properties ?? {}) as Record<string, Schema>))
        check(inner, `${place}.${name}`);
      for (const inner of [schema.items, schema.additionalProperties, ...((schema.anyOf ?? []) as unknown[])]) {
        if (typeof inner === 'object') check(inner as Schema, place);
      }
      for (const name of (Array.isArray(required) ? required : []) as string[]) {
        if (!(name in ((properties ?? {}) as object))) wrong.push(`${place}: required field ${name} does not exist`);
      }
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) check(schema, name);
    expect(wrong).toEqual([]);
  });

  it('lists what a rule demands as required, never what is filled in, and 64-bit numbers as such', () => {
    const { schemas } = document.components;
    expect(schemas['codersdk.UpdateUserPasswordRequest']?.required).toEqual(['password']);
    expect(schemas['codersdk.CreateFirstUserRequest']?.required).toEqual(['email', 'username', 'password']);
    expect(schemas['codersdk.CreateTokenRequest']).not.toHaveProperty('required');
    expect(objectOf(schemas['codersdk.CreateTokenRequest']).properties.lifetime).toEqual({
      type: 'integer',
      format: 'int64',
    });
  });

  it('asks for a session exactly where the server answers 401 without one', async () => {
    const wrong: string[] = [];
    for (const [name, { method, path, operation }] of operations) {
      const url = path
        .replace('{user}', 'owner')
        .replace('{organization}', t.organizationId)
        .replace(/\{\w+\}/g, 'unknown');
      // Without a body: nothing is changed where everybody may call.
      const { status } = await t.anonymous.send(method.toUpperCase() as 'GET', url, method === 'get' ? undefined : '');
      if ((status === 401) !== operation.security.length > 0) wrong.push(`${name}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  it('holds all 35 documented operations', () => {
    expect(documented).toHaveLength(35);
    expect(documented.map(nameOf).filter((name) => !operations.has(name))).toEqual([]);
  });
});

describe.each(documented)('$method $path', (known) => {
  const name = nameOf(known);
  const operation = () => operations.get(name)?.operation as ApiOperation;

  it('has the documented summary, operation id and parameters', () => {
    const { summary, operationId, parameters = [] } = operation();
    expect(summary).toBe(known.summary);
    expect(operationId).toBe(known.summary.toLowerCase().replaceAll('.', '').replaceAll(' ', '-'));
    const ours = parameters.map(({ name, in: place, required, schema }) => ({
      name,
      in: place,
      type: schema.type,
      required,
      ...(schema.format !== undefined && { format: schema.format }),
    }));
    const isKnown = ({ name }: { name: string }) => known.parameters.some((parameter) => parameter.name === name);
    expect(ours.filter(isKnown)).toEqual(known.parameters);
    expect(ours.filter((parameter) => !isKnown(parameter) && (parameter.in !== 'query' || parameter.required))).toEqual(
      [],
    );
  });

  it('takes the documented body', () => {
    const { requestBody } = operation();
    expect(
      requestBody === undefined ? undefined : { schema: wordsOf(jsonOf(requestBody)), required: requestBody.required },
    ).toEqual(known.body && { schema: known.body.schema, required: known.body.required });
    expect(known.body?.fields.filter((field) => !(field in objectOf(jsonOf(requestBody)).properties)) ?? []).toEqual(
      [],
    );
  });

  it('answers the documented statuses with the documented schemas and required fields', () => {
    const { responses } = operation();
    for (const [status, schema] of Object.entries(known.responses)) {
      if (NEVER.has(status)) continue;
      expect(Object.keys(responses)).toContain(status);
      const answer = jsonOf(responses[status]);
      if (schema !== null && name !== ROLES) expect(wordsOf(answer)).toBe(schema);
      if (status >= '300' || name === ROLES) continue;
      const { properties, required } = objectOf(answer);
      expect(known.answerFields?.filter((field) => !(field in properties)) ?? []).toEqual([]);
      if (known.answerRequired) expect([...required].sort()).toEqual(known.answerRequired);
    }
  });
});

describe('GET /swagger', () => {
  it('shows every operation and schema to anybody, without script and without anything from elsewhere', async () => {
    const { status, text, headers } = await t.anonymous.get('/swagger');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text.match(/<script|(src|href)="(https?:)?\/\/|\son\w+=|style=/g)).toBeNull();
    const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const { operation } of operations.values()) expect(ids).toContain(operation.operationId);
    for (const name of Object.keys(document.components.schemas)) expect(ids).toContain(`schema-${name}`);
    expect([...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id).filter((id) => !ids.has(id))).toEqual([]);
  });

  it('answers with and without a slash at the end', async () => {
    expect((await t.anonymous.get('/swagger/')).status).toBe(200);
  });

  it('serves the document itself', async () => {
    const { status, text, headers } = await t.anonymous.get('/swagger/openapi.json');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(text).toBe(apiDocumentText(t.app));
  });
});
