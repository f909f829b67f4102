// Settings of HTTPS: a listener of our own, the redirect to the access URL, and what browsers are told to remember of it.
import { type Address, ConfigError, type Reader } from './values.ts';

const VERSIONS = { tls10: undefined, tls11: undefined, tls12: 'TLSv1.2', tls13: 'TLSv1.3' } as const;
const CLIENT_AUTH = ['none', 'request', 'require-any', 'verify-if-given', 'require-and-verify'] as const;

export interface TlsConfig {
  readonly address: Address;
  /** At least one; the first serves whoever asks for no name or for one that no certificate has. */
  readonly pairs: readonly { readonly certFile: string; readonly keyFile: string }[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly clientAuth: (typeof CLIENT_AUTH)[number];
  /** Authorities of the certificates of clients. */
  readonly clientCaFile?: string;
}

function readMinVersion(reader: Reader): TlsConfig['minVersion'] {
  const variable = 'CODER_TLS_MIN_VERSION';
  const name = reader.oneOf(variable, Object.keys(VERSIONS) as (keyof typeof VERSIONS)[], 'tls12');
  const version = VERSIONS[name];
  if (version === undefined) throw new ConfigError(variable, `${name} is not spoken any more: tls12 or tls13`);
  return version;
}

function readPairs(certFiles: string[], keyFiles: string[]): TlsConfig['pairs'] {
  const [certs, keys] = ['CODER_TLS_CERT_FILE', 'CODER_TLS_KEY_FILE'];
  if (certFiles.length === 0) throw new ConfigError(certs ?? '', 'is needed with CODER_TLS_ENABLE');
  if (certFiles.length !== keyFiles.length) {
    throw new ConfigError(keys ?? '', `names ${keyFiles.length} files, ${certs} ${certFiles.length}: they go in pairs`);
  }
  return certFiles.map((certFile, i) => ({ certFile, keyFile: keyFiles[i] ?? '' }));
}

/** Reads CODER_TLS_*; null while it is off. Values are checked even then, contradictions are not. Throws ConfigError. */
export function readTls(reader: Reader): TlsConfig | null {
  const enabled = reader.boolean('CODER_TLS_ENABLE', false);
  const names = ['ADDRESS', 'CERT_FILE', 'KEY_FILE', 'MIN_VERSION', 'CLIENT_AUTH', 'CLIENT_CA_FILE'];
  const address = reader.address('CODER_TLS_ADDRESS', '127.0.0.1:3443');
  const certFiles = reader.list('CODER_TLS_CERT_FILE', []);
  const keyFiles = reader.list('CODER_TLS_KEY_FILE', []);
  const minVersion = readMinVersion(reader);
  const clientAuth = reader.oneOf('CODER_TLS_CLIENT_AUTH', CLIENT_AUTH, 'none');
  const clientCaFile = reader.raw('CODER_TLS_CLIENT_CA_FILE');
  if (!enabled) {
    for (const name of names) reader.setIdle(`CODER_TLS_${name}`, 'has no effect without CODER_TLS_ENABLE');
    return null;
  }
  const verifies = clientAuth === 'verify-if-given' || clientAuth === 'require-and-verify';
  if (verifies && clientCaFile === undefined) {
    throw new ConfigError('CODER_TLS_CLIENT_CA_FILE', `is needed with CODER_TLS_CLIENT_AUTH=${clientAuth}`);
  }
  if (!verifies) reader.setIdle('CODER_TLS_CLIENT_CA_FILE', `has no effect with CODER_TLS_CLIENT_AUTH=${clientAuth}`);
  return {
    address,
    pairs: readPairs(certFiles, keyFiles),
    minVersion,
    clientAuth,
    ...(verifies && clientCaFile !== undefined && { clientCaFile }),
  };
}

/** Whether requests for another host than the access URL's are sent there. The older name speaks of TLS alone. */
export function readRedirect(reader: Reader): boolean {
  const name = reader.eitherName('CODER_REDIRECT_TO_ACCESS_URL', 'CODER_TLS_REDIRECT_HTTP_TO_HTTPS');
  return reader.boolean(name, false);
}

const YEAR = 31_536_000;
const HSTS_OPTIONS = ['includeSubDomains', 'preload'];

/** The header Strict-Transport-Security of secure answers; "" for none. */
export function readHsts(reader: Reader, accessUrl: string): string {
  const [variable, optionsVariable] = ['CODER_STRICT_TRANSPORT_SECURITY', 'CODER_STRICT_TRANSPORT_SECURITY_OPTIONS'];
  const seconds = reader.integer(variable, /^https:/i.test(accessUrl) ? YEAR : 0);
  if (seconds < 0) throw new ConfigError(variable, `${seconds} is not a number of seconds`);
  const options = reader.list(optionsVariable, []).map((option) => {
    const known = HSTS_OPTIONS.find((name) => name.toLowerCase() === option.toLowerCase());
    if (known === undefined)
      throw new ConfigError(optionsVariable, `${JSON.stringify(option)} is not one of ${HSTS_OPTIONS.join(', ')}`);
    return known;
  });
  if (seconds === 0) reader.setIdle(optionsVariable, `has no effect without ${variable}`);
  return seconds === 0 ? '' : [`max-age=${seconds}`, ...options].join('; ');
}
