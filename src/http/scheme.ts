// How a request reached this machine: encrypted or not, and under which name, as far as that can be known.
import type { FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { isTrustedProxy } from './client-ip.ts';
import { firstOf } from './query.ts';

/** What a header of a trusted proxy says of the client's request: the last value, which is the one that the proxy added. */
function fromProxy(request: FastifyRequest, config: Pick<Config, 'proxy'>, header: string): string | undefined {
  if (!isTrustedProxy(request.raw.socket.remoteAddress, config.proxy)) return undefined;
  return firstOf(request.headers[header])?.split(',').at(-1)?.trim();
}

/**
 * Whether the client's request was encrypted on its way here. Behind a proxy that is not trusted to say so: whether the
 * access URL is https and no listener of ours is.
 */
export function isSecure(request: FastifyRequest, config: Pick<Config, 'accessUrl' | 'proxy' | 'tls'>): boolean {
  if ('encrypted' in request.raw.socket && request.raw.socket.encrypted === true) return true;
  const told = fromProxy(request, config, 'x-forwarded-proto');
  if (told !== undefined) return told.toLowerCase() === 'https';
  return config.tls === null && /^https:/i.test(config.accessUrl);
}

/** Asked by machines under whatever name they have for this one: of a redirect they would make a failure. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/latency-check']);

/**
 * Where a request should have gone: the same under the access URL, when it names another host or came unencrypted while the
 * access URL is https. Undefined when it is right here.
 */
export function rightAddress(request: FastifyRequest, config: Config): string | undefined {
  if (!config.redirectToAccessUrl || request.path === '' || PROBES.has(request.path)) return undefined;
  const access = new URL(config.accessUrl);
  const host = fromProxy(request, config, 'x-forwarded-host') ?? request.headers.host ?? '';
  const isNamed = URL.parse(`${access.protocol}//${host}`)?.host === access.host;
  if (isNamed && (access.protocol === 'http:' || isSecure(request, config))) return undefined;
  return config.accessUrl + request.url;
}
