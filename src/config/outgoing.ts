// Settings of connections to others, under the names that every program has for them: authorities and proxies.
import { isIP } from 'node:net';
import { ConfigError, type Reader } from './values.ts';

export interface OutgoingConfig {
  /** A file with authorities to trust besides; empty for none. */
  readonly certFile: string;
  readonly certFolders: readonly string[];
  /** The proxy for http addresses; empty for none. */
  readonly httpProxy: string;
  /** The proxy for https addresses and for mail; empty for none. */
  readonly httpsProxy: string;
  /** Hosts that are reached without. */
  readonly noProxy: readonly string[];
}

/** Never asked of a proxy, as with most programs. */
const OWN = ['localhost', '127.0.0.1', '::1', '[::1]'];

function readProxy(reader: Reader, name: string): string {
  const value = reader.anyCase(name);
  if (value === undefined) return '';
  const address = value.includes('://') ? value : `http://${value}`;
  const known = URL.parse(address);
  // The value may hold a password and is not shown.
  if (!known || !/^https?:$/.test(known.protocol) || known.hostname === '')
    throw new ConfigError(name, 'is not the address of an http or https proxy');
  return address;
}

/** Reads SSL_CERT_FILE, SSL_CERT_DIR, HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Throws ConfigError. */
export function readOutgoing(reader: Reader): OutgoingConfig {
  return {
    certFile: reader.text('SSL_CERT_FILE', ''),
    certFolders: reader.text('SSL_CERT_DIR', '').split(':').filter(Boolean),
    httpProxy: readProxy(reader, 'HTTP_PROXY'),
    httpsProxy: readProxy(reader, 'HTTPS_PROXY'),
    noProxy: [...(reader.anyCase('NO_PROXY') ?? '').split(/[\s,]+/).filter(Boolean), ...OWN],
  };
}

/** Whether an entry of NO_PROXY means a host: `*`, an address, a name with all below it, each perhaps with a port. */
function means(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (isIP(entry) !== 0) return entry === host;
  const [, name = '', only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  if (only !== undefined && Number(only) !== port) return false;
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}

/** The proxy that makes a tunnel to a host; undefined when it is reached without. */
export function tunnelTo(host: string, port: number, { httpsProxy, noProxy }: OutgoingConfig): string | undefined {
  if (httpsProxy === '') return undefined;
  const name = host.toLowerCase();
  return noProxy.some((entry) => means(entry, name, port)) ? undefined : httpsProxy;
}
