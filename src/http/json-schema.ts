// Turns the zod schemas of the wire types into JSON Schema, named ones as components of the contract document.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

const LOCAL = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

/** Where JSON Schema keeps further schemas: one, a list, or a map by name. */
const NESTED = new Set([
  'items',
  'additionalProperties',
  'propertyNames',
  'anyOf',
  'oneOf',
  'allOf',
  'not',
  'prefixItems',
]);
const NESTED_BY_NAME = new Set(['properties', '$defs', 'patternProperties']);
const isBound = (key: string) => key === 'minimum' || key === 'maximum';
/** Whether the bounds of a number are those of every JavaScript integer. */
const isAnyInteger = ({ minimum, maximum }: JsonSchema) =>
  minimum === Number.MIN_SAFE_INTEGER && maximum === Number.MAX_SAFE_INTEGER;
/** What no client needs: fillings, rules of the decoder. */
const DROPPED = new Set(['$schema', '$id', 'id', 'default', 'textRules', 'ownSize']);

/** Whether a field is documented as required: its own mark counts or that of the type inside, never a default of ours. */
function isRequired(schema: z.ZodType): boolean {
  if (z.globalRegistry.get(schema)?.required === true) return true;
  const inner = (schema as { def: { innerType?: z.ZodType } }).def.innerType;
  return inner !== undefined && isRequired(inner);
}

/** The names of an object's required fields, as JSON Schema has them: absent when there are none. */
function requiredOf(schema: z.ZodObject): { required?: string[] } {
  const required = Object.keys(schema.shape).filter((name) => isRequired(schema.shape[name] as z.ZodType));
  return required.length > 0 ? { required } : {};
}

/** The same schema with references into the components and without noise. */
function tidy(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(tidy);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { anyOf, ...rest } = schema as JsonSchema;
  // A choice of one: how a named type carries a mark of its field.
  if (Array.isArray(anyOf) && anyOf.length === 1) return tidy({ ...rest, ...anyOf[0] });
  const result: JsonSchema = {};
  for (const [key, value] of Object.entries(schema)) {
    // A mark on a field; the list of its object says the same.
    if (
      DROPPED.has(key) ||
      (key === 'propertyNames' && !('maxLength' in (value as JsonSchema))) ||
      (key === 'required' && value === true) ||
      (isBound(key) && isAnyInteger(schema as JsonSchema))
    )
      continue;
    if (NESTED_BY_NAME.has(key)) {
      result[key] = Object.fromEntries(Object.entries(value as JsonSchema).map(([name, inner]) => [name, tidy(inner)]));
    } else if (NESTED.has(key)) result[key] = tidy(value);
    else if (key === '$ref' && typeof value === 'string') result[key] = value.replace(LOCAL, COMPONENTS);
    else result[key] = value;
  }
  return result;
}

/** Collects the named schemas that the converted ones mention. */
export class SchemaSet {
  readonly components = new Map<string, JsonSchema>();

  /**
   * The JSON Schema of one zod schema; undefined for "no body at all".
   * @param io `input` for what clients send, `output` for answers
   * @throws Error when two different schemas carry the same name
   */
  convert(schema: z.ZodType, io: 'input' | 'output'): JsonSchema | undefined {
    if (schema instanceof z.ZodUndefined) return undefined;
    // As a field, a named schema becomes a reference like any other.
    const converted = z.toJSONSchema(z.object({ schema }), {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        const target: JsonSchema = jsonSchema;
        if (zodSchema instanceof z.ZodBigInt) Object.assign(target, { type: 'integer', format: 'int64' });
        if (!(zodSchema instanceof z.ZodObject)) return;
        // A later version may add fields: clients must not refuse them.
        delete target.additionalProperties;
        delete target.required;
        Object.assign(target, requiredOf(zodSchema));
      },
    });
    for (const [name, definition] of Object.entries(converted.$defs ?? {}))
      this.#add(name, tidy(definition) as JsonSchema);
    return tidy(converted.properties?.schema) as JsonSchema;
  }

  #add(name: string, schema: JsonSchema): void {
    const known = this.components.get(name);
    if (known && !isDeepStrictEqual(known, schema)) throw new Error(`two different schemas are named ${name}`);
    this.components.set(name, schema);
  }
}
