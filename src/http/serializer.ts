// Answers as text: JSON as this API has always written it, checked against its schema in tests.
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

/** Makes an app answer with `toJson`; with `strict`, an answer that does not fit its documented schema is an error. */
export function useJson(app: FastifyInstance, strict: boolean): void {
  app.setSerializerCompiler(({ schema }) => {
    if (!strict || !(schema instanceof z.ZodType)) return toJson;
    const exact = schema instanceof z.ZodObject ? schema.strict() : schema;
    return (value) => {
      exact.parse(value);
      return toJson(value);
    };
  });
  if (!strict) app.setReplySerializer(toJson);
}
