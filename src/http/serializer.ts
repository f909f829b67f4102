// Answers as text: JSON as this API has always written it, checked against its schema in tests.
import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

const UNSAFE = /[<>&\u2028\u2029]/g;
const ESCAPES: Record<string, string> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** JSON with `<`, `>`, `&` and two line separators escaped, and a newline at the end. */
function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  return `${text.replace(UNSAFE, (char) => ESCAPES[char] ?? char)}\n`;
}

/** A value as its JSON says it. */
const bare = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Makes an app answer with `toJson`. */
export function useJson(app: FastifyInstance): void {
  app.setSerializerCompiler(() => toJson);
  app.setReplySerializer(toJson);
}

/**
 * Makes an answer that does not fit its documented schema an error, before it is written as ever. For tests: production
 * does not pay for that.
 */
export function useStrictAnswers(app: FastifyInstance): void {
  app.addHook('preSerialization', async (request, reply, payload) => {
    const documented = (request.routeOptions.schema?.response ?? {}) as Record<string, unknown>;
    const schema = documented[reply.statusCode] ?? documented[`${Math.floor(reply.statusCode / 100)}xx`];
    // What a schema does not know it leaves out of its result, at any depth.
    if (schema instanceof z.ZodType && !isDeepStrictEqual(bare(schema.parse(payload)), bare(payload)))
      throw new Error('an answer has fields that are not documented');
    return payload;
  });
}
