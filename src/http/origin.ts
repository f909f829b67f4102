// What a browser says about the page that sent a request.
import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a browser says that a page of another site sent this: by `Sec-Fetch-Site`, or by an `Origin` that is not the
 * access URL's. Whoever sends neither header is no browser of today.
 * @param byToken whether the request proves by a token besides that a page of ours sent it; then the page may have been
 * opened under the name or address that the request itself goes to
 */
export function isFromElsewhere(headers: IncomingHttpHeaders, accessUrl: string, { byToken = false } = {}): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  if (origin === undefined) return false;
  const sender = URL.parse(origin);
  if (!sender || sender.origin === 'null') return true;
  if (sender.origin === URL.parse(accessUrl)?.origin) return false;
  const isHere = URL.parse(`${sender.protocol}//${host}`)?.host === sender.host;
  return !(isHere && (byToken || site === 'same-origin'));
}
