// Sending pages: HTML with the headers that keep a browser from doing anything a page of ours would not.
import type { FastifyReply } from 'fastify';
import type { Config } from '../config.ts';
import { withBasePath } from './base-path.ts';

interface PageOptions {
  status?: number;
  /** The page's script calls the API of this server. */
  connects?: boolean;
  /** An origin besides ours from which the page shows a picture. */
  imageOrigin?: string | undefined;
}

function contentSecurityPolicy({ connects = false, imageOrigin }: PageOptions): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    `img-src 'self' data:${imageOrigin === undefined ? '' : ` ${imageOrigin}`}`,
    ...(connects ? ["connect-src 'self'"] : []),
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** Answers with a page; `page` is a whole document, as layout() makes it. */
export function sendHtml(
  reply: FastifyReply,
  config: Config,
  page: { toString(): string },
  options: PageOptions = {},
): FastifyReply {
  return (
    reply
      .code(options.status ?? 200)
      .header('content-security-policy', contentSecurityPolicy(options))
      // Not `no-referrer`: with it, browsers send the forms of these pages with the origin "null".
      .header('referrer-policy', 'same-origin')
      .header('x-frame-options', 'DENY')
      .header('cross-origin-opener-policy', 'same-origin')
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(withBasePath(String(page), config.basePath))
  );
}
