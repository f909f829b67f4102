// Every place of a request or an answer that the contract document describes, and for requests a value far past its bound.
import type { ApiDocument, ApiOperation } from '../../src/http/openapi.ts';
import type { Method } from './client.ts';

export type Schema = Record<string, unknown>;

/** A text, list, map or number that a client may send. */
export interface Place {
  method: Method;
  path: string;
  in: 'path' | 'query' | 'body';
  /** Names from the outside in; `[]` for an item of a list, `{}` for a value and `{name}` for a name of a map. */
  trail: string[];
  schema: Schema;
}

export const nameOf = ({ method, path, in: where, trail }: Place) => `${method} ${path} ${where} ${trail.join('.')}`;

/** A schema behind references, and behind the choice between it and null. */
export function resolved(document: ApiDocument, schema: Schema): Schema {
  const ref = schema.$ref;
  if (typeof ref === 'string')
    return resolved(document, document.components.schemas[ref.replace('#/components/schemas/', '')] ?? {});
  const choices = (schema.anyOf ?? schema.allOf) as Schema[] | undefined;
  const choice = choices?.find(({ type }) => type !== 'null');
  return choice ? resolved(document, choice) : schema;
}

/** The places inside a schema, itself included. */
function inside(document: ApiDocument, whole: Schema, trail: string[]): Pick<Place, 'trail' | 'schema'>[] {
  const schema = resolved(document, whole);
  const items = schema.items as Schema | undefined;
  const values = schema.additionalProperties as Schema | undefined;
  const names = schema.propertyNames as Schema | undefined;
  return [
    ...(trail.length > 0 && schema.properties === undefined ? [{ trail, schema }] : []),
    ...Object.entries((schema.properties ?? {}) as Record<string, Schema>).flatMap(([name, inner]) =>
      inside(document, inner, [...trail, name]),
    ),
    ...(items ? inside(document, items, [...trail, '[]']) : []),
    ...(values ? inside(document, values, [...trail, '{}']) : []),
    ...(values ? inside(document, names ?? { type: 'string' }, [...trail, '{name}']) : []),
  ];
}

/** The operations of the document with their methods and paths. */
export function operationsOf(document: ApiDocument): { method: Method; path: string; operation: ApiOperation }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase() as Method,
      path,
      operation,
    })),
  );
}

/** Every place of every request. */
export function placesOf(document: ApiDocument): Place[] {
  return operationsOf(document).flatMap(({ method, path, operation }) => {
    const body = operation.requestBody?.content['application/json']?.schema;
    return [
      ...(operation.parameters ?? []).map((parameter) => {
        const { name, schema } = parameter;
        return {
          method,
          path,
          in: parameter.in as 'path' | 'query',
          trail: [name],
          schema: resolved(document, schema),
        };
      }),
      ...(body ? inside(document, body, []).map((place) => ({ method, path, in: 'body' as const, ...place })) : []),
    ];
  });
}

/** What is missing for a place to have a size; undefined when it has one. */
export function unbounded({ schema }: Pick<Place, 'schema'>): string | undefined {
  if (schema.enum !== undefined || schema.const !== undefined) return undefined;
  // As large as the body that it is in.
  if (schema['x-any-json'] === true) return undefined;
  const lacks = (name: string) => (typeof schema[name] === 'number' ? undefined : `no ${name}`);
  switch (schema.type) {
    case 'boolean':
      return undefined;
    case 'string':
      return lacks('maxLength');
    case 'array':
      return lacks('maxItems');
    case 'object':
      return lacks('maxProperties');
    case 'integer':
      return schema.format === 'int64' ? undefined : (lacks('minimum') ?? lacks('maximum'));
    default:
      return `of type ${String(schema.type)}`;
  }
}

/** The choices that a schema is one of, references and null among them; itself where it is none. */
const choicesOf = (schema: Schema): Schema[] => (schema.anyOf ?? schema.allOf ?? [schema]) as Schema[];

const nameOfType = (ref: unknown) => String(ref).replace('#/components/schemas/', '');

