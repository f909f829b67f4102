// What the routes of forms share: reading fields by the API's own rules, and showing a refused form again.
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { ApiError } from '../errors.ts';
import { ownForm } from '../hooks/own-form.ts';
import { readBody } from '../http/validation.ts';
import { refusedForm } from '../pages/faults.ts';
import type { FormState } from '../pages/forms.ts';

type Form = ReadonlyMap<string, string>;

/** Forms are small. */
const FORM_LIMIT = 64 * 1024;

/**
 * The options of every route that a form posts to.
 * @param limit `password` for a form that checks one
 * @param countedAs the operation of the API that does the same, to be counted together
 */
export const formRoute = (app: FastifyInstance, limit: 'login' | 'password' = 'login', countedAs?: string) => ({
  onRequest: app.limits[limit],
  preHandler: ownForm,
  config: { ownForm: true, ...(countedAs !== undefined && { countedAs }) },
  bodyLimit: FORM_LIMIT,
  schema: { hide: true },
});

/** The fields of a form as the API would take them as JSON. @throws ApiError 400 `Validation failed.` */
export function readFields<T extends z.ZodType>(schema: T, fields: Record<string, string | undefined>): z.output<T> {
  return readBody(schema, JSON.stringify(fields));
}

/** A form that was refused, to be shown again. */
export interface RefusedForm {
  status: number;
  state: FormState;
}

/**
 * Runs the work of a form.
 * @param fields the form's fields; what was typed comes back, except passwords
 * @returns what the work gave, or the form to show again when it was refused
 * @throws whatever is not the sender's fault
 */
export async function submit<T>(
  form: Form,
  fields: readonly string[],
  work: () => Promise<T>,
): Promise<{ done: T } | { refused: RefusedForm }> {
  try {
    return { done: await work() };
  } catch (err) {
    if (!(err instanceof ApiError) || err.status >= 500) throw err;
    const values = Object.fromEntries(
      fields.filter((name) => name !== 'password').map((name) => [name, form.get(name) ?? '']),
    );
    return { refused: { status: err.status, state: refusedForm(err, fields, values) } };
  }
}
