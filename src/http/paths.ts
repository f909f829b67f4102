// The one path of a request (docs/differences.md 21): what it is routed by is what everything else is judged by.
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { withoutBasePath } from './base-path.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The canonical path: percent-decoded once, runs of slashes as one; "" for a request line that names no path. */
    readonly path: string;
  }
}

/** What a request line asks for. */
interface RequestTarget {
  /** "" when there is none: a malformed escape, or text that does not begin with a slash. */
  path: string;
  /** The same path for the router, escaped anew, with the query as it was sent. */
  url: string;
}

/** Paths that stand for themselves, with or without escapes. */
const PLAIN = /^(?:\/[\w.~:@!$'()*+,=-]+)*\/?$/;
/** `http://host` before the path: requests in absolute form (RFC 9112 3.2.2). */
const AUTHORITY = /^https?:\/\/[^/?#]*/i;
const MALFORMED_ESCAPE = /%(?![0-9a-f]{2})/i;
const ESCAPE = /%([0-9a-f]{2})/gi;
/** No operation is served there, so the answer is that of an unknown path, after all that happens to any request. */
const NOWHERE = '/%00';

/** Percent-decodes once. Bytes that are no UTF-8 become U+FFFD, as in any text; undefined for a malformed escape. */
function decoded(text: string): string | undefined {
  if (MALFORMED_ESCAPE.test(text)) return undefined;
  // Node hands a request line on byte by byte.
  const bytes = text.replace(ESCAPE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

/**
 * Reads the target of a request line. Scheme and host are dropped, a fragment too; the path is percent-decoded once
 * (`%2F` is a slash then) and runs of slashes count as one. Dot segments, `;` and `\` have no meaning.
 * Golden: session-http, users-get
 */
export function requestTarget(line: string): RequestTarget {
  const local = line.replace(AUTHORITY, '');
  // `http://host` alone names the root.
  const [rest = ''] = (local === line || local.startsWith('/') ? local : `/${local}`).split('#', 1);
  const question = rest.indexOf('?');
  const sent = question < 0 ? rest : rest.slice(0, question);
  const query = question < 0 ? '' : rest.slice(question);
  if (sent !== '' && PLAIN.test(sent)) return { path: sent, url: sent + query };
  const path = decoded(sent)?.replace(/\/{2,}/g, '/');
  if (!path?.startsWith('/')) return { path: '', url: NOWHERE };
  return { path, url: path.split('/').map(encodeURIComponent).join('/') + query };
}

const paths = new WeakMap<IncomingMessage, string>();

/** The option `rewriteUrl` of an app: remembers the path of a request and gives the URL to route it by. */
export const routingUrl = (basePath: string) => (request: IncomingMessage) => {
  const { path, url } = requestTarget(request.url ?? '');
  const local = { path: withoutBasePath(path, basePath), url: withoutBasePath(url, basePath) };
  // Never one without the other: what is routed is what is judged.
  const isBelow = local.path !== path && local.url !== url;
  paths.set(request, isBelow ? local.path : path);
  return isBelow ? local.url : url;
};

/** Gives every request its `path`. */
export function usePath(app: FastifyInstance): void {
  app.decorateRequest('path', {
    getter() {
      return paths.get(this.raw) ?? '';
    },
  });
}

/** Whether a canonical path is the API's. */
export const isApi = (path: string): boolean => path === '/api' || path.startsWith('/api/');
