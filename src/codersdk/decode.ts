// Reads a request body into the type of its schema: JSON as the reference reads it, then sizes, then the rules of the fields.
import { z } from 'zod';
import { type Json, JsonObject, JsonSyntaxError, parseFirstJson, plainJson } from '../golang/json.ts';
import { cutTo, fitsInto, isCleanText } from '../golang/text.ts';
import type { WireMeta } from './wire.ts';

/** One field that broke its rule. */
export interface TagProblem {
  field: string;
  tag: string;
  value: string;
}

export type Decoded<T> = { value: T } | { syntax: string } | { problems: TagProblem[] };

/** How much is shown of a value that is too large. */
const SHOWN_BYTES = 64;

/**
 * Reads a body as the reference does: first JSON value, field names in any letter case, last repetition wins, null as
 * absent; then the rules of all fields, one entry for each bad one in the order of the schema. A text, list or map beyond
 * its bound breaks the rule `max` and is looked at no further. Text that cannot be stored breaks the rule `text`, unless
 * the schema says `.meta({ textRules: 'own' })`: its operation then has words of its own.
 * @returns the typed value, or what is wrong: `syntax` (not JSON or a wrong type) or `problems` (broken rules).
 */
export function decodeBody<T extends z.ZodType>(schema: T, text: string): Decoded<z.output<T>> {
  const problems: TagProblem[] = [];
  let input: unknown;
  try {
    const json = parseFirstJson(text);
    input = json === null ? emptyOf(schema) : new Shaper(problems).shape(schema, json, '');
  } catch (err) {
    if (err instanceof JsonSyntaxError || err instanceof WrongType) return { syntax: err.message };
    throw err;
  }
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success && problems.length === 0) {
    const dirty = schema.meta()?.textRules === 'own' ? undefined : uncleanField(result.data);
    return dirty === undefined ? { value: result.data } : { problems: [{ field: dirty, tag: 'text', value: '' }] };
  }
  for (const issue of result.error?.issues ?? []) {
    const params = issue.code === 'custom' ? (issue.params as { tag?: string } | undefined) : undefined;
    const field = issue.path.filter((part) => typeof part === 'string').join('.');
    if (params?.tag === undefined) return { syntax: `field ${field || '(body)'}: ${issue.message}` };
    // Of the rules that one field breaks, the first is told.
    if (!problems.some((problem) => problem.field === field))
      problems.push({ field, tag: params.tag, value: String(issue.input ?? '') });
  }
  const target = unwrap(schema);
  const order = target instanceof z.ZodObject ? Object.keys(target.shape) : [];
  const place = ({ field }: TagProblem) => order.indexOf(field.split('.', 1)[0] ?? '');
  return { problems: problems.sort((a, b) => place(a) - place(b)) };
}

/** A value is of another type than its field. */
class WrongType extends Error {
  constructor(field: string, expected: string, json: Json) {
    super(`field ${field || '(body)'}: expected ${expected}, received ${typeName(json)}`);
  }
}

function typeName(json: Json): string {
  if (json === null) return 'null';
  if (Array.isArray(json)) return 'array';
  return typeof json === 'bigint' ? 'number' : typeof json;
}

const unwrap = (schema: z.ZodType): z.ZodType => {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
};

/** Whether null is a value of its own for this field (elsewhere null reads as absent). */
const takesNull = (schema: z.ZodType): boolean =>
  schema instanceof z.ZodNullable ||
  ((schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) && takesNull(schema.unwrap() as z.ZodType));

const emptyOf = (schema: z.ZodType): unknown => (unwrap(schema) instanceof z.ZodObject ? {} : undefined);

const fieldsOf = new WeakMap<z.ZodObject, Map<string, string>>();

/** The fields of an object by their names in lower case. */
function fieldNames(target: z.ZodObject): Map<string, string> {
  const known = fieldsOf.get(target);
  if (known) return known;
  const names = new Map(Object.keys(target.shape).map((name) => [name.toLowerCase(), name]));
  fieldsOf.set(target, names);
  return names;
}