/** Every text, list, map and whole number of every answer by its name: those of a named type once, as `Type.field`. */
export function answerPlacesOf(document: ApiDocument): Map<string, Schema> {
  const places = new Map<string, Schema>();
  const known = new Set<string>();
  function walk(schema: Schema, name: string): void {
    const type = schema.$ref === undefined ? undefined : nameOfType(schema.$ref);
    if (type !== undefined) {
      if (!known.has(type)) {
        known.add(type);
        walk(document.components.schemas[type] ?? {}, type);
      }
      return;
    }
    const choices = choicesOf(schema);
    if (choices[0] !== schema) {
      for (const choice of choices) walk(choice, name);
      return;
    }
    const { properties, items, additionalProperties: values, propertyNames: names = { type: 'string' } } = schema;
    if (properties === undefined && schema.type !== 'null' && schema.type !== 'number') places.set(name, schema);
    for (const [field, inner] of Object.entries((properties ?? {}) as Record<string, Schema>))
      walk(inner, `${name}.${field}`);
    // What is in something that is always empty has no size.
    if (items && schema.maxItems !== 0) walk(items as Schema, `${name}.[]`);
    if (values && schema.maxProperties !== 0) {
      walk(values as Schema, `${name}.{}`);
      walk(names as Schema, `${name}.{name}`);
    }
  }
  for (const { method, path, operation } of operationsOf(document))
    for (const [status, { content = {} }] of Object.entries(operation.responses))
      for (const { schema } of Object.values(content)) walk(schema, `${method} ${path} ${status}`);
  return places;
}

/** Where a value is larger than the schema of its answer says. */
export function tooLargeFor(document: ApiDocument, whole: Schema, value: unknown, name: string): string[] {
  const schema = resolved(document, whole);
  const within = (size: number, least: unknown, most: unknown) =>
    size >= Number(least ?? -Infinity) && size <= Number(most ?? Infinity) ? [] : [`${name}: ${size}`];
  if (typeof value === 'string') return within(Buffer.byteLength(value), 0, schema.maxLength);
  if (typeof value === 'number') return within(value, schema.minimum, schema.maximum);
  if (typeof value !== 'object' || value === null) return [];
  const inner = (item: unknown, of: unknown, key: string) =>
    tooLargeFor(document, (of ?? {}) as Schema, item, `${name}.${key}`);
  if (Array.isArray(value))
    return [...within(value.length, 0, schema.maxItems), ...value.flatMap((item) => inner(item, schema.items, '[]'))];
  const fields = (schema.properties ?? {}) as Record<string, Schema>;
  return [
    ...within(Object.keys(value).length, 0, schema.maxProperties),
    ...Object.entries(value).flatMap(([key, item]) => [
      ...(key in fields ? [] : inner(key, schema.propertyNames, '{name}')),
      ...inner(item, fields[key] ?? schema.additionalProperties, key),
    ]),
  ];
}

const BEYOND_INT64 = '9'.repeat(1000);

/** JSON text of the smallest value of a schema. */
function smallest(document: ApiDocument, whole: Schema): string {
  const { type, format } = resolved(document, whole);
  if (type === 'string') return format === 'uuid' ? '"00000000-0000-0000-0000-000000000000"' : '"x"';
  return { boolean: 'false', integer: '1', array: '[]' }[String(type)] ?? '{}';
}

/** JSON text of a value far past the bound of a place; undefined for a yes or no, which has none. */
function tooLarge(document: ApiDocument, schema: Schema): string | undefined {
  const beyond = (bound: unknown) => Number(bound) + 1;
  switch (schema.type) {
    case 'string':
      return JSON.stringify('x'.repeat(2 * beyond(schema.maxLength ?? 200)));
    case 'integer':
      return BEYOND_INT64;
    case 'array': {
      const item = smallest(document, schema.items as Schema);
      return `[${Array(beyond(schema.maxItems)).fill(item).join(',')}]`;
    }
    case 'object': {
      const value = smallest(document, schema.additionalProperties as Schema);
      return `{${Array.from({ length: beyond(schema.maxProperties) }, (_, i) => `"k${i}":${value}`).join(',')}}`;
    }
    default:
      return undefined;
  }
}

/** A value wrapped into the lists, maps and objects around it. */
function wrapped(trail: string[], value: string): string {
  return trail.reduceRight((inner, name) => {
    if (name === '[]') return `[${inner}]`;
    if (name === '{}') return `{"k":${inner}}`;
    if (name === '{name}') return `{${inner}:{}}`;
    return `{${JSON.stringify(name)}:${inner}}`;
  }, value);
}

/** A request that is too large in one place; undefined when the place has no sizes. */
export function oversized(
  document: ApiDocument,
  place: Place,
  fill: (parameter: string) => string,
): { path: string; body?: string } | undefined {
  const value = tooLarge(document, place.schema);
  if (value === undefined) return undefined;
  const [name = ''] = place.trail;
  const text = value.replaceAll('"', '');
  const path = place.path.replace(/\{(\w+)\}/g, (_, parameter: string) =>
    place.in === 'path' && parameter === name ? text : fill(parameter),
  );
  if (place.in === 'body') return { path, body: wrapped(place.trail, value) };
  return { path: place.in === 'query' ? `${path}?${name}=${text}` : path };
}
