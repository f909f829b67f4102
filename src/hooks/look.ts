// The look that an operator gave the pages: read before a page is made, remembered for pages that must not wait for it.
import type { FastifyInstance } from 'fastify';
import { type DressedLook, lookOf, PLAIN } from '../pages/look.ts';
import { readAppearance } from '../services/appearance.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** As it was when it was last read. */
    look: { current: DressedLook };
  }
}

/** Makes an app remember the look of its pages. */
export function useLook(app: FastifyInstance): void {
  app.decorate('look', { current: PLAIN });
}

/** Reads the look before every page of a scope. A database that cannot be read leaves it as it was: pages still tell why. */
export function refreshLook(scope: FastifyInstance): void {
  scope.addHook('onRequest', async (request) => {
    try {
      scope.look.current = lookOf(await readAppearance(scope.deps));
    } catch (err) {
      request.log.warn({ err }, 'the look of pages could not be read');
    }
  });
}
