// How an operation that only this server has is told apart in the schema of its route and in the contract document.
import type {} from 'fastify';

declare module 'fastify' {
  interface FastifySchema {
    /** True for operations that the reference does not have. */
    'x-coder-users-extension'?: true;
  }
}

/** Spread into the schema of an operation that the reference does not have. */
export const EXTENSION = { 'x-coder-users-extension': true } as const;
