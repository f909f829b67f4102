// The path of the access URL: clients see everything below it, the routes know nothing of it.
import type { FastifyInstance } from 'fastify';

/** A path of this server as clients must write it; what is no path of this site stays as it is. */
const below = (basePath: string, path: string) => (/^\/(?!\/)/.test(path) ? basePath + path : path);

/** Where the markup of a page names paths of this server; text that is put into a page has no such quotes. */
const LINK = / (href|src|action)="(\/(?!\/)[^"]*)"/g;

/** A page whose links lead to where clients reach this server. */
export const withBasePath = (page: string, basePath: string): string =>
  basePath === '' ? page : page.replace(LINK, (_, name: string, path: string) => ` ${name}="${basePath}${path}"`);

/**
 * The path of a request line without the base path, for proxies that do not take it off; one that is not below it is
 * left alone, since most proxies do.
 */
export function withoutBasePath(path: string, basePath: string): string {
  if (basePath === '' || !path.startsWith(basePath)) return path;
  const rest = path.slice(basePath.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : path;
}

/** Makes redirects of an app lead below the base path. */
export function useBasePath(app: FastifyInstance, basePath: string): void {
  if (basePath === '') return;
  app.addHook('onSend', async (_request, reply, payload) => {
    const location = reply.getHeader('location');
    if (typeof location === 'string') reply.header('location', below(basePath, location));
    return payload;
  });
}