/** Brings JSON values into the form that their schema expects: field names as declared, null fields left out. */
class Shaper {
  readonly #problems: TagProblem[];

  constructor(problems: TagProblem[]) {
    this.#problems = problems;
  }

  /**
   * The value for a schema; an empty one of its type in place of one that is too large, which is noted.
   * @throws WrongType
   */
  shape(schema: z.ZodType, json: Json, field: string): unknown {
    const target = unwrap(schema);
    if (target instanceof z.ZodString) return this.#string(target, json, field);
    if (target instanceof z.ZodObject) return this.#object(target, json, field);
    if (target instanceof z.ZodArray) return this.#array(target, json, field);
    if (target instanceof z.ZodRecord) return this.#map(target, json, field);
    if (target instanceof z.ZodBoolean && typeof json !== 'boolean') throw new WrongType(field, 'boolean', json);
    if (target instanceof z.ZodBigInt && typeof json !== 'bigint') throw new WrongType(field, 'integer', json);
    return target instanceof z.ZodUnknown ? plainJson(json) : json;
  }

  #string(target: z.ZodType, json: Json, field: string): string {
    if (typeof json !== 'string') throw new WrongType(field, 'string', json);
    const { maxLength = 0, ownSize } = boundsOf(target);
    if (ownSize || fitsInto(json, maxLength)) return json;
    return this.#tooLarge(field, `${cutTo(json, SHOWN_BYTES)}…`, '');
  }

  #object(target: z.ZodObject, json: Json, field: string): Record<string, unknown> {
    if (!(json instanceof JsonObject)) throw new WrongType(field, 'object', json);
    const result: Record<string, unknown> = {};
    const names = fieldNames(target);
    for (const [written, value] of json.fields) {
      const name = names.get(written.toLowerCase());
      if (name === undefined) continue;
      const inner = target.shape[name] as z.ZodType;
      if (value !== null || takesNull(inner))
        result[name] = value === null ? null : this.shape(inner, value, field === '' ? name : `${field}.${name}`);
    }
    return result;
  }

  #array(target: z.ZodArray, json: Json, field: string): unknown[] {
    if (!Array.isArray(json)) throw new WrongType(field, 'array', json);
    const { maxItems = 0, ownSize } = boundsOf(target);
    if (json.length > maxItems && !ownSize) return this.#tooLarge(field, `${json.length} items`, []);
    const item = target.element as z.ZodType;
    return json.map((value) => (value === null ? emptyOf(item) : this.shape(item, value, field)));
  }

  #map(target: z.ZodRecord, json: Json, field: string): Record<string, unknown> {
    if (!(json instanceof JsonObject)) throw new WrongType(field, 'object', json);
    const { maxProperties = 0 } = boundsOf(target);
    const { maxLength = 0 } = boundsOf(target.keyType as z.ZodType);
    if (json.fields.length > maxProperties) return this.#tooLarge(field, `${json.fields.length} entries`, {});
    const item = target.valueType as z.ZodType;
    const result: Record<string, unknown> = {};
    for (const [name, json_] of json.fields) {
      if (!fitsInto(name, maxLength)) return this.#tooLarge(field, `${cutTo(name, SHOWN_BYTES)}…`, {});
      const value = json_ === null ? undefined : this.shape(item, json_, `${field}.${name}`);
      // A plain assignment would not make a field of the name __proto__.
      Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return result;
  }

  #tooLarge<T>(field: string, value: string, instead: T): T {
    if (!this.#problems.some((problem) => problem.field === field)) this.#problems.push({ field, tag: 'max', value });
    return instead;
  }
}

const boundsOf = (schema: z.ZodType) => (schema.meta() ?? {}) as WireMeta;

/** The name of a field that holds text which cannot be stored; undefined when all are fine. */
function uncleanField(value: unknown, field = ''): string | undefined {
  if (typeof value === 'string') return isCleanText(value) ? undefined : field;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = isCleanText(key) ? uncleanField(inner, field || (Array.isArray(value) ? field : key)) : field;
    if (found !== undefined) return found;
  }
  return undefined;
}
