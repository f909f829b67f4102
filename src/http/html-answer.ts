// Sending pages: HTML with the headers that keep a browser from doing anything a page of ours would not.
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Config } from '../config.ts';
import { withBasePath } from './base-path.ts';

type Text = { toString(): string };
/** A whole document; a page of layout() can be had in the look of the server. */
type Document = Text & { in?(look: FastifyInstance['look']['current']['look']): Text };

interface PageOptions {
  status?: number;
  /** The page's script calls the API of this server. */
  connects?: boolean;
  /** An origin besides ours from which the page shows a picture. */
  imageOrigin?: string | undefined;
}

function contentSecurityPolicy(connects: boolean, imageOrigins: readonly string[]): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    ['img-src', "'self'", 'data:', ...imageOrigins].join(' '),
    ...(connects ? ["connect-src 'self'"] : []),
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** Answers with a page in the look of this server; `page` is a whole document, as layout() makes it. */
export function sendHtml(reply: FastifyReply, config: Config, page: Document, options: PageOptions = {}): FastifyReply {
  const { look, imageOrigin } = reply.request.server.look.current;
  const origins = new Set([options.imageOrigin, imageOrigin].filter((origin) => origin !== undefined));
  return (
    reply
      .code(options.status ?? 200)
      .header('content-security-policy', contentSecurityPolicy(options.connects ?? false, [...origins]))
      // Not `no-referrer`: with it, browsers send the forms of these pages with the origin "null".
      .header('referrer-policy', 'same-origin')
      .header('x-frame-options', 'DENY')
      .header('cross-origin-opener-policy', 'same-origin')
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(withBasePath(String(page.in?.(look) ?? page), config.basePath))
  );
}
