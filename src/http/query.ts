// Parameters of a request's query: as the parser gives them, and which of several counts.
import type { FastifyRequest } from 'fastify';

/** A query as it was sent: a repeated parameter is a list. */
export type Query = Record<string, string | string[] | undefined>;

/** What a parameter or header says: of several the first counts. Golden: keys-list/own-expired-yes */
export const firstOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** A parameter of the request's query; "" when it is missing. */
export const parameter = (request: FastifyRequest, name: string): string =>
  firstOf((request.query as Query)[name]) ?? '';
