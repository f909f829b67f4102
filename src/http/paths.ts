// Paths as the router sees them: percent-decoded before matching (%2F included), runs of slashes as one.

/**
 * The URL to route for a raw request URL; the query stays as sent. A malformed escape is left alone: the router
 * refuses it with 400 (golden: session-http).
 */
export function routingUrl(raw: string): string {
  if (!raw.includes('%') && !raw.includes('//')) return raw;
  const question = raw.indexOf('?');
  const path = question < 0 ? raw : raw.slice(0, question);
  const query = question < 0 ? '' : raw.slice(question);
  const decoded = decodedPath(path);
  if (decoded === undefined) return raw;
  return (
    decoded
      .replace(/\/{2,}/g, '/')
      .split('/')
      .map((segment) => encodeURIComponent(segment))
      .join('/') + query
  );
}

/** The percent-decoded path of a URL without its query; undefined for a malformed escape. */
export function decodedPath(url: string): string | undefined {
  const question = url.indexOf('?');
  const path = question < 0 ? url : url.slice(0, question);
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
