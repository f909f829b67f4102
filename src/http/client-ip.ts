// The client's address behind trusted proxies, and the text under which an address is counted.

import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';

export interface ProxyConfig {
  /** Lower case; the first that holds an address counts. */
  readonly trustedHeaders: readonly string[];
  /** Networks in CIDR form. */
  readonly trustedOrigins: readonly string[];
}

const UNKNOWN = '0.0.0.0';

const networksOf = new WeakMap<ProxyConfig, BlockList>();

/** The networks are compiled once per configuration, since every request asks. */
function trustedNetworks(proxy: ProxyConfig): BlockList {
  const known = networksOf.get(proxy);
  if (known !== undefined) return known;
  const networks = new BlockList();
  for (const network of proxy.trustedOrigins) {
    const [address = '', bits] = network.split('/');
    networks.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  networksOf.set(proxy, networks);
  return networks;
}

/** One spelling per address: no zone, shortest IPv6 form, IPv4 for mapped addresses; undefined for anything else. */
function normalise(text: string): string | undefined {
  const version = isIP(text);
  if (version !== 6) return version === 4 ? text : undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  return mapped?.[1] ?? address;
}

/** An address as proxies write it: alone, `1.2.3.4:5678`, `[::1]` or `[::1]:5678`. */
function parseHop(text: string): string | undefined {
  const hop = text.trim();
  const [, bracketed, v4] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(hop) ?? [];
  return normalise(bracketed ?? v4 ?? hop);
}

/** The last address in a header that is no trusted proxy's; undefined when the header holds no address at its end. */
function lastUntrusted(value: string, isTrusted: (address: string) => boolean): string | undefined {
  let client: string | undefined;
  for (const hop of value.split(',').reverse()) {
    const address = parseHop(hop);
    // Whatever stands left of something unreadable was not added by the trusted chain.
    if (address === undefined) break;
    client = address;
    if (!isTrusted(address)) break;
  }
  return client;
}

/** Whether a connection comes from a network whose proxies are trusted. */
export function isTrustedProxy(remoteAddress: string | undefined, proxy: ProxyConfig): boolean {
  if (proxy.trustedOrigins.length === 0) return false;
  const peer = normalise(remoteAddress ?? '');
  return peer !== undefined && trustedNetworks(proxy).check(peer, isIPv4(peer) ? 'ipv4' : 'ipv6');
}

/**
 * The client's address: that of the connection, unless it comes from a trusted network; then the last address in the
 * trusted headers that the trusted chain added. A list that a client sends along on the left never counts.
 * Returns one spelling per address, `0.0.0.0` when there is none.
 */
export function clientIp(
  remoteAddress: string | undefined,
  headers: Readonly<IncomingHttpHeaders>,
  proxy: ProxyConfig,
): string {
  const peer = normalise(remoteAddress ?? '') ?? UNKNOWN;
  if (proxy.trustedHeaders.length === 0 || proxy.trustedOrigins.length === 0) return peer;
  const networks = trustedNetworks(proxy);
  const isTrusted = (address: string): boolean => networks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  if (!isTrusted(peer)) return peer;
  for (const name of proxy.trustedHeaders) {
    const value = headers[name];
    if (value === undefined) continue;
    const client = lastUntrusted(Array.isArray(value) ? value.join(',') : value, isTrusted);
    if (client !== undefined) return client;
  }
  return peer;
}

/**
 * The network that requests of an address are counted for: IPv4 alone, IPv6 by /64, because one customer usually has
 * a whole /64 at hand. Takes an address as `clientIp` returns it.
 */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip;
  const [head = '', tail] = ip.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  // A dotted quad at the end stands for two groups.
  const length = (groups: string[]) => groups.length + (groups.at(-1)?.includes('.') ? 1 : 0);
  const zeros = tail === undefined ? 0 : 8 - length(left) - length(right);
  return `${[...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':')}::/64`;
}
