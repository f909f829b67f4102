// Where a browser may be sent after a login: a path of this site, whatever was asked for.

import { withoutBasePath } from './base-path.ts';

// Text that is no address at all: control characters, malformed escapes in the part before the query.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f]/;
const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
/** `//user@host:port`, the host a name, an address or an address in brackets. */
const AUTHORITY = /^\/\/(?:[^/@]*@)?(?:\[[0-9a-f:.%]+\]|[^/:[\]@\s<>"^`{|}\\]*)(?::\d*)?(?=\/|$)/i;
/** Characters that stand for themselves in a path; if any other is there, the whole path is escaped anew. */
const PLAIN_PATH = /^(?:[\w\-.~!$&'()*+,;=:@/[\]]|%[0-9a-f]{2})*$/i;

function escapedPath(path: string): string {
  if (PLAIN_PATH.test(path)) return path;
  return encodeURIComponent(decodeURIComponent(path)).replace(/%(?:24|26|2B|2C|2F|3A|3B|3D|40)/g, decodeURIComponent);
}

/**
 * The path and query of an address; its scheme, host, user and fragment are dropped. `/` for what is no address or has
 * no path. A relative path stays relative. Golden: sso/oidc-flow
 */
export function pathAndQuery(address: string): string {
  const [withoutFragment = ''] = address.split('#', 1);
  if (CONTROL.test(withoutFragment)) return '/';
  const question = withoutFragment.indexOf('?');
  const query = question < 0 ? '' : withoutFragment.slice(question);
  let rest = question < 0 ? withoutFragment : withoutFragment.slice(0, question);
  if (BAD_ESCAPE.test(rest)) return '/';
  const scheme = SCHEME.exec(rest)?.[0] ?? '';
  rest = rest.slice(scheme.length);
  if (scheme !== '' && !rest.startsWith('/')) return rest + query || '/';
  if (rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'))) {
    const authority = AUTHORITY.exec(rest)?.[0];
    if (authority === undefined) return '/';
    rest = rest.slice(authority.length);
  } else if (scheme === '' && /^[^/]*:/.test(rest)) return '/';
  try {
    return (escapedPath(rest) || '/') + query;
  } catch {
    return '/';
  }
}

/**
 * The target of a redirect on this site: `address` reduced to path and query, taken relative to the path of the request,
 * without `.`, `..` and repeated slashes, and without the base path, which the answer adds. It begins with exactly one slash, so no browser reads a host into it.
 */
export function localTarget(address: string, requestPath: string, basePath: string): string {
  const target = pathAndQuery(address);
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const query = question < 0 ? '' : target.slice(question);
  const absolute = path.startsWith('/') ? path : requestPath.slice(0, requestPath.lastIndexOf('/') + 1) + path;
  const segments: string[] = [];
  for (const segment of absolute.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const slash = segments.length > 0 && absolute.endsWith('/') ? '/' : '';
  // What a header cannot hold is escaped; the rest of the query goes out as it came in.
  const local = `/${segments.join('/')}${slash}${query.replace(/[^!-~]+/g, encodeURIComponent)}`;
  return withoutBasePath(local, basePath);
}
