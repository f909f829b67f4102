// Where a browser may be sent after it signed in: nowhere but to this site.

/**
 * Path and query of a redirect target that came from outside; whatever else it names (scheme, host, user, fragment) is
 * dropped, and what is no address is "/". Golden: oidc-flow.
 */
export function localPath(target: string): string {
  const url = URL.parse(target, 'http://site.invalid/');
  if (!url?.pathname.startsWith('/')) return '/';
  // "//host/" would be another site again.
  return url.pathname.replace(/^\/+/, '/') + url.search;
}
