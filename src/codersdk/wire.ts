// How request bodies are read: the building blocks of the schemas and the decoder that goes with them.
import { z } from 'zod';
import { type Json, JsonObject, JsonSyntaxError, parseFirstJson } from '../golang/json.ts';
import { parseUuid } from '../golang/uuids.ts';

/** A text field: missing and null read as "". */
export const goString = () => z.string().default('');
/** A true/false field: missing and null read as false. */
export const goBool = () => z.boolean().default(false);
/** A list: missing and null read as []. */
export const goList = <T extends z.ZodType>(item: T) => z.array(item).default([]);
/** A field whose absence means "leave as it is". */
export const optionalString = () => z.string().optional();
export const optionalBool = () => z.boolean().optional();

const INT64 = 1n << 63n;
/** A 64-bit integer written without fraction or exponent; missing and null read as 0. */
export const goInt64 = () =>
  z
    .bigint()
    .refine((v) => v < INT64 && v >= -INT64, { params: { decode: true } })
    .default(0n);

/** A UUID field in a body: a wrong spelling is a decoding error, missing reads as the nil UUID when `nil` is given. */
export const uuidText = () =>
  z
    .string()
    .refine((v) => parseUuid(v) !== undefined, { params: { decode: true } })
    .overwrite((v) => parseUuid(v) ?? v)
    .meta({ format: 'uuid' });

/** A field rule: fails with the tag that the answer names (`Validation failed for tag "…"`). */
export const rule = (tag: string) => ({ params: { tag } });
/** The rule of fields that must not be empty. */
export const required = <T extends z.ZodType<string>>(field: T) =>
  field.refine((v) => v !== '', rule('required')).meta({ required: true });

/** One field that broke its rule. */
export interface TagProblem {
  field: string;
  tag: string;
  value: string;
}

export type Decoded<T> = { value: T } | { syntax: string } | { problems: TagProblem[] };

/** True for text that can be stored and sent back: no U+0000, no half of a surrogate pair. */
export const isCleanText = (text: string) => !text.includes('\u0000') && text.isWellFormed();

/**
 * Reads a body as the reference does: first JSON value, field names in any letter case, last repetition wins, null as
 * absent; then the rules of all fields, one entry for each bad one in the order of the schema. Text that cannot be stored
 * breaks the rule `text`, unless the schema says `.meta({ textRules: 'own' })`: its operation then has words of its own.
 * @returns the typed value, or what is wrong: `syntax` (not JSON or a wrong type) or `problems` (broken rules).
 */
export function decodeBody<T extends z.ZodType>(schema: T, text: string): Decoded<z.output<T>> {
  let json: Json;
  try {
    json = parseFirstJson(text);
  } catch (err) {
    if (err instanceof JsonSyntaxError) return { syntax: err.message };
    throw err;
  }
  const input = json === null ? emptyOf(schema) : shape(schema, json);
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) {
    const dirty = schema.meta()?.textRules === 'own' ? undefined : uncleanField(result.data);
    return dirty === undefined ? { value: result.data } : { problems: [{ field: dirty, tag: 'text', value: '' }] };
  }
  const problems: TagProblem[] = [];
  for (const issue of result.error.issues) {
    const params = issue.code === 'custom' ? (issue.params as { tag?: string } | undefined) : undefined;
    const field = issue.path.join('.');
    if (params?.tag === undefined) return { syntax: `field ${field || '(body)'}: ${issue.message}` };
    // Of the rules that one field breaks, the first is told.
    if (!problems.some((problem) => problem.field === field))
      problems.push({ field, tag: params.tag, value: String(issue.input ?? '') });
  }
  const target = unwrap(schema);
  const order = target instanceof z.ZodObject ? Object.keys(target.shape) : [];
  return { problems: problems.sort((a, b) => order.indexOf(a.field) - order.indexOf(b.field)) };
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

/** The JSON value in the form the schema expects: field names as declared, null fields left out. */
function shape(schema: z.ZodType, json: Json): unknown {
  const target = unwrap(schema);
  if (json instanceof JsonObject) {
    const result: Record<string, unknown> = {};
    if (target instanceof z.ZodObject) {
      const names = new Map(Object.keys(target.shape).map((name) => [name.toLowerCase(), name]));
      for (const [written, value] of json.fields) {
        const name = names.get(written.toLowerCase());
        if (name === undefined) continue;
        const field = target.shape[name] as z.ZodType;
        if (value !== null || takesNull(field)) result[name] = shape(field, value);
      }
      return result;
    }
    const item = target instanceof z.ZodRecord ? (target.valueType as z.ZodType) : z.unknown();
    for (const [name, value] of json.fields) {
      Object.defineProperty(result, name, {
        value: value === null ? undefined : shape(item, value),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return result;
  }
  if (Array.isArray(json)) {
    const item = target instanceof z.ZodArray ? (target.element as z.ZodType) : z.unknown();
    return json.map((value) => (value === null ? emptyOf(item) : shape(item, value)));
  }
  if (typeof json === 'bigint' && !(target instanceof z.ZodBigInt)) return Number(json);
  return json;
}

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
