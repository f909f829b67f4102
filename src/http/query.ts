// Parameters of a request's query: as the parser gives them, which of several counts, and their form for services.
import type { FastifyRequest } from 'fastify';
import { parseBoolean } from '../golang/booleans.ts';
import type { QueryTerms } from '../golang/search.ts';

/** A query as it was sent: a repeated parameter is a list. */
type Query = Record<string, string | string[] | undefined>;

/** What a parameter or header says: of several the first counts. Golden: keys-list/own-expired-yes */
export const firstOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** A parameter of the request's query; "" when it is missing. */
export const parameter = (request: FastifyRequest, name: string): string =>
  firstOf((request.query as Query)[name]) ?? '';

/** Whether a parameter is a written true; everything else is false. */
export const flag = (request: FastifyRequest, name: string): boolean => parseBoolean(parameter(request, name)) === true;

/** All parameters with all their values, in the form that services read. */
export const queryTerms = (request: FastifyRequest): QueryTerms =>
  new Map(
    Object.entries(request.query as Query).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, [value].flat()]],
    ),
  );
