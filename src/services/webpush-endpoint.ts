// The addresses that a push subscription may name: https on a public host. Golden: rbac-notifications
import { BlockList, isIP } from 'node:net';

const blocked = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 32],
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 4],
] as const) {
  blocked.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  blocked.addSubnet(net, prefix, 'ipv6');
}

const MALFORMED = 'endpoint is not a valid URL';

/**
 * What is wrong with a push endpoint, in the order in which it is told; undefined when nothing is.
 * Taken apart by hand: a browser's URL reads `https:///1` as a host named 1.
 */
export function endpointProblem(endpoint: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
  if (/[\u0000-\u001f\u007f]/.test(endpoint) || endpoint.startsWith(':')) return MALFORMED;
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(endpoint) ?? [];
  if (scheme === undefined) return 'endpoint must be an absolute URL';
  const authority = /^\/\/([^/?#]*)/.exec(rest)?.[1] ?? '';
  const at = authority.lastIndexOf('@');
  const [, host = '', port] = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(authority.slice(at + 1)) ?? [];
  const hasHost = authority.slice(at + 1) !== '';
  if (hasHost && host === '' && port === undefined) return MALFORMED;
  if (/[\s"<>\\^`{|}]/.test(host)) return MALFORMED;
  if (scheme.toLowerCase() !== 'https') return 'endpoint URL scheme must be https';
  if (!hasHost) return 'endpoint host is required';
  if (at >= 0) return 'endpoint URL must not include userinfo';
  const hostname = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (hostname === '') return 'endpoint hostname is required';
  if (/^(.*\.)?localhost\.?$/.test(hostname)) return 'endpoint hostname must not be localhost';
  const family = isIP(hostname);
  if (family !== 0 && blocked.check(hostname.replace(/%.*$/, ''), family === 4 ? 'ipv4' : 'ipv6')) {
    return 'endpoint IP must not be private, loopback, link-local, multicast, or unspecified';
  }
  return undefined;
}
